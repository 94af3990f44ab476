// Of node:assert what `host test` has: for tests, not for workers. Written by `host types`, which writes it anew.

declare module "node:assert" {
  type Thrown = RegExp | Error | object | (new (...values: any[]) => object) | ((error: any) => boolean);
  type Message = string | Error;

  function assert(value: unknown, message?: Message): asserts value;
  namespace assert {
    class AssertionError extends Error {
      constructor(options: { message?: string; actual?: unknown; expected?: unknown; operator?: string });
      readonly code: "ERR_ASSERTION";
      readonly actual: unknown;
      readonly expected: unknown;
      readonly operator: string;
      readonly generatedMessage: boolean;
    }
    function ok(value: unknown, message?: Message): asserts value;
    function fail(message?: Message): never;
    function ifError(value: unknown): asserts value is null | undefined;
    /** With `==`; in node:assert/strict as `strictEqual`. */
    function equal(actual: unknown, expected: unknown, message?: Message): void;
    function notEqual(actual: unknown, expected: unknown, message?: Message): void;
    function strictEqual<T>(actual: unknown, expected: T, message?: Message): asserts actual is T;
    function notStrictEqual(actual: unknown, expected: unknown, message?: Message): void;
    /** With `==`; in node:assert/strict as `deepStrictEqual`. */
    function deepEqual(actual: unknown, expected: unknown, message?: Message): void;
    function notDeepEqual(actual: unknown, expected: unknown, message?: Message): void;
    function deepStrictEqual<T>(actual: unknown, expected: T, message?: Message): asserts actual is T;
    function notDeepStrictEqual(actual: unknown, expected: unknown, message?: Message): void;
    function partialDeepStrictEqual(actual: unknown, expected: unknown, message?: Message): void;
    function match(text: string, pattern: RegExp, message?: Message): void;
    function doesNotMatch(text: string, pattern: RegExp, message?: Message): void;
    function throws(fn: () => unknown, message?: string): void;
    function throws(fn: () => unknown, expected: Thrown, message?: Message): void;
    function doesNotThrow(fn: () => unknown, message?: string): void;
    function rejects(promise: Promise<unknown> | (() => Promise<unknown>), message?: string): Promise<void>;
    function rejects(
      promise: Promise<unknown> | (() => Promise<unknown>),
      expected: Thrown,
      message?: Message,
    ): Promise<void>;
    function doesNotReject(promise: Promise<unknown> | (() => Promise<unknown>), message?: string): Promise<void>;
    const strict: typeof assert;
  }
  export = assert;
}

declare module "node:assert/strict" {
  import { strict } from "node:assert";
  export = strict;
}

declare module "assert" {
  import assert from "node:assert";
  export = assert;
}

declare module "assert/strict" {
  import { strict } from "node:assert";
  export = strict;
}
