// PlatformContext, the first argument of every handler. Made once, at build time; its members ask the host when touched.
import { MAX_RANDOM_BYTES, randomBytes } from "./crypto.js";
import { call, native } from "./host.js";
import { response } from "./http-response.js";
import { platformHttp } from "./platform-http.js";
import { state } from "./state.js";
import { encodeUtf8 } from "./text.js";
import { wait } from "./timers.js";
import { bytesOf, exactBuffer, usvString } from "./webidl.js";

/** What the host tells about the execution, asked for once. */
let known;
const facts = () => (known ??= call({ op: "facts" }));

// Without a prototype: "constructor" is no algorithm.
const HASHES = { __proto__: null, sha256: "SHA-256", sha512: "SHA-512" };

function toHash(algorithm, what) {
  const name = HASHES[`${algorithm}`.toLowerCase().replace("-", "")];
  if (!name) throw new TypeError(`${what}: the algorithm must be sha256 or sha512, not ${JSON.stringify(algorithm)}`);
  return name;
}

const toBuffer = (data, what) => exactBuffer(typeof data === "string" ? encodeUtf8(data) : bytesOf(data, what));

function encode(bytes, encoding, what) {
  if (encoding === "hex") return bytes.toHex();
  if (encoding === "base64") return bytes.toBase64();
  throw new TypeError(`${what}: the encoding must be hex or base64, not ${JSON.stringify(encoding)}`);
}

const crypto = {
  hash(algorithm, data, encoding = "hex") {
    const what = "crypto.hash";
    return encode(
      new Uint8Array(native.digest(toHash(algorithm, what), toBuffer(data, `${what}: the data`))),
      encoding,
      what,
    );
  },
  hmac(algorithm, key, data, encoding = "hex") {
    const what = "crypto.hmac";
    const mac = native.hmac(
      toHash(algorithm, what),
      toBuffer(key, `${what}: the key`),
      toBuffer(data, `${what}: the data`),
    );
    return encode(new Uint8Array(mac), encoding, what);
  },
  randomBytes(size, encoding = "hex") {
    if (!Number.isInteger(size) || size < 0 || size > MAX_RANDOM_BYTES) {
      throw new RangeError(`crypto.randomBytes: the size must be from 0 to ${MAX_RANDOM_BYTES}, not ${size}`);
    }
    return encode(randomBytes(size), encoding, "crypto.randomBytes");
  },
};

export function makeContext(axios) {
  const context = {
    clients: { platformHttp, axios },
    secrets: { get: (key) => call({ op: "secret", key: usvString(key) }).value },
    properties: { get: (key) => call({ op: "property", key: usvString(key) }).value },
    state,
    crypto,
    response,
    wait,
    getRemainingExecutionTime: () => Math.max(0, Math.floor(call({ op: "remaining" }).ms)),
    get baseUrl() {
      return facts().baseUrl;
    },
  };
  // Not enumerable: a context that is logged or returned as a whole does not give the token away.
  Object.defineProperty(context, "platformToken", { get: () => facts().platformToken, configurable: true });
  return context;
}
