// Text and bytes: TextEncoder, TextDecoder, atob, btoa.
// Sources: the Encoding standard and the HTML standard.

/** Text to UTF-8. */
interface TextEncoder {
  /** `utf-8`. */
  readonly encoding: string;
  /** The UTF-8 of the text; lone surrogates become U+FFFD. */
  encode(input?: string): Uint8Array;
  /** Writes as much of the text as fits; tells how many UTF-16 units it read and bytes it wrote. */
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}
declare var TextEncoder: {
  prototype: TextEncoder;
  new (): TextEncoder;
};

/** Options of a TextDecoder. */
interface TextDecoderOptions {
  /** Whether errors throw; otherwise they become U+FFFD. */
  fatal?: boolean;
  /** Whether a byte order mark stays in the text. */
  ignoreBOM?: boolean;
}
/** Bytes to text. */
interface TextDecoder {
  /** The encoding's name, in lower case. */
  readonly encoding: string;
  /** Whether errors throw. */
  readonly fatal: boolean;
  /** Whether a byte order mark stays in the text. */
  readonly ignoreBOM: boolean;
  /**
   * The text of the bytes. With `stream`, what is unfinished at the end waits for the next call.
   * @throws TypeError for invalid bytes, when `fatal`
   */
  decode(input?: BufferSource, options?: { stream?: boolean }): string;
}
declare var TextDecoder: {
  prototype: TextDecoder;
  /**
   * `utf-8` by default; also UTF-16 and the single-byte encodings, by all their labels.
   * @throws RangeError for unknown labels, and for big5, euc-jp, euc-kr, gb18030, gbk, iso-2022-jp and shift_jis
   */
  new (label?: string, options?: TextDecoderOptions): TextDecoder;
};

/**
 * Base64 to a string with one character per byte.
 * @throws DOMException `InvalidCharacterError` for what is no base64
 */
declare function atob(data: string): string;
/**
 * A string with one character per byte to base64.
 * @throws DOMException `InvalidCharacterError` for a character above U+00FF
 */
declare function btoa(data: string): string;
