// What is on the global object, how it looks, what is absent and how that is explained.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { execute, fails, run } from "./run.mjs";

const WANTED = [
  "AbortController",
  "AbortSignal",
  "Blob",
  "ByteLengthQueuingStrategy",
  "CompressionStream",
  "CountQueuingStrategy",
  "Crypto",
  "CryptoKey",
  "CustomEvent",
  "DOMException",
  "DecompressionStream",
  "Event",
  "EventTarget",
  "File",
  "FormData",
  "Headers",
  "Navigator",
  "Performance",
  "ReadableByteStreamController",
  "ReadableStream",
  "ReadableStreamBYOBReader",
  "ReadableStreamBYOBRequest",
  "ReadableStreamDefaultController",
  "ReadableStreamDefaultReader",
  "Request",
  "Response",
  "SubtleCrypto",
  "TextDecoder",
  "TextDecoderStream",
  "TextEncoder",
  "TextEncoderStream",
  "TransformStream",
  "TransformStreamDefaultController",
  "URL",
  "URLPattern",
  "URLSearchParams",
  "WritableStream",
  "WritableStreamDefaultController",
  "WritableStreamDefaultWriter",
  "atob",
  "btoa",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "navigator",
  "performance",
  "queueMicrotask",
  "reportError",
  "self",
  "setInterval",
  "setTimeout",
  "structuredClone",
];

describe("the global object", () => {
  it("has all of it: not enumerable, configurable, writable", async () => {
    const seen = await run(
      (context, names) =>
        names.filter((name) => {
          const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
          return !descriptor || descriptor.enumerable || !descriptor.configurable || !descriptor.writable;
        }),
      { data: WANTED },
    );
    assert.deepEqual(seen, []);
  });
  it("has nothing else of ours", async () => {
    const seen = await run(
      (context, wanted) => {
        const ecmascript =
          "AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array BigUint64Array Boolean DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array InternalError Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape".split(
            " ",
          );
        return Object.getOwnPropertyNames(globalThis).filter(
          (name) => !wanted.includes(name) && !ecmascript.includes(name),
        );
      },
      { data: WANTED },
    );
    assert.deepEqual(seen, []);
  });
  it("classes look like interfaces", async () => {
    const seen = await run(
      (context, names) =>
        names
          .filter((name) => /^[A-Z]/.test(name))
          .flatMap((name) => {
            const Class = globalThis[name];
            const problems = [];
            if (Class.name !== name) problems.push(`${name} is called ${Class.name}`);
            if (
              Object.prototype.toString.call(Class.prototype) !== `[object ${name}]` &&
              !/Strategy|URLPattern/.test(name)
            )
              problems.push(`${name} is tagged ${Object.prototype.toString.call(Class.prototype)}`);
            try {
              Class();
              problems.push(`${name} can be called without new`);
            } catch {}
            return problems;
          }),
      { data: WANTED },
    );
    assert.deepEqual(seen, []);
  });
  it("objects are of the classes that are there, and most of these cannot be made by hand", async () => {
    const seen = await run(async () => {
      const made = {};
      const readable = new ReadableStream();
      const bytes = new ReadableStream({
        type: "bytes",
        start: (controller) => void (made.bytes = controller),
        pull: (controller) => void (made.request ??= controller.byobRequest)?.respond(made.request.view.length),
      });
      const byob = bytes.getReader({ mode: "byob" });
      new ReadableStream({ start: (controller) => void (made.default = controller) });
      const writable = new WritableStream({ start: (controller) => void (made.writable = controller) });
      new TransformStream({ start: (controller) => void (made.transform = controller) });
      await byob.read(new Uint8Array(3));
      const pairs = [
        [navigator, Navigator],
        [performance, Performance],
        [crypto, Crypto],
        [crypto.subtle, SubtleCrypto],
        [new AbortController().signal, AbortSignal],
        [readable.getReader(), ReadableStreamDefaultReader],
        [byob, ReadableStreamBYOBReader],
        [made.default, ReadableStreamDefaultController],
        [made.bytes, ReadableByteStreamController],
        [made.request, ReadableStreamBYOBRequest],
        [writable.getWriter(), WritableStreamDefaultWriter],
        [made.writable, WritableStreamDefaultController],
        [made.transform, TransformStreamDefaultController],
      ];
      return pairs
        .filter(([object, Class]) => {
          if (!(object instanceof Class)) return true;
          try {
            new Class();
            return true;
          } catch (error) {
            return !(error instanceof TypeError);
          }
        })
        .map(([, { name }]) => name);
    });
    assert.deepEqual(seen, []);
  });
  it("functions have names and lengths", async () => {
    const seen = await run(() =>
      [fetch, setTimeout, clearTimeout, structuredClone, atob, queueMicrotask].map(({ name, length }) => [
        name,
        length,
      ]),
    );
    assert.deepEqual(seen, [
      ["fetch", 2],
      ["setTimeout", 1],
      ["clearTimeout", 0],
      ["structuredClone", 2],
      ["atob", 1],
      ["queueMicrotask", 1],
    ]);
  });
  it("self, navigator, performance", async () => {
    const seen = await run(
      async (context) => {
        const before = performance.now();
        await context.wait(20);
        const passed = performance.now() - before;
        const off = Math.abs(performance.timeOrigin + performance.now() - Date.now());
        return [
          self === globalThis,
          navigator.userAgent,
          passed >= 19,
          off < 50,
          performance.timeOrigin === performance.timeOrigin,
          "timeOrigin" in performance.toJSON(),
        ];
      },
      { top: "performance.timeOrigin" },
    );
    assert.deepEqual(seen, [true, "worker-host", true, true, true, true]);
  });
  it("queueMicrotask runs before timers and reports what it throws", async () => {
    const { result, logs } = await execute(
      () =>
        new Promise((resolve) => {
          const order = [];
          setTimeout(() => resolve(order));
          queueMicrotask(() => {
            order.push("microtask");
            throw new Error("in a microtask");
          });
          order.push("sync");
        }),
    );
    assert.deepEqual(result, ["sync", "microtask"]);
    assert.match(logs[0].message, /^Uncaught Error: in a microtask/);
  });
  it("reportError writes to the log", async () => {
    const { logs } = await execute(() => reportError(new TypeError("x")));
    assert.deepEqual(logs[0], { level: "error", message: "Uncaught TypeError: x" });
  });
});

