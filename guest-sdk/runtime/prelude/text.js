// TextEncoder and TextDecoder. UTF-8 is the host's Rust; UTF-16 and the single-byte encodings come from @exodus/bytes.
import { TextDecoder as OtherDecoder, normalizeEncoding } from "@exodus/bytes/encoding-lite.js";
import { isNothing, native } from "./host.js";
import { asInterface, bytesOf, dictionary, needs } from "./webidl.js";

const BOM = "\uFEFF";

/** Encodings of the standard whose tables are not aboard: they would be three quarters of the whole bundle. */
const ABSENT = ["big5", "euc-jp", "euc-kr", "gb18030", "gbk", "iso-2022-jp", "shift_jis"];

/** The UTF-8 of `string`; lone surrogates become U+FFFD. */
export function encodeUtf8(string) {
  // Well formed already here: a string with a lone surrogate is hard to take out of QuickJS unharmed.
  return new Uint8Array(native.encodeUtf8(string.toWellFormed()));
}

/** "UTF-8 decode": errors become U+FFFD, a byte order mark goes. */
export function decodeUtf8(bytes) {
  const string = native.decodeUtf8(bytes.buffer, bytes.byteOffset, bytes.byteLength, false);
  return string[0] === BOM ? string.slice(1) : string;
}

export class TextEncoder {
  get encoding() {
    return "utf-8";
  }
  encode(input = "") {
    return encodeUtf8(`${input}`);
  }
  encodeInto(source, destination) {
    needs(arguments.length, 2, "encodeInto");
    if (!(destination instanceof Uint8Array)) throw new TypeError("encodeInto: the destination must be a Uint8Array");
    const string = `${source}`;
    // Every UTF-16 unit takes at least a byte. A cut between surrogates makes three of one, too many to stay.
    let bytes = encodeUtf8(string.slice(0, destination.length));
    if (bytes.length > destination.length) {
      let end = destination.length;
      // Not within a character: back to where one starts.
      while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
      bytes = bytes.subarray(0, end);
    }
    destination.set(bytes);
    // As long in UTF-16 as what was read: U+FFFD stands for one unit.
    const read = native.decodeUtf8(bytes.buffer, bytes.byteOffset, bytes.byteLength, false).length;
    return { read, written: bytes.length };
  }
}
asInterface(TextEncoder);

export class TextDecoder {
  #fatal;
  #ignoreBOM;
  /** For every encoding but UTF-8. */
  #other;
  /** Bytes of a character whose end is still to come. */
  #rest = new Uint8Array(0);
  #seenBOM = false;
  #streaming = false;

  constructor(label = "utf-8", options) {
    const { fatal, ignoreBOM } = dictionary(options, "new TextDecoder");
    const encoding = normalizeEncoding(`${label}`);
    if (encoding === null || encoding === "replacement" || ABSENT.includes(encoding)) {
      const known =
        encoding === null || encoding === "replacement" ? "is not known" : "is not supported by this runtime";
      throw new RangeError(`new TextDecoder: the encoding ${JSON.stringify(`${label}`)} ${known}`);
    }
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
    if (encoding !== "utf-8")
      this.#other = new OtherDecoder(encoding, { fatal: this.#fatal, ignoreBOM: this.#ignoreBOM });
  }
  get encoding() {
    return this.#other?.encoding ?? "utf-8";
  }
  get fatal() {
    return this.#fatal;
  }
  get ignoreBOM() {
    return this.#ignoreBOM;
  }
  decode(input, options) {
    const { stream } = dictionary(options, "decode");
    const bytes = input === undefined ? new Uint8Array(0) : bytesOf(input, "decode: the input");
    if (this.#other) return this.#decodeOther(bytes, Boolean(stream));
    if (!this.#streaming) this.#reset();
    this.#streaming = Boolean(stream);
    return this.#decode(bytes, this.#streaming);
  }

  #decode(bytes, more) {
    if (this.#rest.length > 0) bytes = concat([this.#rest, bytes]);
    const end = more ? bytes.length - unfinished(bytes) : bytes.length;
    this.#rest = end < bytes.length ? bytes.slice(end) : new Uint8Array(0);
    const string = native.decodeUtf8(bytes.buffer, bytes.byteOffset, end, this.#fatal);
    if (isNothing(string)) {
      this.#rest = new Uint8Array(0);
      throw new TypeError("decode: the bytes are not valid UTF-8");
    }
    if (this.#seenBOM || string === "") return string;
    this.#seenBOM = true;
    return string[0] === BOM && !this.#ignoreBOM ? string.slice(1) : string;
  }
  #decodeOther(bytes, stream) {
    try {
      return this.#other.decode(bytes, { stream });
    } catch (error) {
      throw new TypeError(`decode: the bytes are not valid ${this.encoding}`, { cause: error });
    }
  }
  #reset() {
    this.#rest = new Uint8Array(0);
    this.#seenBOM = false;
  }
}
asInterface(TextDecoder);

/** How many bytes at the end are the beginning of a character that may go on. */
function unfinished(bytes) {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (size <= back || byte < 0xc2 || byte > 0xf4) return 0;
    // A second byte out of range has ended the character already, as an error.
    return back === 1 || canFollow(byte, bytes[length - back + 1]) ? back : 0;
  }
  return 0;
}

/** Whether `second` continues a character that `first` begins: not overlong, no surrogate, not above U+10FFFF. */
function canFollow(first, second) {
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second <= 0x9f;
  if (first === 0xf0) return second >= 0x90;
  if (first === 0xf4) return second <= 0x8f;
  return true;
}

/** One array with the bytes of many. */
export function concat(chunks) {
  if (chunks.length === 1) return chunks[0];
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

/** A string with a character for every byte. */
export function latin1(bytes) {
  let string = "";
  // Arguments are on the stack, so not all at once.
  for (let i = 0; i < bytes.length; i += 4096) string += String.fromCharCode.apply(null, bytes.subarray(i, i + 4096));
  return string;
}
