// What console prints, and how values of the web platform and errors look.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { execute } from "./run.mjs";

/** What was logged, each line with its level. */
const logs = async (handler, options) =>
  (await execute(handler, options)).logs.map(({ level, message }) => `${level} ${message}`);

describe("console", () => {
  it("levels, format specifiers, groups, counts, assert, table", async () => {
    assert.deepEqual(
      await logs(() => {
        console.log("%s is %d and %i, %o %% %c.", "x", 1.5, 2.9, [1], "css", { a: 1 });
        console.warn(new Map([[1, { b: 2 }]]));
        console.error(new Set([undefined, null, 1n]));
        console.debug("a\nb");
        console.info();
        console.group("g");
        console.log("in\nside");
        console.groupEnd();
        console.count();
        console.count();
        console.assert(1 > 2, "math");
        console.table([{ a: 1 }, { a: 2 }]);
      }),
      [
        "6 x is 1.5 and 2, [ 1, [length]: 1 ] % . { a: 1 }",
        "4 Map(1) { 1 => { b: 2 } }",
        "3 Set(3) { undefined, null, 1n }",
        "7 a\nb",
        "6 ",
        "6 g",
        "6   in\n  side",
        "6 default: 1",
        "6 default: 2",
        "3 Assertion failed: math",
        "6 ┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n│ 1       │ 2 │\n└─────────┴───┘",
      ],
    );
  });
  it("errors show name, message, frames, properties and causes", async () => {
    const [plain, nested, own, circular, odd] = await logs(() => {
      class OwnError extends Error {
        constructor(message, options) {
          super(message, options);
          this.name = "OwnError";
          this.code = 7;
        }
      }
      console.log(new Error("boom"));
      console.log({ error: new TypeError("inside") });
      console.log(new OwnError("mine", { cause: new RangeError("why") }));
      const circular = new Error("round");
      circular.self = circular;
      console.log(circular);
      console.log(Object.assign(new Error("no stack"), { stack: undefined }));
    });
    assert.match(plain, /^6 Error: boom\n {4}at /);
    assert.match(nested, /^6 \{\n {2}error: TypeError: inside\n {6}at /);
    assert.match(own, /^6 OwnError: mine\n {4}at [^]*\{\n {2}code: 7,\n {2}\[cause\]: RangeError: why\n {6}at /);
    assert.match(circular, /self: \[Circular \*1\]/);
    assert.match(odd, /no stack/);
  });
  it("objects of the web platform show what they hold", async () => {
    assert.deepEqual(
      await logs(() => {
        console.log(new Headers({ a: "1" }), new URLSearchParams("b=1&b=2"));
        const form = new FormData();
        form.append("f", new File(["x"], "n", { type: "t/x", lastModified: 1 }));
        console.log(form);
        console.log(new Blob(["abc"]));
        console.log([AbortSignal.abort("r")]);
        console.log(class Sub extends Headers {}, new (class Sub extends Headers {})({ a: "1" }));
        console.log(String(Headers.prototype));
        console.log(new URL("https://a.b/c").searchParams, Response.json(1).status);
        console.log(new DOMException("m", "AbortError").name, new DOMException("m", "AbortError") instanceof Error);
      }),
      [
        "6 Headers { a: '1' } URLSearchParams { b: [ '1', '2' ] }",
        "6 FormData {\n  f: File { name: 'n', size: 1, type: 't/x', lastModified: 1 }\n}",
        "6 Blob { size: 3, type: '' }",
        "6 [ AbortSignal { aborted: true, reason: 'r' } ]",
        "6 [class Sub extends Headers] Sub { a: '1' }",
        "6 [object Headers]",
        "6 URLSearchParams {} 200",
        "6 AbortError true",
      ],
    );
  });
  it("time and timeLog", async () => {
    const [log, end] = await logs(async (context) => {
      console.time("t");
      await context.wait(5);
      console.timeLog("t", 1);
      console.timeEnd("t");
      console.timeEnd("t");
    });
    assert.match(log, /^6 t: \d+\.\d+ms 1$/);
    assert.match(end, /^6 t: \d+\.\d+ms$/);
  });
  it("trace shows the worker's frames only", async () => {
    const [trace] = await logs(function worker() {
      console.trace("here");
    });
    assert.match(trace, /^3 Trace: here\n/);
    assert.doesNotMatch(trace, /runtime:/);
  });
});
