// context.crypto on Node's own.
"use strict";
const node = require("node:crypto");
const { isAnyArrayBuffer } = require("node:util/types");

/** The Web Cryptography API's limit, which the runtime has too. */
const MAX_RANDOM_BYTES = 65536;
const HASHES = ["sha256", "sha512"];

function toHash(algorithm, what) {
  const name = `${algorithm}`.toLowerCase().replace("-", "");
  if (!HASHES.includes(name))
    throw new TypeError(`${what}: the algorithm must be sha256 or sha512, not ${JSON.stringify(algorithm)}`);
  return name;
}

function toBytes(data, what) {
  // As the runtime: U+FFFD for lone surrogates.
  if (typeof data === "string") return Buffer.from(data, "utf8");
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (isAnyArrayBuffer(data)) return Buffer.from(data);
  throw new TypeError(`${what} must be an ArrayBuffer or a view of one`);
}

function encode(bytes, encoding, what) {
  if (encoding !== "hex" && encoding !== "base64")
    throw new TypeError(`${what}: the encoding must be hex or base64, not ${JSON.stringify(encoding)}`);
  return bytes.toString(encoding);
}

const crypto = {
  hash(algorithm, data, encoding = "hex") {
    const what = "crypto.hash";
    const name = toHash(algorithm, what);
    return encode(
      node
        .createHash(name)
        .update(toBytes(data, `${what}: the data`))
        .digest(),
      encoding,
      what,
    );
  },
  hmac(algorithm, key, data, encoding = "hex") {
    const what = "crypto.hmac";
    const name = toHash(algorithm, what);
    const mac = node.createHmac(name, toBytes(key, `${what}: the key`)).update(toBytes(data, `${what}: the data`));
    return encode(mac.digest(), encoding, what);
  },
  randomBytes(size, encoding = "hex") {
    if (!Number.isInteger(size) || size < 0 || size > MAX_RANDOM_BYTES)
      throw new RangeError(`crypto.randomBytes: the size must be from 0 to ${MAX_RANDOM_BYTES}, not ${size}`);
    return encode(node.randomBytes(size), encoding, "crypto.randomBytes");
  },
};

module.exports = { crypto };
