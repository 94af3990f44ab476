// What the Fetch standard calls a body, and the methods that Request and Response share.
import { Blob, blobBytes, blobOver } from "./blob.js";
import { FormData, decodeMultipart, decodeUrlencoded, encodeMultipart } from "./form-data.js";
import { parseJson } from "./host.js";
import { mimeType } from "./mime.js";
import { ReadableStream, byteStream, chunkOf, isDisturbed, readAll } from "./streams.js";
import { concat, decodeUtf8, encodeUtf8 } from "./text.js";
import { isSearchParams } from "./url.js";
import { bytesOf, isBufferSource, usvString } from "./webidl.js";

/** A body: bytes, or what is still to come from the host, or a stream. A stream is made of the others only on demand. */
export class Content {
  #bytes;
  #incoming;
  #stream;
  #taken = false;

  constructor({ bytes, incoming, stream }) {
    this.#bytes = bytes;
    this.#incoming = incoming;
    this.#stream = stream;
  }
  /** The bytes, where they are at hand and nobody has begun to read. */
  get bytes() {
    return this.#stream || this.#taken ? undefined : this.#bytes;
  }
  get isStream() {
    return this.#stream !== undefined;
  }
  get used() {
    return this.#taken || (this.#stream !== undefined && isDisturbed(this.#stream));
  }
  get unusable() {
    return this.used || Boolean(this.#stream?.locked);
  }
  get stream() {
    if (this.#stream) return this.#stream;
    if (this.#taken) return (this.#stream = consumedStream());
    const bytes = this.#bytes;
    const incoming = this.#incoming;
    if (incoming) {
      this.#stream = byteStream(
        () => incoming.read(),
        () => incoming.close(),
      );
    } else {
      let left = bytes.slice();
      this.#stream = byteStream(async () => {
        const chunk = left;
        left = undefined;
        return chunk?.length ? chunk : undefined;
      });
    }
    return this.#stream;
  }
  /** All bytes; they are the caller's to keep. */
  async take() {
    if (this.#stream) return concat(await readAll(this.#stream));
    this.#taken = true;
    if (this.#bytes) return this.#bytes.slice();
    const chunks = [];
    for (;;) {
      const chunk = await this.#incoming.read();
      if (chunk === undefined) return concat(chunks);
      chunks.push(chunk);
    }
  }
  /** A second body with the same content. */
  clone() {
    if (this.bytes) return new Content({ bytes: this.#bytes });
    // Of a byte stream each branch gets chunks of its own, of another both get the same.
    const [own, other] = (this.#stream ? passOn(this.#stream) : this.stream).tee();
    this.#stream = own;
    return new Content({ stream: other });
  }
  /** Moves the content into a new body and leaves this one used. */
  move() {
    const moved = this.#stream
      ? new Content({ stream: passOn(this.#stream) })
      : new Content({ bytes: this.#bytes, incoming: this.#incoming });
    this.#taken = true;
    return moved;
  }
  /** Nobody will read it. */
  drop() {
    this.#incoming?.close();
  }
}

/** What `.body` is after the whole body was read without it. */
function consumedStream() {
  const stream = byteStream(async () => undefined);
  stream.cancel();
  return stream;
}

/** A byte stream with the content of `stream`, which is locked from now on. */
function passOn(stream) {
  const reader = stream.getReader();
  return byteStream(
    // A copy, because a byte stream takes the chunk's memory away from whoever made it.
    async () => chunkOf(await reader.read())?.slice(),
    (reason) => reader.cancel(reason),
  );
}

/** "Extract a body": { content, type }; the type may be undefined. */
export function extract(init) {
  if (init instanceof ReadableStream) {
    if (init.locked || isDisturbed(init))
      throw new TypeError("the body is a stream that is locked or was already read");
    return { content: new Content({ stream: init }) };
  }
  if (init instanceof Blob) return { content: new Content({ bytes: blobBytes(init) }), type: init.type || undefined };
  if (init instanceof FormData) {
    const { bytes, type } = encodeMultipart(init);
    return { content: new Content({ bytes }), type };
  }
  if (isSearchParams(init)) {
    return {
      content: new Content({ bytes: encodeUtf8(init.toString()) }),
      type: "application/x-www-form-urlencoded;charset=UTF-8",
    };
  }
  // Copied: the worker may change the buffer before the request goes out.
  if (isBufferSource(init)) return { content: new Content({ bytes: bytesOf(init).slice() }) };
  return { content: new Content({ bytes: encodeUtf8(usvString(init)) }), type: "text/plain;charset=UTF-8" };
}

/** Adds the Body mixin to `Class`, before it is made an interface. `contentOf` also checks that `this` is of the class. */
export function asBody(Class, contentOf) {
  const take = (owner) => {
    const content = contentOf(owner);
    if (!content) return new Uint8Array(0);
    if (content.unusable) throw new TypeError("the body was already read or is locked; use clone() to read it twice");
    return content.take();
  };
  const methods = {
    async arrayBuffer() {
      return (await take(this)).buffer;
    },
    async blob() {
      return blobOver(await take(this), mimeType(this.headers)?.toString() ?? "");
    },
    async bytes() {
      return take(this);
    },
    async formData() {
      const type = mimeType(this.headers);
      const boundary = type?.parameters.get("boundary");
      switch (type?.essence) {
        case "multipart/form-data":
          if (!boundary) break;
          return decodeMultipart(await take(this), boundary);
        case "application/x-www-form-urlencoded":
          return decodeUrlencoded(await take(this));
      }
      throw new TypeError(
        `formData: the content type ${JSON.stringify(this.headers.get("content-type"))} is not a form's`,
      );
    },
    async json() {
      return parseJson(decodeUtf8(await take(this)));
    },
    async text() {
      return decodeUtf8(await take(this));
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Class.prototype, name, { value, writable: true, configurable: true });
  }
  Object.defineProperties(Class.prototype, {
    body: {
      get() {
        return contentOf(this)?.stream ?? null;
      },
      configurable: true,
    },
    bodyUsed: {
      get() {
        return contentOf(this)?.used ?? false;
      },
      configurable: true,
    },
  });
}
