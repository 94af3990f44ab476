// node:assert, and node:assert/strict as its `strict`.
import { AssertionError } from "host:test/assertion-error";
import { isDeepEqual, isPartlyEqual } from "host:test/equal";
import { show } from "host:test/show";

export { AssertionError };

/** Fails with the error that the test brought, or with one of ours. */
function refuse(message, actual, expected, operator, otherwise) {
  if (message instanceof Error) throw message;
  const text = message ?? otherwise;
  const error = new AssertionError({ message: text, actual, expected, operator });
  if (message === undefined) error.generatedMessage = true;
  throw error;
}

const check = (operator, holds) => {
  const assertion = (actual, expected, message) => {
    if (!holds(actual, expected)) refuse(message, actual, expected, operator);
  };
  Object.defineProperty(assertion, "name", { value: operator });
  return assertion;
};
const not = (holds) => (actual, expected) => !holds(actual, expected);
const looselyEqual = (a, b) => a == b || (a !== a && b !== b);
const deeply = (strict) => (a, b) => isDeepEqual(a, b, strict);

export const equal = check("equal", looselyEqual);
export const notEqual = check("notEqual", not(looselyEqual));
export const strictEqual = check("strictEqual", Object.is);
export const notStrictEqual = check("notStrictEqual", not(Object.is));
export const deepEqual = check("deepEqual", deeply(false));
export const notDeepEqual = check("notDeepEqual", not(deeply(false)));
export const deepStrictEqual = check("deepStrictEqual", deeply(true));
export const notDeepStrictEqual = check("notDeepStrictEqual", not(deeply(true)));
export const partialDeepStrictEqual = check("partialDeepStrictEqual", isPartlyEqual);

export function ok(value, message) {
  if (!value) refuse(message, value, true, "==", `Expected a truthy value, not ${show(value)}`);
}

export function fail(message = "Failed") {
  refuse(message, undefined, undefined, "fail");
}

export function ifError(value) {
  if (value === null || value === undefined) return;
  const error = new AssertionError({
    message: `ifError got unwanted exception: ${value?.message ?? show(value)}`,
    actual: value,
    operator: "ifError",
  });
  throw Object.assign(error, { cause: value });
}

export function match(text, pattern, message) {
  if (typeof text !== "string" || !pattern.test(text))
    refuse(
      message,
      text,
      pattern,
      "match",
      `The input did not match the regular expression ${pattern}. Input:\n\n${show(text)}`,
    );
}

export function doesNotMatch(text, pattern, message) {
  if (typeof text !== "string" || pattern.test(text))
    refuse(
      message,
      text,
      pattern,
      "doesNotMatch",
      `The input was expected not to match the regular expression ${pattern}. Input:\n\n${show(text)}`,
    );
}

export function throws(fn, expected, message) {
  if (typeof fn !== "function") throw new TypeError("assert.throws: the first argument must be a function");
  let thrown;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  expect(thrown, expected, message, "throws", "exception");
}

export function rejects(promise, expected, message) {
  return placed(async () => {
    let thrown;
    try {
      await promised(promise, "assert.rejects");
    } catch (error) {
      if (error?.notAPromise) throw error;
      thrown = { error };
    }
    expect(thrown, expected, message, "rejects", "rejection");
  });
}

export function doesNotThrow(fn, message) {
  try {
    fn();
  } catch (error) {
    unwanted(error, message, "doesNotThrow", "exception");
  }
}

export function doesNotReject(promise, message) {
  return placed(async () => {
    try {
      await promised(promise, "assert.doesNotReject");
    } catch (error) {
      if (error?.notAPromise) throw error;
      unwanted(error, message, "doesNotReject", "rejection");
    }
  });
}

/** After a wait the line of the test is no longer on the stack, so it is kept from before. */
async function placed(work) {
  const { stack } = new Error();
  try {
    await work();
  } catch (error) {
    if (error instanceof AssertionError) error.stack = stack;
    throw error;
  }
}

function promised(value, what) {
  const promise = typeof value === "function" ? value() : value;
  if (typeof promise?.then !== "function")
    throw Object.assign(new TypeError(`${what}: expected a promise, or a function that gives one`), {
      notAPromise: true,
    });
  return promise;
}

function unwanted(error, message, operator, what) {
  const own = typeof message === "string" ? `: ${message}` : ".";
  const text = `Got unwanted ${what}${own}\nActual message: "${error?.message ?? show(error)}"`;
  throw Object.assign(new AssertionError({ message: text, actual: error, operator }), { cause: error });
}

/** What was thrown, if anything was, against what the test expected. */
function expect(thrown, expected, message, operator, what) {
  const own = typeof expected === "string" ? expected : message;
  if (!thrown) {
    const name = typeof expected === "function" && expected.prototype ? ` (${expected.name})` : "";
    refuse(own, undefined, expected, operator, `Missing expected ${what}${name}.`);
  }
  const { error } = thrown;
  if (expected === undefined || typeof expected === "string") return;
  const wrong = (problem) => {
    if (message instanceof Error) throw message;
    const text = message === undefined ? problem : `${message}\n${problem}`;
    throw Object.assign(new AssertionError({ message: text, actual: error, expected, operator }), { cause: error });
  };
  const shown = error instanceof Error ? `${error.name}: ${error.message}` : show(error);
  if (expected instanceof RegExp) {
    if (!expected.test(`${error}`)) wrong(`The ${what} does not match ${expected}: ${shown}`);
  } else if (typeof expected === "function") {
    if (expected.prototype !== undefined && error instanceof expected) return;
    if (expected === Error || Object.prototype.isPrototypeOf.call(Error, expected))
      wrong(`Expected an instance of ${expected.name}, not ${shown}`);
    if (expected.call({}, error) !== true) wrong(`The check of the ${what} did not give true: ${shown}`);
  } else {
    const names = new Set(Object.keys(expected));
    if (expected instanceof Error) for (const name of ["name", "message"]) names.add(name);
    for (const name of names) {
      const [is, wanted] = [error?.[name], expected[name]];
      const fits = wanted instanceof RegExp && typeof is === "string" ? wanted.test(is) : isDeepEqual(is, wanted, true);
      if (!fits) wrong(`The ${what} has another ${name}:\n+ actual - expected\n\n+ ${show(is)}\n- ${show(wanted)}`);
    }
  }
}

const all = {
  AssertionError,
  deepEqual,
  deepStrictEqual,
  doesNotMatch,
  doesNotReject,
  doesNotThrow,
  equal,
  fail,
  ifError,
  match,
  notDeepEqual,
  notDeepStrictEqual,
  notEqual,
  notStrictEqual,
  ok,
  partialDeepStrictEqual,
  rejects,
  strictEqual,
  throws,
};

function assert(value, message) {
  ok(value, message);
}

/** The same with the loose ones replaced. */
export const strict = Object.assign((value, message) => ok(value, message), all, {
  deepEqual: deepStrictEqual,
  equal: strictEqual,
  notDeepEqual: notDeepStrictEqual,
  notEqual: notStrictEqual,
});
strict.strict = strict;

export default Object.assign(assert, all, { strict });
