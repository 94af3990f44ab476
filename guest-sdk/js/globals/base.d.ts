// The global object, DOMException, structuredClone, performance and navigator.
// Sources: the HTML, Web IDL and High Resolution Time standards, as far as WinterTC's Minimum Common API lists them.

/** Bytes: a buffer, or a view of one. */
type BufferSource = ArrayBufferView | ArrayBuffer;

/** The global object itself. */
declare var self: typeof globalThis;

/** Writes `Uncaught …` to the log as an error; the execution goes on. */
declare function reportError(error: any): void;

/** Options of `structuredClone`. */
interface StructuredSerializeOptions {
  /** Array buffers that the source loses; other objects cannot be transferred. */
  transfer?: ArrayBuffer[];
}

/**
 * A deep copy: also of cycles, Map, Set, Date, RegExp, errors, buffers, views, Blob, File and DOMException.
 * @throws DOMException `DataCloneError` for functions, symbols, and other objects of the runtime such as a Response
 */
declare function structuredClone<T>(value: T, options?: StructuredSerializeOptions): T;

/** The clock of the execution. */
interface Performance {
  /** Unix time in milliseconds at which `now()` was 0. */
  readonly timeOrigin: number;
  /** Milliseconds since the execution began, with fractions; 0 while the worker is built. */
  now(): number;
  /** `{ timeOrigin }`. */
  toJSON(): { timeOrigin: number };
}
declare var Performance: {
  prototype: Performance;
  /** Throws: only the runtime makes these. */
  new (illegal: never): Performance;
};
/** The clock of the execution. */
declare var performance: Performance;

/** What tells the runtime. */
interface Navigator {
  /** The runtime's name. */
  readonly userAgent: string;
}
declare var Navigator: {
  prototype: Navigator;
  /** Throws: only the runtime makes these. */
  new (illegal: never): Navigator;
};
/** What tells the runtime. */
declare var navigator: Navigator;

/** The numbers that some names of DOMException once had. */
interface DOMExceptionCodes {
  /** 1. */
  readonly INDEX_SIZE_ERR: 1;
  /** 2. */
  readonly DOMSTRING_SIZE_ERR: 2;
  /** 3. */
  readonly HIERARCHY_REQUEST_ERR: 3;
  /** 4. */
  readonly WRONG_DOCUMENT_ERR: 4;
  /** 5. */
  readonly INVALID_CHARACTER_ERR: 5;
  /** 6. */
  readonly NO_DATA_ALLOWED_ERR: 6;
  /** 7. */
  readonly NO_MODIFICATION_ALLOWED_ERR: 7;
  /** 8. */
  readonly NOT_FOUND_ERR: 8;
  /** 9. */
  readonly NOT_SUPPORTED_ERR: 9;
  /** 10. */
  readonly INUSE_ATTRIBUTE_ERR: 10;
  /** 11. */
  readonly INVALID_STATE_ERR: 11;
  /** 12. */
  readonly SYNTAX_ERR: 12;
  /** 13. */
  readonly INVALID_MODIFICATION_ERR: 13;
  /** 14. */
  readonly NAMESPACE_ERR: 14;
  /** 15. */
  readonly INVALID_ACCESS_ERR: 15;
  /** 16. */
  readonly VALIDATION_ERR: 16;
  /** 17. */
  readonly TYPE_MISMATCH_ERR: 17;
  /** 18. */
  readonly SECURITY_ERR: 18;
  /** 19. */
  readonly NETWORK_ERR: 19;
  /** 20. */
  readonly ABORT_ERR: 20;
  /** 21. */
  readonly URL_MISMATCH_ERR: 21;
  /** 22. */
  readonly QUOTA_EXCEEDED_ERR: 22;
  /** 23. */
  readonly TIMEOUT_ERR: 23;
  /** 24. */
  readonly INVALID_NODE_TYPE_ERR: 24;
  /** 25. */
  readonly DATA_CLONE_ERR: 25;
}
/** An error of the web platform; they are told apart by `name`. */
interface DOMException extends Error, DOMExceptionCodes {
  /** Such as `AbortError`, `TimeoutError`, `OperationError`. */
  readonly name: string;
  /** What went wrong, for people. */
  readonly message: string;
  /** The number that the name once had; 0 for newer names. */
  readonly code: number;
}
declare var DOMException: DOMExceptionCodes & {
  prototype: DOMException;
  /** `name` is `Error` by default. */
  new (message?: string, name?: string): DOMException;
};
