// Streams that are written.
// Source: the Streams standard, as web-streams-polyfill has it.

/** Where the chunks of a stream go. */
interface UnderlyingSink<W = any> {
  /** Called once. */
  start?: (controller: WritableStreamDefaultController) => any;
  /** Called with each chunk, one after the other. */
  write?: (chunk: W, controller: WritableStreamDefaultController) => void | PromiseLike<void>;
  /** Called at the end. */
  close?: () => void | PromiseLike<void>;
  /** Called when the writer gives up. */
  abort?: (reason?: any) => void | PromiseLike<void>;
  /** Not given. */
  type?: undefined;
}
/** What is written to. */
interface WritableStream<W = any> {
  /** Whether it has a writer. */
  readonly locked: boolean;
  /** Gives up; what is queued is dropped. */
  abort(reason?: any): Promise<void>;
  /** Ends it when all was written. */
  close(): Promise<undefined>;
  /** Locks it for writing. */
  getWriter(): WritableStreamDefaultWriter<W>;
}
declare var WritableStream: {
  prototype: WritableStream;
  new <W = any>(sink?: UnderlyingSink<W>, strategy?: QueuingStrategy<W>): WritableStream<W>;
};
/** Writes chunks. */
interface WritableStreamDefaultWriter<W = any> {
  /** Resolves at the end; rejects when the stream fails. */
  readonly closed: Promise<undefined>;
  /** How much more is wanted. */
  readonly desiredSize: number | null;
  /** Resolves when more is wanted. */
  readonly ready: Promise<undefined>;
  /** Gives up. */
  abort(reason?: any): Promise<void>;
  /** Ends it when all was written. */
  close(): Promise<void>;
  /** Unlocks the stream. */
  releaseLock(): void;
  /** Writes a chunk. */
  write(chunk?: W): Promise<void>;
}
declare var WritableStreamDefaultWriter: {
  prototype: WritableStreamDefaultWriter;
  new <W = any>(stream: WritableStream<W>): WritableStreamDefaultWriter<W>;
};
/** What a sink can say. */
interface WritableStreamDefaultController {
  /** Why the writer gave up. */
  readonly abortReason: any;
  /** Aborts when the writer gives up. */
  readonly signal: AbortSignal;
  /** Makes the stream fail. */
  error(reason?: any): void;
}
declare var WritableStreamDefaultController: {
  prototype: WritableStreamDefaultController;
  /** Throws: only the runtime makes these. */
  new (illegal: never): WritableStreamDefaultController;
};
