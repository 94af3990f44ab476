// Headers, with the guards of the Fetch standard that make sense on a server.
import { asInterface, asPairIterable, byteString, isObject, needs } from "./webidl.js";

/** What a header name or a method is made of. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Header names and values as they go to the host: [lower-case name, value], in the order they were set. */
export let rawHeaders;

/** Headers over a list from the host, which the worker cannot change. */
export let immutableHeaders;

export class Headers {
  #list = [];
  #immutable = false;
  /** Sorted and combined, as iteration shows them; undefined after a change. */
  #sorted;

  constructor(init) {
    if (init === undefined) return;
    if (!isObject(init)) throw new TypeError("new Headers: the argument must be an object or a sequence of pairs");
    const iterator = init[Symbol.iterator];
    if (iterator !== undefined && iterator !== null) {
      for (const pair of init) {
        if (!isObject(pair)) throw new TypeError("new Headers: an element is not a pair");
        const values = [...pair];
        if (values.length !== 2) throw new TypeError("new Headers: an element is not a pair");
        this.append(values[0], values[1]);
      }
      return;
    }
    for (const name of Reflect.ownKeys(init)) {
      if (Object.getOwnPropertyDescriptor(init, name)?.enumerable) this.append(name, init[name]);
    }
  }
  append(name, value) {
    needs(arguments.length, 2, "Headers.append");
    const key = toName(name);
    const text = toValue(value, key);
    this.#change();
    this.#list.push([key, text]);
  }
  delete(name) {
    needs(arguments.length, 1, "Headers.delete");
    const key = toName(name);
    this.#change();
    this.#list = this.#list.filter((header) => header[0] !== key);
  }
  get(name) {
    needs(arguments.length, 1, "Headers.get");
    const key = toName(name);
    const values = this.#list.filter((header) => header[0] === key).map(([, value]) => value);
    return values.length === 0 ? null : values.join(", ");
  }
  getSetCookie() {
    return this.#list.filter(([name]) => name === "set-cookie").map(([, value]) => value);
  }
  has(name) {
    needs(arguments.length, 1, "Headers.has");
    const key = toName(name);
    return this.#list.some((header) => header[0] === key);
  }
  set(name, value) {
    needs(arguments.length, 2, "Headers.set");
    const key = toName(name);
    const text = toValue(value, key);
    this.#change();
    const first = this.#list.findIndex((header) => header[0] === key);
    if (first < 0) {
      this.#list.push([key, text]);
      return;
    }
    this.#list[first] = [key, text];
    this.#list = this.#list.filter((header, index) => index <= first || header[0] !== key);
  }

  #change() {
    if (this.#immutable)
      throw new TypeError("these headers cannot be changed: they belong to a response from the network");
    this.#sorted = undefined;
  }
  /** "Sort and combine": one pair a name, but each set-cookie for itself. */
  #pairs() {
    if (this.#sorted) return this.#sorted;
    const combined = new Map();
    for (const [name, value] of this.#list) {
      if (name !== "set-cookie") combined.set(name, combined.has(name) ? `${combined.get(name)}, ${value}` : value);
    }
    const pairs = [...combined, ...this.#list.filter(([name]) => name === "set-cookie")];
    // The sort is stable: cookies stay in order.
    return (this.#sorted = pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }
  static {
    rawHeaders = (headers) => headers.#list;
    immutableHeaders = (list) => {
      const headers = new Headers();
      headers.#list = list.map(([name, value]) => [name.toLowerCase(), value]);
      headers.#immutable = true;
      return headers;
    };
    asPairIterable(this, (headers) => headers.#pairs());
  }
}
asInterface(Headers);

function toName(name) {
  const string = byteString(name);
  if (!TOKEN.test(string)) throw new TypeError(`${JSON.stringify(string)} is not a header name`);
  return string.toLowerCase();
}

function toValue(value, name) {
  const string = byteString(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (/[\0\n\r]/.test(string)) throw new TypeError(`the value of the header ${name} holds a line break or NUL`);
  return string;
}
