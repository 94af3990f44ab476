// crypto.subtle: digests, HMAC and AES-GCM, computed by the host's Rust. Everything else is refused by name.
import { BLOCK_BYTES, CryptoKey, checkKey, hashName, keyAlgorithm, keyParts, makeKey, toUsages } from "./crypto-key.js";
import { DOMException } from "./dom-exception.js";
import { isNothing, native } from "./host.js";
import { asInterface, bytesOf, dictionary, enforceRange, exactBuffer, needs, oneOf } from "./webidl.js";

const KEY = Symbol("made here");
const FORMATS = ["raw", "pkcs8", "spki", "jwk"];
const AES_BITS = [128, 192, 256];
/** The only tag length the host computes; the standard's default. */
const TAG_BITS = 128;
/** The lengths of an iv that the host is built for: the one everybody uses, and that of a block. */
const IV_BYTES = [12, 16];

const buffer = (source, what) => exactBuffer(bytesOf(source, what));
const unsupported = (method) => {
  throw new DOMException(`crypto.subtle.${method} is not supported by this runtime`, "NotSupportedError");
};

export class SubtleCrypto {
  constructor(key) {
    if (key !== KEY) throw new TypeError("Illegal constructor");
  }
  async digest(algorithm, data) {
    needs(arguments.length, 2, "crypto.subtle.digest");
    return native.digest(hashName(algorithm, "crypto.subtle.digest"), buffer(data, "crypto.subtle.digest: the data"));
  }
  async sign(algorithm, key, data) {
    needs(arguments.length, 3, "crypto.subtle.sign");
    requireHmac(checkKey(key, algorithm, "sign"), "sign");
    return hmac(key, data);
  }
  async verify(algorithm, key, signature, data) {
    needs(arguments.length, 4, "crypto.subtle.verify");
    requireHmac(checkKey(key, algorithm, "verify"), "verify");
    return equal(bytesOf(signature, "crypto.subtle.verify: the signature"), new Uint8Array(hmac(key, data)));
  }
  async encrypt(algorithm, key, data) {
    needs(arguments.length, 3, "crypto.subtle.encrypt");
    checkKey(key, algorithm, "encrypt");
    return aesGcm(true, algorithm, key, data);
  }
  async decrypt(algorithm, key, data) {
    needs(arguments.length, 3, "crypto.subtle.decrypt");
    checkKey(key, algorithm, "decrypt");
    const plain = aesGcm(false, algorithm, key, data);
    if (isNothing(plain))
      throw new DOMException(
        "crypto.subtle.decrypt: the data was not encrypted with this key and these parameters",
        "OperationError",
      );
    return plain;
  }
  async generateKey(algorithm, extractable, usages) {
    needs(arguments.length, 3, "crypto.subtle.generateKey");
    const what = "crypto.subtle.generateKey";
    const name = keyAlgorithm(algorithm, what);
    const allowed = toUsages(usages, name, what);
    if (name === "AES-GCM") {
      const bits = toBits(algorithm.length, what);
      if (!AES_BITS.includes(bits))
        throw new DOMException(`${what}: an AES key has 128, 192 or 256 bits`, "OperationError");
      return makeKey(random(bits / 8), { name, length: bits }, Boolean(extractable), allowed);
    }
    const hash = hashName(algorithm.hash, what);
    const bits = algorithm.length === undefined ? BLOCK_BYTES[hash] * 8 : toBits(algorithm.length, what);
    if (bits === 0) throw new DOMException(`${what}: a key has at least one bit`, "OperationError");
    return makeKey(
      firstBits(random(Math.ceil(bits / 8)), bits),
      { name, hash: { name: hash }, length: bits },
      Boolean(extractable),
      allowed,
    );
  }
  async importKey(format, keyData, algorithm, extractable, usages) {
    needs(arguments.length, 5, "crypto.subtle.importKey");
    const what = "crypto.subtle.importKey";
    const kind = oneOf(format, FORMATS, `${what}: the format`);
    const name = keyAlgorithm(algorithm, what);
    const allowed = toUsages(usages, name, what);
    if (kind !== "raw" && kind !== "jwk")
      throw new DOMException(`${what}: a secret key cannot be imported as ${kind}`, "NotSupportedError");
    const hash = name === "HMAC" ? hashName(algorithm.hash, what) : undefined;
    const bytes =
      kind === "raw"
        ? bytesOf(keyData, `${what}: the key`).slice()
        : fromJwk(keyData, name, hash, Boolean(extractable), allowed);
    if (name === "AES-GCM") {
      if (!AES_BITS.includes(bytes.length * 8))
        throw new DOMException(`${what}: an AES key has 16, 24 or 32 bytes, not ${bytes.length}`, "DataError");
      return makeKey(bytes, { name, length: bytes.length * 8 }, Boolean(extractable), allowed);
    }
    if (bytes.length === 0) throw new DOMException(`${what}: the key is empty`, "DataError");
    const given = bytes.length * 8;
    const bits = algorithm.length === undefined ? given : toBits(algorithm.length, what);
    // Bits of the last byte may be left out, whole bytes may not.
    if (bits > given || bits <= given - 8)
      throw new DOMException(`${what}: the key has ${given} bits, not ${bits}`, "DataError");
    return makeKey(firstBits(bytes, bits), { name, hash: { name: hash }, length: bits }, Boolean(extractable), allowed);
  }
  async exportKey(format, key) {
    needs(arguments.length, 2, "crypto.subtle.exportKey");
    const what = "crypto.subtle.exportKey";
    const kind = oneOf(format, FORMATS, `${what}: the format`);
    if (!(key instanceof CryptoKey)) throw new TypeError(`${what}: the key is not a CryptoKey`);
    if (!key.extractable) throw new DOMException(`${what}: the key is not extractable`, "InvalidAccessError");
    const { bytes, algorithm, usages } = keyParts(key);
    if (kind === "raw") return bytes.slice().buffer;
    if (kind !== "jwk")
      throw new DOMException(`${what}: a secret key cannot be exported as ${kind}`, "NotSupportedError");
    return {
      kty: "oct",
      k: bytes.toBase64({ alphabet: "base64url", omitPadding: true }),
      alg: jwkAlgorithm(algorithm.name, algorithm.hash?.name, algorithm.length),
      key_ops: [...usages],
      ext: true,
    };
  }
  async deriveBits() {
    unsupported("deriveBits");
  }
  async deriveKey() {
    unsupported("deriveKey");
  }
  async wrapKey() {
    unsupported("wrapKey");
  }
  async unwrapKey() {
    unsupported("unwrapKey");
  }
}
asInterface(SubtleCrypto);

