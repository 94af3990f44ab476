// The mock context, for unit tests of workers in Node.js.
export * from "./types/testing.cjs";
