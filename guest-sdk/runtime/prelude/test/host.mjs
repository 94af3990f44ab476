// A host for the tests: what the Rust half and the engine do for the prelude, on Node's own modules.
import crypto from "node:crypto";
import http from "node:http";
import https from "node:https";

const HASHES = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };
const PARTS = [
  "href",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
  "origin",
];
const MAX_REDIRECTS = 20;

const urlJson = (url) => JSON.stringify(Object.fromEntries(PARTS.map((part) => [part, url[part]])));

/** What a test tells about the worker; every member has a default. */
export class Host {
  constructor({
    baseUrl = "http://platform.invalid",
    platformToken,
    secrets = {},
    properties = {},
    state = {},
    deadlineMs = 5000,
    limitTimers = true,
  } = {}) {
    Object.assign(this, { baseUrl, platformToken, secrets, properties, state, deadlineMs, limitTimers });
    this.building = true;
    this.logs = [];
    /** Every head given to start and call, parsed. */
    this.started = [];
    this.called = [];
    this.cancelled = [];
    this.finished = [];
    this.running = new Map();
    this.streams = new Map();
    this.closed = [];
    this.lastId = 0;
    this.began = performance.now();
  }

  // What the event loop needs.

  /** The next finished operation, { id, head, body }; undefined when nothing is under way. */
  async next() {
    while (this.finished.length === 0) {
      if (this.running.size === 0) return undefined;
      await new Promise((resolve) => (this.wake = resolve));
    }
    return this.finished.shift();
  }
  dispose() {
    for (const abort of this.running.values()) abort.abort();
    for (const { response } of this.streams.values()) response.destroy();
    this.running.clear();
  }

  // The functions of `native`. Buffers are Node's; the engine's adaptor turns them into its own.

