// The same for projects that TypeScript compiles to CommonJS.
export type * from "./types/context.cjs";
export type * from "./types/http.cjs";
export type * from "./types/platform-http.cjs";
export type * from "./types/state.cjs";
export type * from "./types/crypto.cjs";
