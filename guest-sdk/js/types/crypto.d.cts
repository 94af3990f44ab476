// context.crypto: hashes, HMACs and random bytes, as text.

/** The hash algorithms; at run time `SHA-256` and other spellings of the same are taken too. */
export type HashAlgorithm = "sha256" | "sha512";

/** How bytes are written. */
export type BinaryEncoding = "hex" | "base64";

/** Bytes, or a string that is hashed as its UTF-8. */
export type BinaryData = string | ArrayBuffer | ArrayBufferView;

/** Synchronous; computed by the host's code. */
export interface PlatformCrypto {
  /**
   * The hash of `data`.
   * @param encoding `hex` by default
   * @throws TypeError for another algorithm, encoding or kind of data
   */
  hash(algorithm: HashAlgorithm, data: BinaryData, encoding?: BinaryEncoding): string;
  /**
   * The HMAC (RFC 2104) of `data` under `key`.
   * @param encoding `hex` by default
   * @throws TypeError for another algorithm, encoding or kind of key or data
   */
  hmac(algorithm: HashAlgorithm, key: BinaryData, data: BinaryData, encoding?: BinaryEncoding): string;
  /**
   * Random bytes, from the system's secure generator.
   * @param size how many bytes, from 0 to 65536
   * @param encoding `hex` by default
   * @throws RangeError for another size
   * @throws TypeError for another encoding
   */
  randomBytes(size: number, encoding?: BinaryEncoding): string;
}
