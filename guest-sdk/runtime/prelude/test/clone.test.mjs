// structuredClone.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./run.mjs";

describe("structuredClone", () => {
  it("copies every kind of value", async () => {
    const seen = await run(() => {
      const when = new Date(5);
      const from = {
        n: 1,
        s: "x",
        b: true,
        u: undefined,
        nil: null,
        big: 1n,
        nan: NaN,
        minus: -0,
        date: when,
        re: /a/gi,
        map: new Map([[{ k: 1 }, new Set([1])]]),
        list: [1, , 3],
        boxed: [new Number(1), new String("s"), new Boolean(false), Object(2n)],
        bytes: new Uint8Array([1, 2, 3]).subarray(1),
        buffer: new ArrayBuffer(4),
        view: new DataView(new ArrayBuffer(4), 1, 2),
        proto: { ["__proto__"]: 1 },
      };
      const to = structuredClone(from);
      return [
        to.n,
        to.s,
        to.b,
        "u" in to && to.u === undefined,
        to.nil,
        to.big === 1n,
        Number.isNaN(to.nan),
        Object.is(to.minus, -0),
        to.date !== when && to.date.getTime() === 5,
        to.re.source + to.re.flags,
        [...to.map.keys()][0].k,
        [...to.map.values()][0].has(1),
        to.list.length,
        1 in to.list,
        to.boxed.map((each) => typeof each),
        to.boxed.map(String),
        [...to.bytes],
        to.bytes.byteOffset,
        to.buffer.byteLength,
        to.view.byteLength,
        Object.hasOwn(to.proto, "__proto__"),
        Object.getPrototypeOf(to.proto) === Object.prototype,
      ];
    });
    assert.deepEqual(seen, [
      1,
      "x",
      true,
      true,
      null,
      true,
      true,
      true,
      true,
      "agi",
      1,
      true,
      3,
      false,
      Array(4).fill("object"),
      ["1", "s", "false", "2"],
      [2, 3],
      1,
      4,
      2,
      true,
      true,
    ]);
  });
  it("keeps circles and shared values", async () => {
    const seen = await run(() => {
      const a = { name: "a" };
      a.self = a;
      const buffer = new ArrayBuffer(8);
      const to = structuredClone({ a, again: a, one: new Uint8Array(buffer), two: new Uint16Array(buffer), buffer });
      return [
        to.a.self === to.a,
        to.again === to.a,
        to.one.buffer === to.two.buffer,
        to.one.buffer === to.buffer,
        to.buffer !== buffer,
      ];
    });
    assert.deepEqual(seen, Array(5).fill(true));
  });
  it("copies errors with name, message, stack and cause", async () => {
    const seen = await run(() => {
      class Own extends RangeError {}
      const error = new Own("m", { cause: new TypeError("c") });
      error.extra = 1;
      const to = structuredClone(error);
      const aborted = structuredClone(new DOMException("d", "AbortError"));
      const odd = new Error("x");
      odd.name = "Odd";
      const sly = new Error("y");
      sly.name = "constructor";
      return [
        to.name,
        to.message,
        to instanceof RangeError,
        to.constructor === RangeError,
        to.stack === error.stack,
        to.cause instanceof TypeError,
        to.cause.message,
        "extra" in to,
        aborted.name,
        aborted instanceof DOMException,
        structuredClone(odd).name,
        structuredClone(sly) instanceof Error,
      ];
    });
    assert.deepEqual(seen, ["RangeError", "m", true, true, true, true, "c", false, "AbortError", true, "Error", true]);
  });
  it("copies own enumerable properties of instances, Blobs and Files whole", async () => {
    const seen = await run(async () => {
      class Point {
        #hidden = 1;
        x = 2;
        get y() {
          return 3;
        }
      }
      const to = structuredClone({
        point: new Point(),
        getter: {
          get z() {
            return 4;
          },
        },
        bare: Object.create(null),
        file: new File(["f"], "n", { lastModified: 7 }),
        blob: new Blob(["b"], { type: "t/x" }),
      });
      return [
        Object.getPrototypeOf(to.point) === Object.prototype,
        Object.keys(to.point),
        Object.getOwnPropertyDescriptor(to.getter, "z").value,
        Object.getPrototypeOf(to.bare) === Object.prototype,
        to.file.name,
        to.file.lastModified,
        await to.file.text(),
        to.blob.type,
        await to.blob.text(),
      ];
    });
    assert.deepEqual(seen, [true, ["x"], 4, true, "n", 7, "f", "t/x", "b"]);
  });
  it("transfers buffers", async () => {
    const seen = await run(() => {
      const bytes = new Uint8Array([1, 2, 3]);
      const to = structuredClone({ bytes }, { transfer: [bytes.buffer] });
      const error = (action) => {
        try {
          action();
          return "no error";
        } catch (thrown) {
          return thrown.name;
        }
      };
      const buffer = new ArrayBuffer(1);
      return [
        [...to.bytes],
        bytes.buffer.byteLength,
        error(() => structuredClone(bytes)),
        error(() => structuredClone(1, { transfer: [buffer, buffer] })),
        error(() => structuredClone(1, { transfer: [{}] })),
        error(() => structuredClone(() => {}, { transfer: [buffer] })),
        buffer.byteLength,
      ];
    });
    assert.deepEqual(seen, [[1, 2, 3], 0, "DataCloneError", "DataCloneError", "DataCloneError", "DataCloneError", 1]);
  });
  it("refuses functions, symbols and what holds state of the platform", async () => {
    const seen = await run(() =>
      [
        () => {},
        Symbol("x"),
        { a: () => {} },
        new WeakMap(),
        Promise.resolve(),
        new Response(),
        new Headers(),
        new URL("https://a.b"),
        new ReadableStream(),
        new EventTarget(),
        new AbortController().signal,
        new (class extends Headers {})(),
        Object(Symbol()),
      ].map((value) => {
        try {
          structuredClone(value);
          return "no error";
        } catch (error) {
          return [error.name, error.code];
        }
      }),
    );
    assert.deepEqual(seen, Array(13).fill(["DataCloneError", 25]));
  });
  it("is not fooled by a string tag", async () => {
    const seen = await run(() => structuredClone({ [Symbol.toStringTag]: "Date", a: 1 }));
    assert.deepEqual(seen, { a: 1 });
  });
});
