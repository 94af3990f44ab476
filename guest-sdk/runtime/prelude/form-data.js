// FormData, and its two forms on the wire: multipart/form-data and application/x-www-form-urlencoded.
import { Blob, File, blobBytes } from "./blob.js";
import { native } from "./host.js";
import { concat, decodeUtf8, encodeUtf8, latin1 } from "./text.js";
import { URLSearchParams } from "./url.js";
import { asInterface, asPairIterable, needs, usvString } from "./webidl.js";

export class FormData {
  /** [name, string or File], in order. */
  #entries = [];

  constructor(form) {
    if (form !== undefined) throw new TypeError("new FormData: there are no HTML forms here; append the entries");
  }
  append(name, value, filename) {
    needs(arguments.length, 2, "FormData.append");
    this.#entries.push(toEntry(name, value, filename, arguments.length));
  }
  set(name, value, filename) {
    needs(arguments.length, 2, "FormData.set");
    const entry = toEntry(name, value, filename, arguments.length);
    const first = this.#entries.findIndex(([key]) => key === entry[0]);
    if (first < 0) {
      this.#entries.push(entry);
      return;
    }
    this.#entries[first] = entry;
    this.#entries = this.#entries.filter(([key], index) => index <= first || key !== entry[0]);
  }
  delete(name) {
    needs(arguments.length, 1, "FormData.delete");
    const key = usvString(name);
    this.#entries = this.#entries.filter((entry) => entry[0] !== key);
  }
  get(name) {
    needs(arguments.length, 1, "FormData.get");
    const key = usvString(name);
    return this.#entries.find((entry) => entry[0] === key)?.[1] ?? null;
  }
  getAll(name) {
    needs(arguments.length, 1, "FormData.getAll");
    const key = usvString(name);
    return this.#entries.filter((entry) => entry[0] === key).map(([, value]) => value);
  }
  has(name) {
    needs(arguments.length, 1, "FormData.has");
    const key = usvString(name);
    return this.#entries.some((entry) => entry[0] === key);
  }
  static {
    asPairIterable(this, (form) => form.#entries);
  }
}
asInterface(FormData);

function toEntry(name, value, filename, given) {
  const key = usvString(name);
  if (!(value instanceof Blob)) {
    // Even if it is undefined: with three arguments only the form for blobs is left.
    if (given > 2) throw new TypeError("FormData: only a Blob can have a file name");
    return [key, usvString(value)];
  }
  const named = filename !== undefined;
  if (value instanceof File && !named) return [key, value];
  const lastModified = value instanceof File ? value.lastModified : undefined;
  return [key, new File([value], named ? usvString(filename) : "blob", { type: value.type, lastModified })];
}

const newlines = (string) => string.replace(/\r\n|\r|\n/g, "\r\n");
const quoted = (string) => string.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");

/** The HTML standard's multipart/form-data encoding: { bytes, type }. */
export function encodeMultipart(form) {
  const boundary = `----formdata-${new Uint8Array(native.random(16)).toHex()}`;
  const chunks = [];
  for (const [name, value] of form) {
    let head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(newlines(name))}"`;
    if (typeof value === "string") {
      chunks.push(encodeUtf8(`${head}\r\n\r\n${newlines(value)}\r\n`));
      continue;
    }
    head += `; filename="${quoted(value.name)}"\r\nContent-Type: ${value.type || "application/octet-stream"}\r\n\r\n`;
    chunks.push(encodeUtf8(head), blobBytes(value), encodeUtf8("\r\n"));
  }
  chunks.push(encodeUtf8(`--${boundary}--\r\n`));
  return { bytes: concat(chunks), type: `multipart/form-data; boundary=${boundary}` };
}

const malformed = (why) => new TypeError(`formData: the body is not valid multipart/form-data: ${why}`);

/** The Fetch standard's multipart/form-data parser. */
export function decodeMultipart(bytes, boundary) {
  const form = new FormData();
  const delimiter = encodeUtf8(`--${boundary}`);
  const partEnd = concat([CRLF, delimiter]);
  if (indexOf(bytes, delimiter, 0) !== 0) throw malformed("it does not begin with its boundary");
  let position = delimiter.length;
  for (;;) {
    if (bytes[position] === 0x2d && bytes[position + 1] === 0x2d) return form;
    if (bytes[position] !== 0x0d || bytes[position + 1] !== 0x0a)
      throw malformed("a boundary is not followed by a line break");
    position += 2;
    const headEnd = indexOf(bytes, CRLF_CRLF, position);
    if (headEnd < 0) throw malformed("the headers of a part do not end");
    const head = parsePartHead(bytes.subarray(position, headEnd));
    const start = headEnd + 4;
    const end = indexOf(bytes, partEnd, start);
    if (end < 0) throw malformed("a part has no end");
    const content = bytes.slice(start, end);
    if (head.filename === undefined) form.append(head.name, decodeWithBom(content));
    else form.append(head.name, new File([content], head.filename, { type: head.type }));
    position = end + partEnd.length;
  }
}

const CRLF = new Uint8Array([0x0d, 0x0a]);
const CRLF_CRLF = new Uint8Array([0x0d, 0x0a, 0x0d, 0x0a]);

/** "UTF-8 decode without BOM" leaves the mark in place. */
function decodeWithBom(bytes) {
  return native.decodeUtf8(bytes.buffer, bytes.byteOffset, bytes.byteLength, false);
}

/** { name, filename, type } of a part. */
function parsePartHead(bytes) {
  let name;
  let filename;
  let type = "text/plain";
  for (const line of latin1(bytes).split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) throw malformed("a header line has no colon");
    const value = line.slice(colon + 1).trim();
    switch (line.slice(0, colon).trim().toLowerCase()) {
      case "content-disposition":
        if (!/^form-data\s*;/i.test(value)) throw malformed("a part is not form-data");
        name = parameter(value, "name");
        filename = parameter(value, "filename");
        break;
      case "content-type":
        type = value;
    }
  }
  if (name === undefined) throw malformed("a part has no name");
  return { name, filename, type };
}

/** A quoted parameter, as UTF-8 and with its escapes undone. */
function parameter(header, key) {
  const match = new RegExp(`;\\s*${key}="([^"]*)"`, "i").exec(header);
  if (!match) return undefined;
  const bytes = Uint8Array.from(match[1], (char) => char.charCodeAt(0));
  return decodeWithBom(bytes).replace(/%0A/gi, "\n").replace(/%0D/gi, "\r").replace(/%22/g, '"');
}

/** Where `pattern` begins in `bytes`, from `start` on; -1 where it does not. */
function indexOf(bytes, pattern, start) {
  const last = bytes.length - pattern.length;
  // The built-in search for the first byte is the fast part.
  for (let i = bytes.indexOf(pattern[0], start); i >= 0 && i <= last; i = bytes.indexOf(pattern[0], i + 1)) {
    let matched = 1;
    while (matched < pattern.length && bytes[i + matched] === pattern[matched]) matched++;
    if (matched === pattern.length) return i;
  }
  return -1;
}

export function decodeUrlencoded(bytes) {
  const form = new FormData();
  for (const [name, value] of new URLSearchParams(decodeUtf8(bytes))) form.append(name, value);
  return form;
}
