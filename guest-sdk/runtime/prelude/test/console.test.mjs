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
        console.log("%f %j %O %s", "1.5x", { a: 1 }, { b: { c: 1 } }, Symbol("s"), "more");
        console.warn(new Map([[1, { b: 2 }]]));
        console.error(new Set([undefined, null, 1n]));
        console.debug("a\nb");
        console.info();
        console.group("g");
        console.log("in\nside");
        console.groupCollapsed();
        console.warn("deeper");
        console.groupEnd();
        console.groupEnd();
        console.groupEnd();
        console.count();
        console.count();
        console.countReset();
        console.count("default");
        console.assert(1 > 2, "math %s", "fails");
        console.assert(false, { a: 1 });
        console.assert(false);
        console.assert(true, "not shown");
        console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });
        console.dirxml("x", 1);
        console.table([{ a: 1 }, { a: 2, b: "x" }]);
        console.table([[1, 2], 3], ["1"]);
        console.table("no table");
      }),
      [
        "info x is 1.5 and 2, [ 1, [length]: 1 ] % . { a: 1 }",
        'info 1.5 {"a":1} { b: { c: 1 } } Symbol(s) more',
        "warn Map(1) { 1 => { b: 2 } }",
        "error Set(3) { undefined, null, 1n }",
        "debug a",
        "debug b",
        "info ",
        "info g",
        "info   in",
        "info   side",
        "warn     deeper",
        "info default: 1",
        "info default: 2",
        "info default: 1",
        "error Assertion failed: math fails",
        "error Assertion failed { a: 1 }",
        "error Assertion failed",
        "info { a: [Object] }",
        "info x 1",
        "info ┌─────────┬───┬─────┐",
        "info │ (index) │ a │ b   │",
        "info ├─────────┼───┼─────┤",
        "info │ 0       │ 1 │     │",
        "info │ 1       │ 2 │ 'x' │",
        "info └─────────┴───┴─────┘",
        "info ┌─────────┬───┬────────┐",
        "info │ (index) │ 1 │ Values │",
        "info ├─────────┼───┼────────┤",
        "info │ 0       │ 2 │        │",
        "info │ 1       │   │ 3      │",
        "info └─────────┴───┴────────┘",
        "info no table",
      ],
    );
  });
  it("labels that are not known, or known already, are warned of as in Node", async () => {
    assert.deepEqual(
      await logs(() => {
        console.countReset("c");
        console.timeLog("t");
        console.timeEnd();
        console.time("t");
        console.time("t");
        console.time("constructor");
      }),
      [
        "warn Count for 'c' does not exist",
        "warn No such label 't' for console.timeLog()",
        "warn No such label 'default' for console.timeEnd()",
        "warn Label 't' already exists for console.time()",
      ],
    );
  });
  it("errors show name, message, frames, properties and causes", async () => {
    const seen = await logs(() => {
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
      console.log(new DOMException("m", "AbortError"));
      console.log(new AggregateError([new Error("one")], "many"));
    });
    const text = seen.map((line) => line.replace(/^info /, "")).join("\n");
    assert.match(text, /^Error: boom\n {4}at /);
    assert.match(text, /^\{\n {2}error: TypeError: inside\n {6}at /m);
    assert.match(text, /^OwnError: mine\n {4}at [^]*\{\n {2}code: 7,\n {2}\[cause\]: RangeError: why\n {6}at /m);
    assert.match(text, /self: \[Circular \*1\]/);
    assert.match(text, /no stack/);
    assert.match(text, /AbortError\]?: m/);
    assert.match(text, /^AggregateError: many\n[^]*\[errors\]: \[\n {4}Error: one\n/m);
    assert.doesNotMatch(text, /runtime:/);
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
        "info Headers { a: '1' } URLSearchParams { b: [ '1', '2' ] }",
        "info FormData {",
        "info   f: File { name: 'n', size: 1, type: 't/x', lastModified: 1 }",
        "info }",
        "info Blob { size: 3, type: '' }",
        "info [ AbortSignal { aborted: true, reason: 'r' } ]",
        "info [class Sub extends Headers] Sub { a: '1' }",
        "info [object Headers]",
        "info URLSearchParams {} 200",
        "info AbortError true",
      ],
    );
  });
  it("time, timeLog and timeEnd", async () => {
    const [log, end, ...more] = await logs(async (context) => {
      console.time("t");
      await context.wait(5);
      console.timeLog("t", 1, { a: 1 });
      console.timeEnd("t");
    });
    assert.match(log, /^info t: \d+\.\d+ms 1 \{ a: 1 \}$/);
    assert.match(end, /^info t: \d+\.\d+ms$/);
    assert.ok(Number(/ (\d+)/.exec(end.slice(7))[1]) >= 5, end);
    assert.deepEqual(more, []);
  });
  it("trace shows the worker's frames only", async () => {
    const [title, first, ...more] = await logs(function worker() {
      console.trace("here %d", 1);
    });
    assert.equal(title, "error Trace: here 1");
    assert.match(first, /^error \s+at worker/);
    assert.doesNotMatch(more.join(), /runtime:/);
  });
});
