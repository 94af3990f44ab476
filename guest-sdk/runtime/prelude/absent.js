// What workers do not have although code from elsewhere expects it: one better sentence each, for the error that an
// undeclared name throws.

const node = (name, instead) => [name, `${name} is a Node.js API that workers do not have; ${instead}`];
const browser = (name, instead) => [
  name,
  `${name} is a browser API that workers do not have${instead ? `; ${instead}` : ""}`,
];
const engine = (name, instead) => [name, `${name} is not part of this JavaScript engine; ${instead}`];

const SENTENCES = new Map([
  node("Buffer", "use Uint8Array and TextEncoder"),
  node("process", "use context.secrets and context.properties for settings"),
  node("require", "use import: packages are bundled when the worker is built"),
  node("module", "use export"),
  node("exports", "use export"),
  node("global", "use globalThis"),
  node("setImmediate", "use setTimeout or queueMicrotask"),
  node("clearImmediate", "use setTimeout and clearTimeout"),
  node("__dirname", "a worker has no files; import what it needs"),
  node("__filename", "a worker has no files; import what it needs"),
  browser("window", "use globalThis"),
  browser("document"),
  browser("location", "a worker has no address of its own; context.baseUrl is the platform's"),
  browser("XMLHttpRequest", "use fetch"),
  browser("WebSocket"),
  browser("EventSource", "use fetch and read response.body"),
  browser("localStorage", "use context.state"),
  browser("sessionStorage", "use context.state"),
  browser("indexedDB", "use context.state"),
  browser("caches", "use context.state"),
  browser("alert", "use console.log"),
  browser("Worker"),
  browser("SharedWorker"),
  browser("BroadcastChannel", "nobody listens; a worker is one thread"),
  browser("MessageChannel", "nobody listens; a worker is one thread"),
  browser("MessageEvent", "use CustomEvent"),
  browser("MessagePort", "nobody listens; a worker is one thread"),
  browser("postMessage", "return the value from the handler"),
  browser("ErrorEvent", "use CustomEvent; an error that nobody catches is in the log"),
  browser("PromiseRejectionEvent", "use CustomEvent; await promises and catch what they reject with"),
  browser("ProgressEvent", "use CustomEvent"),
  browser("CloseEvent", "use CustomEvent"),
  browser("PerformanceObserver", "use performance.now"),
  browser("FileReader", "use the methods of Blob"),
  browser("DOMParser", "import a parser from npm"),
  browser("Image"),
  browser("OffscreenCanvas"),
  browser("importScripts", "use import"),
  browser("addEventListener", "export a default function; it is called with every request"),
  browser("removeEventListener", "export a default function; it is called with every request"),
  browser("dispatchEvent", "use an EventTarget of your own"),
  browser("requestAnimationFrame", "use setTimeout"),
  engine("Intl", "format with the methods of Date and Number, or import a package that brings its own data"),
  engine("WebAssembly", "import JavaScript instead"),
  engine("Atomics", "a worker is one thread"),
  engine("SharedArrayBuffer", "a worker is one thread; use ArrayBuffer"),
  engine("Temporal", "use Date, or import a package"),
  ["axios", "axios is not a global here; use context.clients.axios, or import axios from npm"],
  ["Deno", "Deno is the API of another runtime that workers do not have"],
  ["Bun", "Bun is the API of another runtime that workers do not have"],
]);

/** A better sentence for the message of a ReferenceError (or the error itself); undefined where there is none. */
export function explain(error) {
  const given = typeof error === "string" ? error : error?.message;
  const message = typeof given === "string" ? given : "";
  const module = /^could not load module '(.*)'$/s.exec(message)?.[1];
  if (module !== undefined)
    return `cannot import '${module}' while the worker runs: only what import() names by a literal is part of it`;
  const name = /^'?([\w$]+)'? is not defined$/.exec(message)?.[1];
  return SENTENCES.get(name);
}
