// Response.
import { Content, asBody, extract } from "./body.js";
import { writeJson } from "./host.js";
import { Headers, immutableHeaders } from "./headers.js";
import { parseUrl } from "./url.js";
import { asInterface, dictionary, needs } from "./webidl.js";

const NULL_BODY = [101, 103, 204, 205, 304];
const REDIRECT = [301, 302, 303, 307, 308];

/** A response from the network: { status, statusText, headers, url, redirected } and its body, bytes or incoming. */
export let networkResponse;

export class Response {
  #type = "default";
  #url = "";
  #redirected = false;
  #status = 200;
  #statusText = "";
  #headers;
  #content = null;

  constructor(body = null, options) {
    const { status = 200, statusText = "", headers } = dictionary(options, "new Response");
    this.#status = toStatus(status);
    this.#statusText = toReason(statusText);
    this.#headers = new Headers(headers);
    if (body !== null) this.#setBody(extract(body));
  }
  #setBody({ content, type }) {
    if (NULL_BODY.includes(this.#status))
      throw new TypeError(`new Response: status ${this.#status} goes without a body`);
    this.#content = content;
    if (type && !this.#headers.has("content-type")) this.#headers.append("content-type", type);
  }
  static error() {
    const response = new Response();
    response.#type = "error";
    response.#status = 0;
    response.#headers = immutableHeaders([]);
    return response;
  }
  static redirect(url, status = 302) {
    needs(arguments.length, 1, "Response.redirect");
    const parts = parseUrl(url);
    if (parts === null) throw new TypeError(`Invalid URL: ${JSON.stringify(`${url}`)}`);
    if (!REDIRECT.includes(Number(status))) throw new RangeError(`Response.redirect: ${status} is no redirect status`);
    const response = new Response(null, { status });
    response.#headers = immutableHeaders([["location", parts.href]]);
    return response;
  }
  static json(data, options) {
    needs(arguments.length, 1, "Response.json");
    const text = writeJson(data);
    if (text === undefined) throw new TypeError("Response.json: the value cannot be written as JSON");
    const response = new Response(null, options);
    response.#setBody({ ...extract(text), type: "application/json" });
    return response;
  }
  get type() {
    return this.#type;
  }
  get url() {
    return this.#url;
  }
  get redirected() {
    return this.#redirected;
  }
  get status() {
    return this.#status;
  }
  get ok() {
    return this.#status >= 200 && this.#status <= 299;
  }
  get statusText() {
    return this.#statusText;
  }
  get headers() {
    return this.#headers;
  }
  clone() {
    if (this.#content?.unusable) throw new TypeError("clone: the body was already read or is locked");
    const copy = new Response();
    copy.#take(this, new Headers(this.#headers));
    copy.#content = this.#content?.clone() ?? null;
    return copy;
  }

  #take({ type = "basic", url, redirected, status, statusText }, headers) {
    this.#type = type;
    this.#url = url.replace(/#.*$/s, "");
    this.#redirected = redirected;
    this.#status = status;
    this.#statusText = statusText;
    this.#headers = headers;
  }
  static {
    asBody(this, (response) => response.#content);
    networkResponse = (head, { bytes, incoming }) => {
      const response = new Response();
      response.#take({ statusText: "", redirected: false, ...head }, immutableHeaders(head.headers));
      if (bytes || incoming) response.#content = new Content({ bytes, incoming });
      if (NULL_BODY.includes(head.status)) {
        response.#content?.drop();
        response.#content = null;
      }
      return response;
    };
  }
}
asInterface(Response);

function toStatus(value) {
  const status = Number(value) & 0xffff;
  if (status < 200 || status > 599)
    throw new RangeError(`new Response: the status must be from 200 to 599, not ${value}`);
  return status;
}

function toReason(value) {
  const text = `${value}`;
  if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
    throw new TypeError("new Response: the status text holds a character that cannot be in one");
  return text;
}
