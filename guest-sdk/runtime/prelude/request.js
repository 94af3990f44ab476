// Request.
import { dependentSignal, isSignal } from "./abort.js";
import { asBody, extract } from "./body.js";
import { Headers, TOKEN } from "./headers.js";
import { parseUrl } from "./url.js";
import { asInterface, dictionary, needs, oneOf } from "./webidl.js";

const NORMALIZED = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
const FORBIDDEN = ["CONNECT", "TRACE", "TRACK"];

/** Members that are kept and shown; only `redirect` means anything where there is no browser. */
const ENUMERATIONS = {
  cache: ["default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"],
  credentials: ["same-origin", "omit", "include"],
  mode: ["cors", "same-origin", "no-cors", "navigate"],
  redirect: ["follow", "error", "manual"],
  referrerPolicy: [
    "",
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
  ],
};
const PRIORITIES = ["auto", "high", "low"];

/** What fetch needs of a request: { method, url, protocol, redirect, integrity, headers, content, signal }. */
export let requestParts;

export class Request {
  #url;
  #protocol;
  #method = "GET";
  #headers;
  #content = null;
  /** What the request was made with; the public signal follows it. */
  #source;
  #signal;
  #settings = { cache: "default", credentials: "same-origin", mode: "cors", redirect: "follow", referrerPolicy: "" };
  #referrer = "about:client";
  #integrity = "";
  #keepalive = false;
  #duplex = "half";

  constructor(input, options) {
    needs(arguments.length, 1, "new Request");
    const init = dictionary(options, "new Request");
    const from = input instanceof Request ? input : undefined;
    if (from) this.#copy(from);
    else this.#locate(input);
    this.#applySettings(init);
    if (init.method !== undefined) this.#method = toMethod(init.method);
    if (init.signal !== undefined) {
      if (init.signal !== null && !isSignal(init.signal))
        throw new TypeError("new Request: signal is not an AbortSignal");
      this.#source = init.signal ?? undefined;
    }
    if (init.headers !== undefined || !this.#headers) this.#headers = new Headers(init.headers);
    this.#applyBody(init, from);
  }

  #locate(input) {
    const parts = parseUrl(input);
    if (parts === null) {
      throw new TypeError(
        `Invalid URL: ${JSON.stringify(`${input}`)}; a worker has no address of its own, so it must be an absolute URL`,
      );
    }
    if (parts.username !== "" || parts.password !== "") {
      throw new TypeError("new Request: the URL holds credentials; send them in an Authorization header");
    }
    this.#url = parts.href;
    this.#protocol = parts.protocol;
  }
  #copy(from) {
    this.#url = from.#url;
    this.#protocol = from.#protocol;
    this.#method = from.#method;
    this.#headers = new Headers(from.#headers);
    this.#source = from.#signal ?? from.#source;
    this.#settings = { ...from.#settings };
    this.#referrer = from.#referrer;
    this.#integrity = from.#integrity;
    this.#keepalive = from.#keepalive;
  }
  #applySettings(init) {
    if (init.window !== undefined && init.window !== null) throw new TypeError("new Request: window can only be null");
    for (const [name, allowed] of Object.entries(ENUMERATIONS)) {
      const value = init[name];
      if (value !== undefined) this.#settings[name] = oneOf(value, allowed, `new Request: ${name}`);
    }
    if (init.mode !== undefined && this.#settings.mode === "navigate")
      throw new TypeError('new Request: the mode cannot be "navigate"');
    if (this.#settings.cache === "only-if-cached" && this.#settings.mode !== "same-origin") {
      throw new TypeError('new Request: the cache mode "only-if-cached" goes with the mode "same-origin" only');
    }
    if (init.priority !== undefined) oneOf(init.priority, PRIORITIES, "new Request: priority");
    if (init.referrer !== undefined) this.#referrer = `${init.referrer}`;
    if (init.integrity !== undefined) this.#integrity = `${init.integrity}`;
    if (init.keepalive !== undefined) this.#keepalive = Boolean(init.keepalive);
  }
  #applyBody(init, from) {
    const { body, duplex } = init;
    if (duplex !== undefined) oneOf(duplex, ["half"], "new Request: duplex");
    const given = body !== undefined && body !== null;
    if ((given || from?.#content) && (this.#method === "GET" || this.#method === "HEAD")) {
      throw new TypeError(`new Request: a ${this.#method} request cannot have a body`);
    }
    if (given) {
      const { content, type } = extract(body);
      if (content.isStream && duplex === undefined) {
        throw new TypeError('new Request: with a stream as its body a request needs duplex: "half"');
      }
      if (type && !this.#headers.has("content-type")) this.#headers.append("content-type", type);
      this.#content = content;
      return;
    }
    if (!from?.#content) return;
    if (from.#content.unusable)
      throw new TypeError("new Request: the body of the given request was already read or is locked");
    this.#content = from.#content.move();
  }

  get method() {
    return this.#method;
  }
  get url() {
    return this.#url;
  }
  get headers() {
    return this.#headers;
  }
  get destination() {
    return "";
  }
  get referrer() {
    return this.#referrer;
  }
  get referrerPolicy() {
    return this.#settings.referrerPolicy;
  }
  get mode() {
    return this.#settings.mode;
  }
  get credentials() {
    return this.#settings.credentials;
  }
  get cache() {
    return this.#settings.cache;
  }
  get redirect() {
    return this.#settings.redirect;
  }
  get integrity() {
    return this.#integrity;
  }
  get keepalive() {
    return this.#keepalive;
  }
  get signal() {
    return (this.#signal ??= dependentSignal(this.#source ? [this.#source] : []));
  }
  get duplex() {
    return this.#duplex;
  }
  clone() {
    if (this.#content?.unusable) throw new TypeError("clone: the body was already read or is locked");
    const copy = new Request(this.#url);
    copy.#copy(this);
    copy.#source = this.signal;
    copy.#content = this.#content?.clone() ?? null;
    return copy;
  }

  static {
    asBody(this, (request) => request.#content);
    requestParts = (request) => ({
      method: request.#method,
      url: request.#url,
      protocol: request.#protocol,
      redirect: request.#settings.redirect,
      integrity: request.#integrity,
      headers: request.#headers,
      content: request.#content,
      signal: request.#signal ?? request.#source,
    });
  }
}
asInterface(Request);

/** A method as it is sent: six names are written in capitals, others stay as they are. */
export function toMethod(value) {
  const method = `${value}`;
  const upper = method.toUpperCase();
  if (!TOKEN.test(method)) throw new TypeError(`${JSON.stringify(method)} is not a method`);
  if (FORBIDDEN.includes(upper)) throw new TypeError(`the method ${upper} is forbidden`);
  return NORMALIZED.includes(upper) ? upper : method;
}
