// The prelude in a bare V8 context: ECMAScript's globals only, without those QuickJS lacks.
import fs from "node:fs";
import vm from "node:vm";

const read = (path) => fs.readFileSync(new URL(path, import.meta.url), "utf8");
const bundle = new vm.Script(read("../target/prelude.js"), { filename: "runtime:prelude.js" });
const harness = new vm.Script(read("harness.js"), { filename: "harness.js" });

const base64 = new vm.Script(read("base64.js"));

const ABSENT = ["Atomics", "SharedArrayBuffer", "Intl", "WebAssembly", "console"];

export async function open(host) {
  const context = vm.createContext({});
  const inside = vm.runInContext("globalThis", context);
  for (const name of ABSENT) delete inside[name];
  const toBuffer = (bytes) => {
    const buffer = new inside.ArrayBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    return buffer;
  };
  base64.runInContext(context);
  // In QuickJS-ng, not yet in Node 20.
  inside.ArrayBuffer.prototype.transfer ??= function () {
    return toBuffer(new Uint8Array(structuredClone(this, { transfer: [this] })));
  };
  if (!("detached" in inside.ArrayBuffer.prototype)) {
    // Only a detached buffer refuses to be sliced.
    Object.defineProperty(inside.ArrayBuffer.prototype, "detached", {
      get() {
        try {
          return !this.slice(0, 0);
        } catch {
          return true;
        }
      },
    });
  }

  const isBuffer = (value) => Object.prototype.toString.call(value) === "[object ArrayBuffer]";
  const native = new inside.Object();
  for (const name of [
    "log",
    "now",
    "wallClock",
    "start",
    "call",
    "cancel",
    "random",
    "digest",
    "hmac",
    "aesGcm",
    "encodeUtf8",
    "decodeUtf8",
    "parseUrl",
    "setUrl",
  ]) {
    native[name] = (...args) => {
      let value;
      try {
        value = host[name](...args.map((arg) => (isBuffer(arg) ? Buffer.from(arg) : arg)));
      } catch (error) {
        throw new inside.TypeError(error.message);
      }
      if (Buffer.isBuffer(value)) return toBuffer(value);
      // As Rust's bindings give what is not there.
      if (value === null) return undefined;
      if (value?.head !== undefined) return { head: value.head, body: toBuffer(value.body) };
      return value;
    };
  }
  const install = bundle.runInContext(context);
  let platformContext;
  const kept = harness.runInContext(context)((...args) => {
    const all = install(...args);
    platformContext = all.context;
    return all;
  }, native);
  return {
    inside,
    context: platformContext,
    build: (source) => kept.build(source),
    start: (data) => kept.start(data),
    deliver: (id, head, body) => kept.deliver(id, head, body ? toBuffer(body) : undefined),
    // Microtasks of the context run with Node's own.
    drain: () => new Promise((resolve) => setImmediate(resolve)),
    outcome: () => kept.outcome(),
    pending: () => kept.pending(),
  };
}
