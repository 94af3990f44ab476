// Requests and the bodies of their responses, as host operations.
import { onAbort } from "./abort.js";
import { DOMException } from "./dom-exception.js";
import { call, isNothing } from "./host.js";
import { cancel, start } from "./operations.js";

/** A name in a warning is at most this long. */
const MAX_SHOWN_URL = 80;

/** A URL for a log line: query, fragment and credentials can hold secrets. */
function shownUrl(url) {
  const bare = url.replace(/[?#].*$/s, "").replace(/^([a-z]+:\/\/)[^/]*@/i, "$1");
  return bare.length > MAX_SHOWN_URL ? `${bare.slice(0, MAX_SHOWN_URL - 1)}…` : bare;
}

/**
 * Starts `request` ({ method, url, headers, redirect, platform }) with `body` (ArrayBuffer or undefined) and gives the
 * answer's head, with `incoming` in the place of the stream's number. `failure` is a TypeError made where the worker
 * called: what is made when the answer comes has no line of the worker on its stack.
 */
export function send(request, body, signal, failure) {
  return new Promise((resolve, reject) => {
    const name = `${request.method} ${shownUrl(request.url)}`;
    let forget;
    const id = start({ op: "fetch", ...request }, body, name, ({ error, stream, ...answer }) => {
      forget();
      if (error) reject(asError(error, failure));
      else
        resolve({
          ...answer,
          incoming: isNothing(stream) ? null : new Incoming(stream, name, signal, failure),
        });
    });
    forget = onAbort(signal, (reason) => {
      cancel(id);
      reject(reason);
    });
  });
}

/** The host's `{ name, message }` as an error with the stack of `failure`. */
function asError({ name, message }, failure) {
  if (name === undefined || name === "TypeError") {
    failure.message = message;
    return failure;
  }
  const error =
    /Error$/.test(name) && typeof globalThis[name] === "function"
      ? new globalThis[name](message)
      : new DOMException(message, name);
  error.stack = failure.stack;
  return error;
}

/** The body of a response, read chunk by chunk as the host has it. */
export class Incoming {
  #stream;
  #name;
  #failure;
  /** "open", "closed", or { error } once it failed. */
  #state = "open";
  /** The read under way: { id, reject }. */
  #reading;
  #forget;

  constructor(stream, name, signal, failure) {
    this.#stream = stream;
    this.#name = `the body of ${name}`;
    this.#failure = failure;
    this.#forget = onAbort(signal, (reason) => this.#abort(reason));
  }

  /** The next chunk, undefined at the end. One at a time. */
  read() {
    return new Promise((resolve, reject) => {
      if (this.#state === "closed") return resolve(undefined);
      if (this.#state !== "open") return reject(this.#state.error);
      const id = start({ op: "read", stream: this.#stream }, undefined, this.#name, ({ done, error }, chunk) => {
        this.#reading = undefined;
        if (error) {
          this.#state = { error: asError(error, this.#failure) };
          this.#forget();
          return reject(this.#state.error);
        }
        if (done) this.#end();
        resolve(chunk?.byteLength > 0 ? new Uint8Array(chunk) : done ? undefined : new Uint8Array(0));
      });
      this.#reading = { id, reject };
    });
  }

  /** Lets the host drop what is still to come. */
  close() {
    if (this.#state !== "open") return;
    this.#end();
    if (this.#reading) cancel(this.#reading.id);
    call({ op: "close", stream: this.#stream });
  }

  #end() {
    this.#state = "closed";
    this.#forget();
  }
  #abort(reason) {
    const reading = this.#reading;
    this.close();
    this.#state = { error: reason };
    reading?.reject(reason);
  }
}
