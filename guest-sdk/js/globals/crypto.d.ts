// crypto: random values, and of crypto.subtle digests, HMAC and AES-GCM.
// Source: the Web Cryptography API. What it has and this does not is refused with a NotSupportedError.

/** The hash algorithms. Names are taken in any case. */
type DigestAlgorithm = "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
/** A hash algorithm, by name or as an object. */
type DigestIdentifier = DigestAlgorithm | { name: DigestAlgorithm };
/** What a key may be used for. */
type KeyUsage = "sign" | "verify" | "encrypt" | "decrypt" | "wrapKey" | "unwrapKey";

/** For `importKey` and `generateKey`. */
interface HmacKeyParams {
  /** `HMAC`. */
  name: "HMAC";
  /** What is hashed with. */
  hash: DigestIdentifier;
  /** Bits, a multiple of 8: for `generateKey` the hash's block size by default; for `importKey` it must fit the key. */
  length?: number;
}
/** For `generateKey`. */
interface AesKeyGenParams {
  /** `AES-GCM`. */
  name: "AES-GCM";
  /** Bits. */
  length: 128 | 192 | 256;
}
/** For `encrypt` and `decrypt`. */
interface AesGcmParams {
  /** `AES-GCM`. */
  name: "AES-GCM";
  /** The nonce, usually 12 bytes; never twice with one key. */
  iv: BufferSource;
  /** Bytes that are authenticated and not encrypted. */
  additionalData?: BufferSource;
  /** Bits of the tag; others than 128 are not supported. */
  tagLength?: 128;
}
/** A secret key as a JSON Web Key (RFC 7517). */
interface JsonWebKey {
  /** `oct`. */
  kty?: string;
  /** The key as base64url. */
  k?: string;
  /** `HS1`, `HS256`, `HS384`, `HS512`, `A128GCM`, `A192GCM` or `A256GCM`. */
  alg?: string;
  /** `sig` for HMAC, `enc` for AES-GCM. */
  use?: string;
  /** What the key may be used for. */
  key_ops?: string[];
  /** Whether it may be exported. */
  ext?: boolean;
}

/** What a key is for. */
interface KeyAlgorithm {
  /** `HMAC` or `AES-GCM`. */
  name: "HMAC" | "AES-GCM";
  /** Bits. */
  length: number;
  /** Of HMAC keys only. */
  hash?: { name: DigestAlgorithm };
}

/** A secret key, made by `crypto.subtle`. */
interface CryptoKey {
  /** `secret`; there are no key pairs. */
  readonly type: "secret";
  /** Whether `exportKey` gives it. */
  readonly extractable: boolean;
  /** What it is for. */
  readonly algorithm: KeyAlgorithm;
  /** What it may be used for. */
  readonly usages: KeyUsage[];
}
declare var CryptoKey: {
  prototype: CryptoKey;
  /** Throws: only the runtime makes these. */
  new (illegal: never): CryptoKey;
};

/** Digests, HMAC and AES-GCM, computed by the host's code. Errors reject the promise. */
interface SubtleCrypto {
  /** The hash of the data. */
  digest(algorithm: DigestIdentifier, data: BufferSource): Promise<ArrayBuffer>;
  /** The HMAC of the data. */
  sign(algorithm: "HMAC" | { name: "HMAC" }, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  /** Whether the signature is the HMAC of the data; compared in constant time. */
  verify(
    algorithm: "HMAC" | { name: "HMAC" },
    key: CryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): Promise<boolean>;
  /** The encrypted data with its tag of 16 bytes at the end. */
  encrypt(algorithm: AesGcmParams, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  /** The data; rejects with an `OperationError` when key, parameters or data do not fit. */
  decrypt(algorithm: AesGcmParams, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  /** A new random key. */
  generateKey(
    algorithm: HmacKeyParams | AesKeyGenParams,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  /** A key from its bytes. AES keys have 16, 24 or 32. */
  importKey(
    format: "raw",
    keyData: BufferSource,
    algorithm: HmacKeyParams | "AES-GCM" | { name: "AES-GCM" },
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  /** A key from a JSON Web Key. */
  importKey(
    format: "jwk",
    keyData: JsonWebKey,
    algorithm: HmacKeyParams | "AES-GCM" | { name: "AES-GCM" },
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  /** The bytes of an extractable key. */
  exportKey(format: "raw", key: CryptoKey): Promise<ArrayBuffer>;
  /** An extractable key as a JSON Web Key. */
  exportKey(format: "jwk", key: CryptoKey): Promise<JsonWebKey>;
  /** Always rejects with a `NotSupportedError`. */
  deriveBits(...args: never[]): Promise<never>;
  /** Always rejects with a `NotSupportedError`. */
  deriveKey(...args: never[]): Promise<never>;
  /** Always rejects with a `NotSupportedError`. */
  wrapKey(...args: never[]): Promise<never>;
  /** Always rejects with a `NotSupportedError`. */
  unwrapKey(...args: never[]): Promise<never>;
}
declare var SubtleCrypto: {
  prototype: SubtleCrypto;
  /** Throws: only the runtime makes these. */
  new (illegal: never): SubtleCrypto;
};

/** Random values, and `subtle`. What is drawn while the worker is built is the same in every execution. */
interface Crypto {
  /** Digests, HMAC and AES-GCM. */
  readonly subtle: SubtleCrypto;
  /**
   * Fills a typed array of integers with random bytes, and returns it.
   * @throws DOMException `QuotaExceededError` over 65536 bytes, `TypeMismatchError` for another kind of array
   */
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  /** A random UUID, version 4. */
  randomUUID(): string;
}
declare var Crypto: {
  prototype: Crypto;
  /** Throws: only the runtime makes these. */
  new (illegal: never): Crypto;
};
/** Random values, and `subtle`. */
declare var crypto: Crypto;
