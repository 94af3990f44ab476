// Streams that change what passes through them.
// Sources: the Streams, Encoding and Compression standards.

/** What a transform does. */
interface Transformer<I = any, O = any> {
  /** Called once. */
  start?: (controller: TransformStreamDefaultController<O>) => any;
  /** Called with each chunk; without it chunks pass unchanged. */
  transform?: (chunk: I, controller: TransformStreamDefaultController<O>) => void | PromiseLike<void>;
  /** Called at the end. */
  flush?: (controller: TransformStreamDefaultController<O>) => void | PromiseLike<void>;
  /** Called when one end gives up. */
  cancel?: (reason: any) => void | PromiseLike<void>;
  /** Not given. */
  readableType?: undefined;
  /** Not given. */
  writableType?: undefined;
}
/** What goes in at one end comes out changed at the other. */
interface TransformStream<I = any, O = any> {
  /** What comes out. */
  readonly readable: ReadableStream<O>;
  /** What goes in. */
  readonly writable: WritableStream<I>;
}
declare var TransformStream: {
  prototype: TransformStream;
  new <I = any, O = any>(
    transformer?: Transformer<I, O>,
    writableStrategy?: QueuingStrategy<I>,
    readableStrategy?: QueuingStrategy<O>,
  ): TransformStream<I, O>;
};
/** What a transform puts chunks into. */
interface TransformStreamDefaultController<O = any> {
  /** How much more is wanted. */
  readonly desiredSize: number | null;
  /** Adds a chunk. */
  enqueue(chunk?: O): void;
  /** Makes both ends fail. */
  error(reason?: any): void;
  /** Ends what comes out; what goes in fails. */
  terminate(): void;
}
declare var TransformStreamDefaultController: {
  prototype: TransformStreamDefaultController;
  /** Throws: only the runtime makes these. */
  new (illegal: never): TransformStreamDefaultController;
};

/** Text to UTF-8, in chunks. */
interface TextEncoderStream {
  /** `utf-8`. */
  readonly encoding: string;
  /** What comes out. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes in. */
  readonly writable: WritableStream<string>;
}
declare var TextEncoderStream: {
  prototype: TextEncoderStream;
  new (): TextEncoderStream;
};
/** Bytes to text, in chunks. */
interface TextDecoderStream {
  /** The encoding's name. */
  readonly encoding: string;
  /** Whether errors make it fail. */
  readonly fatal: boolean;
  /** Whether a byte order mark stays in the text. */
  readonly ignoreBOM: boolean;
  /** What comes out. */
  readonly readable: ReadableStream<string>;
  /** What goes in. */
  readonly writable: WritableStream<BufferSource>;
}
declare var TextDecoderStream: {
  prototype: TextDecoderStream;
  /** @throws RangeError for encodings that TextDecoder does not have */
  new (label?: string, options?: TextDecoderOptions): TextDecoderStream;
};

/** The compressed forms: RFC 1952, 1950 and 1951. */
type CompressionFormat = "gzip" | "deflate" | "deflate-raw";
/** Compresses. */
interface CompressionStream {
  /** What comes out. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes in. */
  readonly writable: WritableStream<BufferSource>;
}
declare var CompressionStream: {
  prototype: CompressionStream;
  new (format: CompressionFormat): CompressionStream;
};
/** Decompresses; fails with a TypeError for data that is not valid or ends too early. */
interface DecompressionStream {
  /** What comes out. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes in. */
  readonly writable: WritableStream<BufferSource>;
}
declare var DecompressionStream: {
  prototype: DecompressionStream;
  new (format: CompressionFormat): DecompressionStream;
};