  log(level, text) {
    this.logs.push({ level, text });
  }
  now() {
    return this.building ? 0 : performance.now() - this.began;
  }
  wallClock() {
    return this.building ? 0 : Date.now();
  }
  start(head, body) {
    if (this.building) throw new TypeError("host calls are not available while the worker is built");
    const request = JSON.parse(head);
    this.started.push(request);
    const id = ++this.lastId;
    const abort = new AbortController();
    this.running.set(id, abort);
    this.operate(request, body, abort.signal).then(({ body: bytes, ...answer }) => {
      if (!this.running.delete(id)) return;
      this.finished.push({ id, head: JSON.stringify(answer), body: bytes });
      this.wake?.();
    });
    return id;
  }
  cancel(id) {
    this.cancelled.push(id);
    this.running.get(id)?.abort();
    this.running.delete(id);
    this.wake?.();
  }
  call(head) {
    if (this.building) throw new TypeError("host calls are not available while the worker is built");
    const request = JSON.parse(head);
    this.called.push(request);
    return { head: JSON.stringify(this.answer(request)), body: Buffer.alloc(0) };
  }
  answer({ op, key, stream, entries }) {
    const own = (object) => (Object.hasOwn(object, key) ? { value: object[key] } : {});
    switch (op) {
      case "facts":
        return {
          baseUrl: this.baseUrl,
          platformToken: this.platformToken,
          deadlineMs: this.remaining(),
          workerKey: "test",
        };
      case "secret":
        return own(this.secrets);
      case "property":
        return own(this.properties);
      case "state":
        return { entries: this.state };
      case "setState":
        this.state = entries;
        return {};
      case "remaining":
        return { ms: this.remaining() };
      case "close":
        this.closed.push(stream);
        this.streams.get(stream)?.response.destroy();
        this.streams.delete(stream);
        return {};
    }
    throw new TypeError(`unknown operation ${op}`);
  }
  remaining() {
    return this.deadlineMs - (performance.now() - this.began);
  }
  random(length) {
    if (length > 65536) throw new RangeError("too much");
    return this.building ? Buffer.alloc(length, 7) : crypto.randomBytes(length);
  }
  digest(algorithm, data) {
    return crypto.createHash(HASHES[algorithm]).update(data).digest();
  }
  hmac(algorithm, key, data) {
    return crypto.createHmac(HASHES[algorithm], key).update(data).digest();
  }
  aesGcm(encrypt, key, iv, aad, data) {
    const name = `aes-${key.length * 8}-gcm`;
    if (encrypt) {
      const cipher = crypto.createCipheriv(name, key, iv).setAAD(aad);
      return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]);
    }
    const decipher = crypto.createDecipheriv(name, key, iv).setAAD(aad).setAuthTag(data.subarray(-16));
    try {
      return Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]);
    } catch {
      return null;
    }
  }
  encodeUtf8(string) {
    return Buffer.from(new TextEncoder().encode(string));
  }
  decodeUtf8(buffer, offset, length, fatal) {
    try {
      return new TextDecoder("utf-8", { fatal, ignoreBOM: true }).decode(buffer.subarray(offset, offset + length));
    } catch {
      return null;
    }
  }
  parseUrl(url, base) {
    try {
      return urlJson(new URL(url, base));
    } catch {
      return null;
    }
  }
  setUrl(href, part, value) {
    const url = new URL(href);
    url[part] = value;
    return urlJson(url);
  }

  // Operations.

  async operate(request, body, signal) {
    switch (request.op) {
      case "sleep":
        return new Promise((resolve) => {
          const timer = setTimeout(() => resolve({}), Math.ceil(request.ms));
          signal.addEventListener("abort", () => clearTimeout(timer));
        });
      case "fetch":
        try {
          return await this.fetch(request, body, signal);
        } catch (error) {
          return { error: { name: "TypeError", message: `fetch failed: ${error.message}` } };
        }
      case "read":
        return this.read(request.stream, signal);
    }
    return { error: { name: "TypeError", message: `unknown operation ${request.op}` } };
  }
  async fetch({ method, url, headers, redirect, platform }, body, signal) {
    let target = new URL(platform ? this.baseUrl.replace(/\/$/, "") + url : url);
    let redirected = false;
    for (let hop = 0; ; hop++) {
      const response = await send(
        target,
        method,
        [...headers, ...(platform && this.platformToken ? [["authorization", `Bearer ${this.platformToken}`]] : [])],
        body,
        signal,
      );
      const location = response.headers.location;
      if (location && response.statusCode >= 300 && response.statusCode < 400 && redirect !== "manual") {
        response.destroy();
        if (redirect === "error") throw new Error("a redirect was not allowed");
        if (hop >= MAX_REDIRECTS) throw new Error("too many redirects");
        target = new URL(location, target);
        redirected = true;
        if (response.statusCode === 303) [method, body] = ["GET", undefined];
        continue;
      }
      const stream = ++this.lastId;
      this.streams.set(stream, { response, chunks: response[Symbol.asyncIterator]() });
      const list = [];
      for (let i = 0; i < response.rawHeaders.length; i += 2)
        list.push([response.rawHeaders[i], response.rawHeaders[i + 1]]);
      return {
        status: response.statusCode,
        statusText: response.statusMessage,
        headers: list,
        url: target.href,
        redirected,
        stream,
      };
    }
  }
  async read(stream, signal) {
    const open = this.streams.get(stream);
    if (!open) return { done: true };
    try {
      const aborted = new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(new Error("cancelled"))),
      );
      const { value, done } = await Promise.race([open.chunks.next(), aborted]);
      if (done) this.streams.delete(stream);
      return { done: Boolean(done), body: value };
    } catch (error) {
      this.streams.delete(stream);
      return { error: { name: "TypeError", message: `the response ended too early: ${error.message}` } };
    }
  }
}

function send(url, method, headers, body, signal) {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === "https:" ? https : http;
    const fields = {};
    for (const [name, value] of headers) fields[name] = name in fields ? [fields[name], value].flat() : value;
    if (body) fields["content-length"] = body.length;
    const outgoing = request(url, { method, headers: fields, signal, agent: false });
    outgoing.on("response", resolve).on("error", reject);
    outgoing.end(body);
  });
}
