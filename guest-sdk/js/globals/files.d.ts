// Blob, File and FormData. Their bytes are in memory.
// Sources: the File API and the XMLHttpRequest standard.

/** What a blob is made of. */
type BlobPart = BufferSource | Blob | string;
/** Options of a Blob. */
interface BlobPropertyBag {
  /** The content type; `""` by default. */
  type?: string;
  /** `native`: line ends become `\n`. */
  endings?: "transparent" | "native";
}
/** Bytes with a content type. */
interface Blob {
  /** How many bytes it has. */
  readonly size: number;
  /** The content type in lower case, or `""`. */
  readonly type: string;
  /** Some of the bytes; negative numbers count from the end. */
  slice(start?: number, end?: number, type?: string): Blob;
  /** A copy of the bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /** A copy of the bytes. */
  bytes(): Promise<Uint8Array>;
  /** The bytes as UTF-8. */
  text(): Promise<string>;
  /** The bytes in chunks of at most 64 KiB. */
  stream(): ReadableStream<Uint8Array>;
}
declare var Blob: {
  prototype: Blob;
  new (parts?: Iterable<BlobPart>, options?: BlobPropertyBag): Blob;
};

/** A blob with a name. */
interface File extends Blob {
  /** The file name. */
  readonly name: string;
  /** Unix time in milliseconds; when it was made by default. */
  readonly lastModified: number;
  /** `""`. */
  readonly webkitRelativePath: string;
}
declare var File: {
  prototype: File;
  new (parts: Iterable<BlobPart>, name: string, options?: BlobPropertyBag & { lastModified?: number }): File;
};

/** A value in a form. */
type FormDataEntryValue = File | string;
/** The entries of a form; sent as `multipart/form-data`. */
interface FormData extends Iterable<[string, FormDataEntryValue]> {
  /** Adds a text. */
  append(name: string, value: string): void;
  /** Adds a file; `blob` by name where it has none. */
  append(name: string, value: Blob, filename?: string): void;
  /** Sets the first of this name to a text and removes the others. */
  set(name: string, value: string): void;
  /** Sets the first of this name to a file and removes the others. */
  set(name: string, value: Blob, filename?: string): void;
  /** Removes the entries of this name. */
  delete(name: string): void;
  /** The first value, or null. */
  get(name: string): FormDataEntryValue | null;
  /** All values. */
  getAll(name: string): FormDataEntryValue[];
  /** Whether there is such an entry. */
  has(name: string): boolean;
  /** Calls back with value, name and this object. */
  forEach(callback: (value: FormDataEntryValue, name: string, parent: FormData) => void, thisArg?: any): void;
  /** The pairs. */
  entries(): IterableIterator<[string, FormDataEntryValue]>;
  /** The names. */
  keys(): IterableIterator<string>;
  /** The values. */
  values(): IterableIterator<FormDataEntryValue>;
  /** The pairs. */
  [Symbol.iterator](): IterableIterator<[string, FormDataEntryValue]>;
}
declare var FormData: {
  prototype: FormData;
  new (): FormData;
};