describe("what is absent", () => {
  const ABSENT =
    "Buffer process require module exports global setImmediate clearImmediate __dirname __filename window document location XMLHttpRequest WebSocket EventSource localStorage sessionStorage indexedDB caches alert Worker SharedWorker BroadcastChannel MessageChannel MessageEvent MessagePort postMessage ErrorEvent PromiseRejectionEvent ProgressEvent CloseEvent PerformanceObserver FileReader DOMParser Image OffscreenCanvas importScripts addEventListener removeEventListener dispatchEvent requestAnimationFrame Intl WebAssembly Atomics SharedArrayBuffer Temporal axios Deno Bun".split(
      " ",
    );
  it("is undefined to typeof and in `globalThis`", async () => {
    const seen = await run((context, names) => names.filter((name) => name in globalThis), { data: ABSENT });
    assert.deepEqual(seen, []);
  });
  for (const name of ABSENT) {
    it(`${name} is a ReferenceError that says what to do`, async () => {
      const error = await fails((context, name) => (0, eval)(name), { data: name });
      assert.equal(error.name, "ReferenceError");
      assert.match(error.message, new RegExp(`^${name} is (?!not defined)`));
    });
  }
  it("is explained, in the words asked for", async () => {
    const message = async (handler) => (await fails(handler)).message;
    assert.equal(
      await message(() => Buffer.from("x")),
      "Buffer is a Node.js API that workers do not have; use Uint8Array and TextEncoder",
    );
    assert.match(await message(() => foo), /^'?foo'? is not defined$/);
    assert.equal(
      await message(() => {
        throw new ReferenceError("my own");
      }),
      "my own",
    );
  });
});
