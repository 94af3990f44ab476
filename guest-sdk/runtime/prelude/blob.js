// Blob and File. Their bytes are in memory and at hand at once, because a body must be whole before the host gets it;
// the packages on npm hold parts and read them later.
import { byteStream } from "./streams.js";
import { concat, decodeUtf8, encodeUtf8 } from "./text.js";
import { asInterface, bytesOf, dictionary, isBufferSource, isObject, needs, oneOf, usvString } from "./webidl.js";

/** How many bytes a chunk of `stream()` has at most. */
const CHUNK = 64 << 10;

/** The bytes of a blob, not to be changed. */
export let blobBytes;

/** A blob that has `bytes`, which nobody else may change. */
export let blobOver;

export class Blob {
  #bytes;
  #type;

  constructor(parts = [], options) {
    if (!isObject(parts) || typeof parts[Symbol.iterator] !== "function")
      throw new TypeError("new Blob: the parts must be a sequence");
    const { endings = "transparent", type = "" } = dictionary(options, "new Blob");
    const native = oneOf(endings, ["transparent", "native"], "new Blob: endings") === "native";
    this.#bytes = concat(Array.from(parts, (part) => partBytes(part, native)));
    this.#type = normalType(type);
  }
  get size() {
    return this.#bytes.length;
  }
  get type() {
    return this.#type;
  }
  slice(start = 0, end = this.size, type = "") {
    return blobOver(this.#bytes.slice(toIndex(start), toIndex(end)), type);
  }
  async arrayBuffer() {
    return this.#bytes.slice().buffer;
  }
  async bytes() {
    return this.#bytes.slice();
  }
  async text() {
    return decodeUtf8(this.#bytes);
  }
  stream() {
    const bytes = this.#bytes;
    let offset = 0;
    return byteStream(async () => (offset < bytes.length ? bytes.slice(offset, (offset += CHUNK)) : undefined));
  }

  static {
    blobBytes = (blob) => blob.#bytes;
    blobOver = (bytes, type) => {
      const blob = new Blob();
      blob.#bytes = bytes;
      blob.#type = normalType(type);
      return blob;
    };
  }
}
asInterface(Blob);

function partBytes(part, nativeEndings) {
  if (part instanceof Blob) return blobBytes(part);
  if (isBufferSource(part)) return bytesOf(part).slice();
  const string = usvString(part);
  return encodeUtf8(nativeEndings ? string.replace(/\r\n?/g, "\n") : string);
}

/** Web IDL's `long long` with [Clamp]. */
function toIndex(value) {
  const number = Number(value);
  return Number.isNaN(number) ? 0 : Math.round(number);
}

/** A type outside printable ASCII is none. */
function normalType(type) {
  const string = `${type}`;
  return /[^\x20-\x7e]/.test(string) ? "" : string.toLowerCase();
}

export class File extends Blob {
  #name;
  #lastModified;
  constructor(parts, name, options) {
    needs(arguments.length, 2, "new File");
    super(parts, options);
    this.#name = usvString(name);
    const { lastModified = Date.now() } = dictionary(options, "new File");
    this.#lastModified = Math.trunc(Number(lastModified)) || 0;
  }
  get name() {
    return this.#name;
  }
  get lastModified() {
    return this.#lastModified;
  }
  get webkitRelativePath() {
    return "";
  }
}
asInterface(File);
