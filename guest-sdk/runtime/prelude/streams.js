// Streams: web-streams-polyfill, and the transforms that other standards build on them.
import "./early.js";
import { Deflate, Gunzip, Gzip, Inflate, Unzlib, Zlib } from "fflate";
import * as streams from "web-streams-polyfill";
import { Adler32, Crc32 } from "./checksum.js";
import { TextDecoder, concat, encodeUtf8 } from "./text.js";
import { asInterface, bytesOf, needs, oneOf, platformPrototypes } from "./webidl.js";

export const { ReadableStream, TransformStream } = streams;

for (const Class of Object.values(streams)) platformPrototypes.add(Class.prototype);

/** Whether anything was ever read from, or cancelled on, a stream. The polyfill keeps the standard's slot under this name. */
export const isDisturbed = (stream) => stream._disturbed;

/** A byte stream over `pull() -> Promise<Uint8Array | undefined>` and `cancel()`. Nothing is pulled before it is read. */
export function byteStream(pull, cancel) {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      let chunk;
      do chunk = await pull();
      while (chunk?.length === 0);
      if (chunk) {
        controller.enqueue(chunk);
        return;
      }
      controller.close();
      // A reader with a buffer of its own waits for that buffer.
      controller.byobRequest?.respond(0);
    },
    cancel,
  });
}

/** The chunk of a read from a body stream, undefined at the end. */
export function chunkOf({ value, done }) {
  if (done) return undefined;
  if (value instanceof Uint8Array) return value;
  throw new TypeError("a body stream may only hold Uint8Array chunks; encode text with TextEncoder");
}

/** All chunks of a stream; it stays locked, like any stream that was consumed. */
export async function readAll(stream) {
  const reader = stream.getReader();
  const chunks = [];
  try {
    for (;;) {
      const chunk = chunkOf(await reader.read());
      if (chunk === undefined) return chunks;
      chunks.push(chunk);
    }
  } catch (error) {
    // Where the stream itself failed there is nothing left to cancel.
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** A class with `readable` and `writable`; its constructor hands a transformer to `super`. */
class Transform {
  #stream;
  constructor(transformer) {
    this.#stream = new TransformStream(transformer);
  }
  get readable() {
    return this.#stream.readable;
  }
  get writable() {
    return this.#stream.writable;
  }
}

/** The members of Transform, on the class itself as the standard's mixin has them. */
function asTransform(Class) {
  for (const name of ["readable", "writable"]) {
    Object.defineProperty(Class.prototype, name, Object.getOwnPropertyDescriptor(Transform.prototype, name));
  }
  asInterface(Class);
}

export class TextEncoderStream extends Transform {
  constructor() {
    let lead = "";
    super({
      transform(chunk, controller) {
        let string = lead + `${chunk}`;
        const last = string.charCodeAt(string.length - 1);
        lead = (last & 0xfc00) === 0xd800 ? string.at(-1) : "";
        if (lead) string = string.slice(0, -1);
        if (string) controller.enqueue(encodeUtf8(string));
      },
      flush(controller) {
        if (lead) controller.enqueue(encodeUtf8(lead));
      },
    });
  }
  get encoding() {
    return "utf-8";
  }
}
asTransform(TextEncoderStream);

export class TextDecoderStream extends Transform {
  #decoder;
  constructor(label, options) {
    const decoder = new TextDecoder(label, options);
    const push = (text, controller) => {
      if (text) controller.enqueue(text);
    };
    super({
      transform: (chunk, controller) => push(decoder.decode(bytesOf(chunk, "a chunk"), { stream: true }), controller),
      flush: (controller) => push(decoder.decode(), controller),
    });
    this.#decoder = decoder;
  }
  get encoding() {
    return this.#decoder.encoding;
  }
  get fatal() {
    return this.#decoder.fatal;
  }
  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }
}
asTransform(TextDecoderStream);

const COMPRESSORS = { deflate: Zlib, "deflate-raw": Deflate, gzip: Gzip };
const DECOMPRESSORS = { deflate: Unzlib, "deflate-raw": Inflate, gzip: Gunzip };

const toFormat = (format, what) => oneOf(format, Object.keys(COMPRESSORS), what);

/** What the decompressed data is checked against; raw deflate has nothing. */
const CHECKSUMS = { deflate: Adler32, gzip: Crc32 };

/** A transformer over one of fflate's classes, which call `ondata(bytes, final)`; `trailer` checks what is decompressed. */
function codec(codecs, format, what, trailer) {
  // No time in the header of a gzip file: the same bytes in, the same bytes out.
  const machine = new codecs[format]({ mtime: 0 });
  let ended = false;
  const push = (bytes, final, controller) => {
    machine.ondata = (chunk, last) => {
      trailer?.decompressed(chunk);
      if (chunk.length > 0) controller.enqueue(chunk);
      ended ||= last;
    };
    try {
      machine.push(bytes, final);
    } catch (error) {
      throw new TypeError(`${what}: the data is not valid ${format}`, { cause: error });
    }
  };
  return {
    transform(chunk, controller) {
      const bytes = bytesOf(chunk, "a chunk").slice();
      trailer?.compressed(bytes);
      push(bytes, false, controller);
    },
    flush(controller) {
      push(new Uint8Array(0), true, controller);
      if (!ended) throw new TypeError(`${what}: the data ends too early`);
      if (trailer && !trailer.fits())
        throw new TypeError(`${what}: the data is damaged, or goes on behind its end: the checksum does not fit`);
    },
  };
}

/** The last bytes of the compressed data, and the checksum they should be. */
class Trailer {
  #sum;
  #last = new Uint8Array(0);
  #bytes;
  constructor(Checksum) {
    this.#sum = new Checksum();
    this.#bytes = Checksum.BYTES;
  }
  compressed(bytes) {
    this.#last = concat([this.#last, bytes.subarray(-this.#bytes)]).slice(-this.#bytes);
  }
  decompressed(bytes) {
    this.#sum.add(bytes);
  }
  fits() {
    return this.#last.length === this.#bytes && this.#sum.matches(this.#last);
  }
}

export class CompressionStream extends Transform {
  constructor(format) {
    needs(arguments.length, 1, "new CompressionStream");
    super(codec(COMPRESSORS, toFormat(format, "CompressionStream"), "CompressionStream"));
  }
}
asTransform(CompressionStream);

export class DecompressionStream extends Transform {
  constructor(format) {
    needs(arguments.length, 1, "new DecompressionStream");
    const name = toFormat(format, "DecompressionStream");
    const trailer = CHECKSUMS[name] && new Trailer(CHECKSUMS[name]);
    super(codec(DECOMPRESSORS, name, "DecompressionStream", trailer));
  }
}
asTransform(DecompressionStream);

/** What goes on the global object. */
export const streamClasses = {
  ...streams,
  CompressionStream,
  DecompressionStream,
  TextDecoderStream,
  TextEncoderStream,
};
