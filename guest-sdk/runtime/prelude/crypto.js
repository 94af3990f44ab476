// The global `crypto` without `subtle`, and random bytes for whoever needs them here.
import { DOMException } from "./dom-exception.js";
import { native } from "./host.js";
import { SubtleCrypto, subtle } from "./subtle.js";
import { asInterface, needs } from "./webidl.js";

const KEY = Symbol("made here");

/** The Web Cryptography API's limit, and the host's. */
export const MAX_RANDOM_BYTES = 65536;

const INTEGERS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "BigInt64Array",
  "BigUint64Array",
];

export const randomBytes = (length) => new Uint8Array(native.random(length));

export class Crypto {
  constructor(key) {
    if (key !== KEY) throw new TypeError("Illegal constructor");
  }
  get subtle() {
    return subtle;
  }
  getRandomValues(array) {
    needs(arguments.length, 1, "crypto.getRandomValues");
    if (!ArrayBuffer.isView(array) || !INTEGERS.includes(array[Symbol.toStringTag])) {
      throw new DOMException(
        "crypto.getRandomValues: the argument must be a typed array of integers",
        "TypeMismatchError",
      );
    }
    if (array.byteLength > MAX_RANDOM_BYTES) {
      throw new DOMException(
        `crypto.getRandomValues: at most ${MAX_RANDOM_BYTES} bytes at once, not ${array.byteLength}`,
        "QuotaExceededError",
      );
    }
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(randomBytes(array.byteLength));
    return array;
  }
  randomUUID() {
    const bytes = randomBytes(16);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
}
asInterface(Crypto);

export const crypto = new Crypto(KEY);
export { SubtleCrypto };
