// CryptoKey, and the algorithms keys can have here: HMAC and AES-GCM.
import { DOMException } from "./dom-exception.js";
import { asInterface, isObject } from "./webidl.js";

const MAKE = Symbol("made here");

/** What a key is: { bytes, algorithm, usages }. Its getters show copies, which the worker may change. */
export let keyParts;

export class CryptoKey {
  #parts;
  #extractable;
  /** Made when they are asked for; the same object every time, as the standard has it. */
  #algorithm;
  #usages;
  constructor(key, bytes, algorithm, extractable, usages) {
    if (key !== MAKE) throw new TypeError("Illegal constructor: use crypto.subtle.importKey or generateKey");
    this.#parts = { bytes, algorithm, usages };
    this.#extractable = extractable;
  }
  get type() {
    return "secret";
  }
  get extractable() {
    return this.#extractable;
  }
  get algorithm() {
    return (this.#algorithm ??= copyOf(this.#parts.algorithm));
  }
  get usages() {
    return (this.#usages ??= [...this.#parts.usages]);
  }
  static {
    keyParts = (key) => key.#parts;
  }
}
asInterface(CryptoKey);

const copyOf = ({ hash, ...algorithm }) => (hash ? { ...algorithm, hash: { ...hash } } : algorithm);

export const makeKey = (...args) => new CryptoKey(MAKE, ...args);

const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
const CIPHERS_AND_MACS = ["HMAC", "AES-GCM"];

/** Block sizes in bytes: the length of a generated HMAC key. */
export const BLOCK_BYTES = { "SHA-1": 64, "SHA-256": 64, "SHA-384": 128, "SHA-512": 128 };

function named(algorithm, known, what) {
  const given = isObject(algorithm) ? algorithm.name : algorithm;
  if (given === undefined) throw new TypeError(`${what}: the algorithm has no name`);
  const name = known.find((each) => each === `${given}`.toUpperCase());
  if (name) return name;
  throw new DOMException(
    `${what}: the algorithm ${given} is not supported; ${known.join(", ")} are`,
    "NotSupportedError",
  );
}

export const hashName = (algorithm, what) => named(algorithm, HASHES, what);
export const keyAlgorithm = (algorithm, what) => named(algorithm, CIPHERS_AND_MACS, what);

const USAGES = { HMAC: ["sign", "verify"], "AES-GCM": ["encrypt", "decrypt", "wrapKey", "unwrapKey"] };

/** The usages in the standard's order, checked against the algorithm. */
export function toUsages(usages, name, what) {
  const given = [...usages].map(String);
  const wrong = given.find((usage) => !USAGES[name].includes(usage));
  if (wrong !== undefined)
    throw new DOMException(`${what}: a key for ${name} cannot be used to ${JSON.stringify(wrong)}`, "SyntaxError");
  if (given.length === 0) throw new DOMException(`${what}: a secret key needs at least one usage`, "SyntaxError");
  return USAGES[name].filter((usage) => given.includes(usage));
}

/** Checks that `key` is for `algorithm` and may be used so. */
export function checkKey(key, algorithm, usage) {
  const what = `crypto.subtle.${usage}`;
  if (!(key instanceof CryptoKey)) throw new TypeError(`${what}: the key is not a CryptoKey`);
  const name = keyAlgorithm(algorithm, what);
  const { algorithm: own, usages } = keyParts(key);
  if (own.name !== name)
    throw new DOMException(`${what}: the key is for ${own.name}, not for ${name}`, "InvalidAccessError");
  if (!usages.includes(usage))
    throw new DOMException(`${what}: the key may not be used for that`, "InvalidAccessError");
  return name;
}