export const subtle = new SubtleCrypto(KEY);

function requireHmac(name, method) {
  if (name !== "HMAC")
    throw new DOMException(`crypto.subtle.${method}: ${name} keys cannot ${method}`, "NotSupportedError");
}

function random(length) {
  if (length > 65536) throw new DOMException("crypto.subtle.generateKey: the key is too long", "OperationError");
  return new Uint8Array(native.random(length));
}

function hmac(key, data) {
  const { bytes, algorithm } = keyParts(key);
  return native.hmac(algorithm.hash.name, exactBuffer(bytes), buffer(data, "the data"));
}

/** Web IDL's [EnforceRange] unsigned long. */
const toBits = (length, what) => enforceRange(length, 2 ** 32 - 1, `${what}: the length`);

/** `bytes` with nothing but zeros behind the first `bits`; there are less than 8 others. */
function firstBits(bytes, bits) {
  if (bits % 8 > 0) bytes[bytes.length - 1] &= 0xff00 >> (bits % 8);
  return bytes;
}

/** Takes as long whatever the first difference is. */
function equal(a, b) {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}

function aesGcm(encrypt, algorithm, key, data) {
  const what = `crypto.subtle.${encrypt ? "encrypt" : "decrypt"}`;
  const { bytes, algorithm: own } = keyParts(key);
  if (own.name !== "AES-GCM") throw new DOMException(`${what}: ${own.name} keys cannot do that`, "NotSupportedError");
  const { iv, additionalData, tagLength = TAG_BITS } = dictionary(algorithm, what);
  if (![32, 64, 96, 104, 112, 120, 128].includes(Number(tagLength)))
    throw new DOMException(`${what}: ${tagLength} is no tag length`, "OperationError");
  if (Number(tagLength) !== TAG_BITS)
    throw new DOMException(`${what}: only tags of ${TAG_BITS} bits are supported`, "NotSupportedError");
  const nonce = buffer(iv, `${what}: iv`);
  if (nonce.byteLength === 0) throw new DOMException(`${what}: the iv is empty`, "OperationError");
  if (!IV_BYTES.includes(nonce.byteLength)) {
    throw new DOMException(
      `${what}: an iv of ${nonce.byteLength} bytes is not supported by this runtime; use 12, as AES-GCM is made for`,
      "NotSupportedError",
    );
  }
  const aad = additionalData === undefined ? new ArrayBuffer(0) : buffer(additionalData, `${what}: additionalData`);
  const input = buffer(data, `${what}: the data`);
  if (!encrypt && input.byteLength < TAG_BITS / 8)
    throw new DOMException(`${what}: the data is shorter than its tag`, "OperationError");
  return native.aesGcm(encrypt, exactBuffer(bytes), nonce, aad, input);
}

const jwkAlgorithm = (name, hash, bits) => (name === "HMAC" ? `HS${hash.slice(4)}` : `A${bits}GCM`);

/** The bytes of a JSON Web Key, checked as the Web Cryptography API says. */
function fromJwk(jwk, name, hash, extractable, usages) {
  const what = "crypto.subtle.importKey";
  const wrong = (why) => {
    throw new DOMException(`${what}: ${why}`, "DataError");
  };
  const { kty, k, alg, use, key_ops: operations, ext } = dictionary(jwk, what);
  if (kty !== "oct") wrong('the "kty" of a secret JWK is "oct"');
  if (typeof k !== "string") wrong('the JWK has no "k"');
  let bytes;
  try {
    bytes = Uint8Array.fromBase64(k, { alphabet: "base64url" });
  } catch {
    wrong('"k" is not base64url');
  }
  if (alg !== undefined && alg !== jwkAlgorithm(name, hash, bytes.length * 8))
    wrong(`the "alg" ${alg} is not that of the key`);
  if (use !== undefined && use !== (name === "HMAC" ? "sig" : "enc"))
    wrong(`the "use" ${use} does not go with ${name}`);
  if (operations !== undefined && usages.some((usage) => !operations.includes(usage)))
    wrong('"key_ops" does not allow these usages');
  if (ext === false && extractable) wrong('"ext" forbids an extractable key');
  return bytes;
}
