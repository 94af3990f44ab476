// The bits of Web IDL that the classes here share: conversions, iterators, and how an interface looks from outside.

/** Prototypes of platform objects, which `structuredClone` must refuse unless it knows them. */
export const platformPrototypes = new WeakSet();

/** A string without lone surrogates. */
export const usvString = (value) => `${value}`.toWellFormed();

/** A string whose characters are bytes, as header names and values are. */
export function byteString(value) {
  const string = `${value}`;
  if (/[^\0-\xff]/.test(string)) {
    throw new TypeError(`a header can only hold the characters U+0000 to U+00FF: ${JSON.stringify(string)}`);
  }
  return string;
}

export function needs(given, count, what) {
  if (given < count) throw new TypeError(`${what} needs ${count} argument${count === 1 ? "" : "s"}, but got ${given}`);
}

export const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

/** A whole number from 0 to `max`, as Web IDL's [EnforceRange] wants it. */
export function enforceRange(value, max, what) {
  const number = Math.trunc(Number(value));
  if (!(number >= 0 && number <= max)) throw new TypeError(`${what} must be a number from 0 to ${max}`);
  return number;
}

/** An options bag: undefined and null are empty ones. */
export function dictionary(value, what) {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new TypeError(`${what}: the options must be an object`);
  return value;
}

export function oneOf(value, allowed, what) {
  const string = `${value}`;
  if (!allowed.includes(string))
    throw new TypeError(`${what}: ${JSON.stringify(string)} is none of ${allowed.join(", ")}`);
  return string;
}

export const isBufferSource = (value) => ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

/** The bytes of a buffer or view, not copied. */
export function bytesOf(source, what) {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new TypeError(`${what} must be an ArrayBuffer or a view of one`);
}

/** An ArrayBuffer with exactly these bytes: the host takes whole buffers. Copies only where it must. */
export function exactBuffer(bytes) {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteLength === buffer.byteLength) return buffer;
  return bytes.slice().buffer;
}

/** Makes a class look like an interface: members enumerable, a string tag, and known as a platform object. */
export function asInterface(Class) {
  const { prototype } = Class;
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (key !== "constructor") Object.defineProperty(prototype, key, { enumerable: true });
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: Class.name, configurable: true });
  platformPrototypes.add(prototype);
}

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));

/** Gives `Class` entries, keys, values, forEach and iteration over `pairsOf(instance)`, read anew at every step. */
export function asPairIterable(Class, pairsOf) {
  class PairIterator {
    #target;
    #pick;
    #index = 0;
    constructor(target, pick) {
      pairsOf(target);
      this.#target = target;
      this.#pick = pick;
    }
    next() {
      const pairs = pairsOf(this.#target);
      if (this.#index >= pairs.length) return { value: undefined, done: true };
      return { value: this.#pick(pairs[this.#index++]), done: false };
    }
  }
  Object.setPrototypeOf(PairIterator.prototype, IteratorPrototype);
  Object.defineProperty(PairIterator.prototype, "next", { enumerable: true });
  Object.defineProperty(PairIterator.prototype, Symbol.toStringTag, {
    value: `${Class.name} Iterator`,
    configurable: true,
  });
  delete PairIterator.prototype.constructor;
  const methods = {
    entries() {
      return new PairIterator(this, ([key, value]) => [key, value]);
    },
    keys() {
      return new PairIterator(this, ([key]) => key);
    },
    values() {
      return new PairIterator(this, ([, value]) => value);
    },
    forEach(callback, thisArgument) {
      needs(arguments.length, 1, `${Class.name}.forEach`);
      if (typeof callback !== "function") throw new TypeError(`${Class.name}.forEach: the callback must be a function`);
      for (let i = 0; i < pairsOf(this).length; i++) {
        const [key, value] = pairsOf(this)[i];
        callback.call(thisArgument, value, key, this);
      }
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Class.prototype, name, { value, writable: true, enumerable: true, configurable: true });
  }
  Object.defineProperty(Class.prototype, Symbol.iterator, {
    value: methods.entries,
    writable: true,
    configurable: true,
  });
}
