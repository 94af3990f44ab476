// The same for projects that TypeScript compiles to CommonJS.
export * from "./types/testing.cjs";
