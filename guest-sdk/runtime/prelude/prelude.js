// The JavaScript that surrounds a worker. Bundled to one script whose value is the function below; it runs once, at
// build time, before the worker's module, and what it leaves in memory is in the snapshot of every worker.
import { removeStandIns } from "./missing.js";
import { install as installConsole } from "./console.js";
import { AbortController, AbortSignal } from "./abort.js";
import { explain } from "./absent.js";
import { makeAxios } from "./axios.js";
import { atob, btoa } from "./base64.js";
import { Blob, File } from "./blob.js";
import { structuredClone } from "./clone.js";
import { makeContext } from "./context.js";
import { CryptoKey } from "./crypto-key.js";
import { Crypto, SubtleCrypto, crypto } from "./crypto.js";
import { DOMException } from "./dom-exception.js";
import { Navigator, Performance, navigator, performance } from "./environment.js";
import { CustomEvent, Event, EventTarget } from "./events.js";
import { fetch } from "./fetch.js";
import { FormData } from "./form-data.js";
import { Headers } from "./headers.js";
import { native } from "./host.js";
import "./inspect.js";
import { queueMicrotask } from "./microtask.js";
import { deliver, pending } from "./operations.js";
import { reportError } from "./report.js";
import { Request } from "./request.js";
import { Response } from "./response.js";
import { streamClasses } from "./streams.js";
import { TextDecoder, TextEncoder } from "./text.js";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "./timers.js";
import { URL, URLSearchParams } from "./url.js";

/** Everything on the global object but `console` and what needs all of this to load. */
const GLOBALS = {
  AbortController,
  AbortSignal,
  Blob,
  Crypto,
  CryptoKey,
  CustomEvent,
  DOMException,
  Event,
  EventTarget,
  File,
  FormData,
  Headers,
  Navigator,
  Performance,
  Request,
  Response,
  SubtleCrypto,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  ...streamClasses,
  atob,
  btoa,
  clearInterval,
  clearTimeout,
  crypto,
  fetch,
  navigator,
  performance,
  queueMicrotask,
  reportError,
  setInterval,
  setTimeout,
  structuredClone,
};

/** Gives `globals` what a worker expects to find, and returns what the runtime keeps for itself. */
export default function install(globals, given) {
  removeStandIns();
  Object.assign(native, given);
  const inspect = installConsole(globals, native);
  const define = (name, value) =>
    Object.defineProperty(globals, name, { value, writable: true, enumerable: false, configurable: true });
  for (const [name, value] of Object.entries(GLOBALS)) define(name, value);
  define("self", globals);
  // Both look for URL, fetch and the rest on the global object while they load.
  define("URLPattern", require("urlpattern-polyfill/urlpattern").URLPattern);
  const context = makeContext(makeAxios());
  return { inspect, adopt: async (value) => value, context, deliver, pending, explain };
}
