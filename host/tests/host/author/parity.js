// Whether each of these throws, and which kind of error: the same in Node.js as in the sandbox.
import loose from "node:assert";
import strict from "node:assert/strict";
import test from "node:test";

const circle = { a: 1 };
circle.self = circle;
const ring = { a: 1 };
ring.self = ring;
class Point {
  constructor(x) {
    this.x = x;
  }
}
class Other {
  constructor(x) {
    this.x = x;
  }
}
const sparse = [1, , 3];

const PAIRS = [
  [1, 1], [1, 2], [1, "1"], [0, -0], [NaN, NaN], [null, undefined], ["a", "a"], [1n, 1n], [1n, 1], [true, 1],
  [{}, {}], [{ a: 1 }, { a: 1 }], [{ a: 1 }, { a: "1" }], [{ a: 1, b: 2 }, { b: 2, a: 1 }], [{ a: undefined }, {}],
  [[1, 2], [1, 2]], [[1, 2], [2, 1]], [[], {}], [[1, , 3], sparse], [[1, undefined, 3], sparse], [[NaN], [NaN]], [[-0], [0]],
  [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])], [new Map([[1, 2]]), new Map([[1, 3]])],
  [new Map([[1, 1], [2, 2]]), new Map([[2, 2], [1, 1]])], [new Set([1, 2]), new Set([2, 1])], [new Set([{ a: 1 }]), new Set([{ a: 1 }])],
  [new Set([1]), new Set([1, 2])], [new Date(5), new Date(5)], [new Date(5), new Date(6)], [/a/g, /a/g], [/a/g, /a/i],
  [new Error("a"), new Error("a")], [new Error("a"), new Error("b")], [new Error("a"), new TypeError("a")],
  [new Error("a", { cause: 1 }), new Error("a", { cause: 2 })], [new Point(1), new Point(1)], [new Point(1), new Other(1)],
  [new Point(1), { x: 1 }], [circle, ring], [Object.create(null), {}], [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  [new Uint8Array([1]), new Uint8Array([2])], [new Uint8Array([1]), new Int8Array([1])], [new Number(1), new Number(1)],
  [new String("a"), "a"], [{ [Symbol.for("a")]: 1 }, { [Symbol.for("a")]: 1 }], [{ [Symbol.for("a")]: 1 }, {}],
  [() => 1, () => 1], [new URL("https://a.example/"), new URL("https://a.example/")],
];

const COMPARISONS = [
  "equal", "notEqual", "strictEqual", "notStrictEqual", "deepEqual", "notDeepEqual", "deepStrictEqual", "notDeepStrictEqual",
];

const thrower = (error) => () => {
  throw error;
};
const OTHERS = {
  ok: [[1], [0], [""], [{}], [NaN], [undefined, "own"]],
  match: [["abc", /b/], ["abc", /x/], [1, /1/]],
  doesNotMatch: [["abc", /b/], ["abc", /x/]],
  ifError: [[null], [undefined], [0], [new Error("x")]],
  fail: [[], ["own"], [new RangeError("own")]],
  doesNotThrow: [[() => 1], [thrower(new Error("x"))]],
  throws: [
    [() => 1], [() => 1, Error], [thrower(new Error("x"))], [thrower(new TypeError("x")), TypeError], [thrower(new Error("x")), TypeError],
    [thrower(new Error("abc")), /b/], [thrower(new Error("abc")), /x/], [thrower(new TypeError("abc")), /^TypeError: abc$/],
    [thrower(new Error("a")), { message: "a" }], [thrower(new Error("a")), { message: "b" }], [thrower(new Error("abc")), { message: /b/, name: "Error" }],
    [thrower(new Error("a")), new Error("a")], [thrower(new Error("a")), new Error("b")], [thrower(Object.assign(new Error("a"), { code: 7 })), { code: 7 }],
    [thrower(new Error("a")), (error) => error.message === "a"], [thrower(new Error("a")), (error) => error.message === "b"], [thrower("text"), /text/],
    [1],
  ],
};
const PROMISES = {
  rejects: [
    [() => Promise.resolve(1)], [Promise.resolve(1)], [async () => thrower(new RangeError("x"))(), RangeError], [() => Promise.reject(new Error("x")), RangeError],
    [() => Promise.reject(new Error("abc")), /b/], [() => Promise.reject(new Error("abc")), { message: "abc" }], [() => 1], [1],
  ],
  doesNotReject: [[() => Promise.resolve(1)], [() => Promise.reject(new Error("x"))], [1]],
};

/** `.` where it passes, `A` for an AssertionError, the first letters of any other error. */
async function outcome(call) {
  try {
    await call();
    return ".";
  } catch (error) {
    return error?.code === "ERR_ASSERTION" ? "A" : `(${error?.name})`;
  }
}

test("parity", async () => {
  const told = [];
  for (const [kind, assert] of Object.entries({ loose, strict, within: loose.strict })) {
    const calls = { [kind]: [() => assert(false), () => assert(true)] };
    for (const name of COMPARISONS) calls[name] = PAIRS.map(([actual, expected]) => () => assert[name](actual, expected));
    for (const [name, all] of Object.entries({ ...OTHERS, ...PROMISES })) calls[name] = all.map((values) => () => assert[name](...values));
    for (const [name, all] of Object.entries(calls)) {
      let outcomes = "";
      for (const call of all) outcomes += await outcome(call);
      told.push(`${kind} ${name} ${outcomes}`);
    }
  }
  throw new Error(`<<${told.join("|")}>>`);
});
