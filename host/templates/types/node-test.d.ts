// Of node:test what `host test` has: for tests, not for workers. Written by `host types`, which writes it anew.

declare module "node:test" {
  /** What a test function is given. */
  export interface TestContext {
    /** The name of the test. */
    readonly name: string;
    /** The names of the suites around it, and its own. */
    readonly fullName: string;
    /** Aborted when the test has ended. */
    readonly signal: AbortSignal;
    /** The assertions of node:assert. */
    readonly assert: typeof import("node:assert");
    /** Mocks that are taken back when the test has ended. */
    readonly mock: MockTracker;
    /** Runs a test within this one. Its failure is that of the test around it. */
    test: SubtestFunction;
    before(fn: Hook): void;
    after(fn: Hook): void;
    beforeEach(fn: Hook): void;
    afterEach(fn: Hook): void;
    /** Says that there is nothing to test here; what follows runs all the same. */
    skip(message?: string): void;
    /** Says that the test need not pass yet. */
    todo(message?: string): void;
    /** Shown with the log of a test that fails. */
    diagnostic(message: string): void;
  }

  export interface TestOptions {
    /** Does not run it; the reason, or `true`. */
    skip?: boolean | string;
    /** Does not mind its failure; the reason, or `true`. */
    todo?: boolean | string;
    /** Runs none but those that have it. */
    only?: boolean;
    /** Milliseconds that it may take. The limits of the worker hold in any case. */
    timeout?: number;
    /** Accepted; every test has a sandbox of its own. */
    concurrency?: number | boolean | null;
  }

  export type TestFn = (t: TestContext, done: (error?: unknown) => void) => void | Promise<void>;
  export type SuiteFn = (suite: { readonly name: string }) => void | Promise<void>;
  export type Hook = (t: TestContext) => void | Promise<void>;

  export interface SubtestFunction {
    (name?: string, fn?: TestFn): Promise<void>;
    (name?: string, options?: TestOptions, fn?: TestFn): Promise<void>;
    (options?: TestOptions, fn?: TestFn): Promise<void>;
    (fn?: TestFn): Promise<void>;
  }
  export interface TestFunction extends SubtestFunction {
    readonly skip: SubtestFunction;
    readonly todo: SubtestFunction;
    readonly only: SubtestFunction;
  }
  export interface PlainSuiteFunction {
    (name?: string, fn?: SuiteFn): Promise<void>;
    (name?: string, options?: TestOptions, fn?: SuiteFn): Promise<void>;
    (options?: TestOptions, fn?: SuiteFn): Promise<void>;
    (fn?: SuiteFn): Promise<void>;
  }
  export interface SuiteFunction extends PlainSuiteFunction {
    readonly skip: PlainSuiteFunction;
    readonly todo: PlainSuiteFunction;
    readonly only: PlainSuiteFunction;
  }

  /** Declares a test. It runs in a sandbox of its own, with the hooks around it. */
  export const test: TestFunction;
  export const it: TestFunction;
  /** Declares a suite: what its function declares is in it. */
  export const describe: SuiteFunction;
  export const suite: SuiteFunction;
  export const skip: SubtestFunction;
  export const todo: SubtestFunction;
  export const only: SubtestFunction;
  /** Runs before the tests of the suite: in each sandbox, so before each of them. */
  export function before(fn: Hook): void;
  export function after(fn: Hook): void;
  export function beforeEach(fn: Hook): void;
  export function afterEach(fn: Hook): void;
  export const mock: MockTracker;

  type Fn = (...values: any[]) => any;

  export interface MockCall<F extends Fn> {
    arguments: Parameters<F>;
    error: unknown;
    result: ReturnType<F> | undefined;
    this: unknown;
  }
  export interface MockFunctionContext<F extends Fn> {
    readonly calls: MockCall<F>[];
    callCount(): number;
    resetCalls(): void;
    mockImplementation(implementation: Fn): void;
    mockImplementationOnce(implementation: Fn, onCall?: number): void;
    restore(): void;
  }
  export type Mock<F extends Fn> = F & { readonly mock: MockFunctionContext<F> };
  export interface MockTracker {
    /** A function that remembers its calls. */
    fn<F extends Fn = Fn>(original?: F, implementation?: Fn): Mock<F>;
    /** Replaces a method until it is restored. */
    method<T extends object, K extends keyof T>(
      object: T,
      name: K,
      implementation?: Fn,
    ): T[K] extends Fn ? Mock<T[K]> : never;
    restoreAll(): void;
    reset(): void;
  }

  export default test;
}
