// Streams that are read, and what all streams share.
// Source: the Streams standard, as web-streams-polyfill has it.

/** How much may be queued. */
interface QueuingStrategy<T = any> {
  /** From this size on the source is not asked for more. */
  highWaterMark?: number;
  /** The size of a chunk; 1 by default. */
  size?: (chunk: T) => number;
}
/** Counts bytes. */
interface ByteLengthQueuingStrategy extends QueuingStrategy<ArrayBufferView> {
  /** What the constructor was given. */
  readonly highWaterMark: number;
  /** `byteLength`. */
  readonly size: (chunk: ArrayBufferView) => number;
}
declare var ByteLengthQueuingStrategy: {
  prototype: ByteLengthQueuingStrategy;
  new (options: { highWaterMark: number }): ByteLengthQueuingStrategy;
};
/** Counts chunks. */
interface CountQueuingStrategy extends QueuingStrategy {
  /** What the constructor was given. */
  readonly highWaterMark: number;
  /** 1. */
  readonly size: (chunk: any) => 1;
}
declare var CountQueuingStrategy: {
  prototype: CountQueuingStrategy;
  new (options: { highWaterMark: number }): CountQueuingStrategy;
};

/** Where the chunks of a stream come from. */
interface UnderlyingSource<R = any> {
  /** Called once. */
  start?: (controller: ReadableStreamDefaultController<R>) => any;
  /** Called when more is wanted. */
  pull?: (controller: ReadableStreamDefaultController<R>) => void | PromiseLike<void>;
  /** Called when the reader wants no more. */
  cancel?: (reason?: any) => void | PromiseLike<void>;
  /** Not given. */
  type?: undefined;
}
/** Where the bytes of a byte stream come from. */
interface UnderlyingByteSource {
  /** Called once. */
  start?: (controller: ReadableByteStreamController) => any;
  /** Called when more is wanted. */
  pull?: (controller: ReadableByteStreamController) => void | PromiseLike<void>;
  /** Called when the reader wants no more. */
  cancel?: (reason?: any) => void | PromiseLike<void>;
  /** Makes it a byte stream. */
  type: "bytes";
  /** Bytes of the buffers that are made for readers without one. */
  autoAllocateChunkSize?: number;
}
/** What is read; iterable with `for await`. */
interface ReadableStream<R = any> extends AsyncIterable<R> {
  /** Whether it has a reader. */
  readonly locked: boolean;
  /** Wants no more. */
  cancel(reason?: any): Promise<void>;
  /** Locks it for reading into buffers of your own; byte streams only. */
  getReader(options: { mode: "byob" }): ReadableStreamBYOBReader;
  /** Locks it for reading. */
  getReader(): ReadableStreamDefaultReader<R>;
  /** Pipes it through a transform and gives what comes out. */
  pipeThrough<T>(transform: ReadableWritablePair<T, R>, options?: StreamPipeOptions): ReadableStream<T>;
  /** Pipes it to its end. */
  pipeTo(destination: WritableStream<R>, options?: StreamPipeOptions): Promise<void>;
  /** Two streams with the same chunks. */
  tee(): [ReadableStream<R>, ReadableStream<R>];
  /** The chunks. */
  values(options?: { preventCancel?: boolean }): AsyncIterableIterator<R>;
  /** The chunks. */
  [Symbol.asyncIterator](options?: { preventCancel?: boolean }): AsyncIterableIterator<R>;
}
declare var ReadableStream: {
  prototype: ReadableStream;
  new (source: UnderlyingByteSource, strategy?: { highWaterMark?: number }): ReadableStream<Uint8Array>;
  new <R = any>(source?: UnderlyingSource<R>, strategy?: QueuingStrategy<R>): ReadableStream<R>;
  /** A stream of what is iterated over. */
  from<R>(iterable: Iterable<R> | AsyncIterable<R>): ReadableStream<R>;
};
/** The two ends of a transform. */
interface ReadableWritablePair<R = any, W = any> {
  /** What comes out. */
  readable: ReadableStream<R>;
  /** What goes in. */
  writable: WritableStream<W>;
}
/** Options of `pipeTo` and `pipeThrough`. */
interface StreamPipeOptions {
  /** Errors of the source do not abort the destination. */
  preventAbort?: boolean;
  /** Errors of the destination do not cancel the source. */
  preventCancel?: boolean;
  /** The end of the source does not close the destination. */
  preventClose?: boolean;
  /** Stops it. */
  signal?: AbortSignal;
}
/** What a reader gives. */
type ReadableStreamReadResult<T> = { done: false; value: T } | { done: true; value: undefined };
/** Reads chunks. */
interface ReadableStreamDefaultReader<R = any> {
  /** Resolves at the end; rejects when the stream fails. */
  readonly closed: Promise<undefined>;
  /** Wants no more. */
  cancel(reason?: any): Promise<void>;
  /** The next chunk. */
  read(): Promise<ReadableStreamReadResult<R>>;
  /** Unlocks the stream. */
  releaseLock(): void;
}
declare var ReadableStreamDefaultReader: {
  prototype: ReadableStreamDefaultReader;
  new <R = any>(stream: ReadableStream<R>): ReadableStreamDefaultReader<R>;
};
/** Reads into buffers of your own. */
interface ReadableStreamBYOBReader {
  /** Resolves at the end; rejects when the stream fails. */
  readonly closed: Promise<undefined>;
  /** Wants no more. */
  cancel(reason?: any): Promise<void>;
  /** Fills the view, which is taken away; gives a new one over the same memory. */
  read<T extends ArrayBufferView>(
    view: T,
    options?: { min?: number },
  ): Promise<{ done: false; value: T } | { done: true; value: T | undefined }>;
  /** Unlocks the stream. */
  releaseLock(): void;
}
declare var ReadableStreamBYOBReader: {
  prototype: ReadableStreamBYOBReader;
  new (stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader;
};
/** What a source puts chunks into. */
interface ReadableStreamDefaultController<R = any> {
  /** How much more is wanted. */
  readonly desiredSize: number | null;
  /** Ends the stream. */
  close(): void;
  /** Adds a chunk. */
  enqueue(chunk?: R): void;
  /** Makes the stream fail. */
  error(reason?: any): void;
}
declare var ReadableStreamDefaultController: {
  prototype: ReadableStreamDefaultController;
  /** Throws: only the runtime makes these. */
  new (illegal: never): ReadableStreamDefaultController;
};
/** What a byte source puts bytes into. */
interface ReadableByteStreamController {
  /** A reader's buffer that waits to be filled, or null. */
  readonly byobRequest: ReadableStreamBYOBRequest | null;
  /** How many more bytes are wanted. */
  readonly desiredSize: number | null;
  /** Ends the stream. */
  close(): void;
  /** Adds bytes; their buffer is taken away. */
  enqueue(chunk: ArrayBufferView): void;
  /** Makes the stream fail. */
  error(reason?: any): void;
}
declare var ReadableByteStreamController: {
  prototype: ReadableByteStreamController;
  /** Throws: only the runtime makes these. */
  new (illegal: never): ReadableByteStreamController;
};
/** A reader's buffer that waits to be filled. */
interface ReadableStreamBYOBRequest {
  /** What is to be filled. */
  readonly view: ArrayBufferView | null;
  /** Tells how many bytes were written. */
  respond(bytesWritten: number): void;
  /** Answers with another view of the same memory. */
  respondWithNewView(view: ArrayBufferView): void;
}
declare var ReadableStreamBYOBRequest: {
  prototype: ReadableStreamBYOBRequest;
  /** Throws: only the runtime makes these. */
  new (illegal: never): ReadableStreamBYOBRequest;
};
