// Checks the HMAC-SHA256 signature of a webhook delivery, in the form GitHub sends as X-Hub-Signature-256.
import type { PlatformContext } from 'jfrog-workers';

interface Delivery {
  /** Shared secret. The sample takes it from the payload; a real worker reads `context.secrets.get('webhook')`. */
  secret: string;
  /** Request body exactly as received: one changed space and the signature no longer fits. */
  body: string;
  /** `sha256=` and 64 hexadecimal digits. */
  signature: string;
}

interface Verdict {
  valid: boolean;
}

class DeliveryError extends Error {
  override name = 'DeliveryError';
}

const BLOCK_BYTES = 64;

// FIPS 180-4 defines both tables by roots of the first 64 primes. Top-level code runs once, when the worker is built,
// so deriving them costs a request nothing.
const primes: number[] = [];
for (let candidate = 2; primes.length < 64; candidate++) {
  if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
}
const fraction = (root: number): number => (root % 1) * 2 ** 32;
const INITIAL = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const ROUND = Uint32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits));

/** The message, a one bit, zeros up to a block boundary, and the length in bits. */
function pad(message: Uint8Array): DataView {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);
  return view;
}

function sha256(message: Uint8Array): Uint8Array {
  const input = pad(message);
  const state = Uint32Array.from(INITIAL);
  const words = new Uint32Array(64);
  for (let block = 0; block < input.byteLength; block += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) words[i] = input.getUint32(block + i * 4);
    for (let i = 16; i < 64; i++) {
      const near = words[i - 2];
      const far = words[i - 15];
      const sigma1 = rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10);
      const sigma0 = rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3);
      words[i] = words[i - 16] + sigma0 + words[i - 7] + sigma1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const choice = (e & f) ^ (~e & g);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + ROUND[i] + words[i];
      const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (state[i] += word));
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => digest.setUint32(i * 4, word));
  return new Uint8Array(digest.buffer);
}

/** RFC 2104: H(key ^ opad, H(key ^ ipad, message)). */
function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key);
  const keyed = (mask: number, text: Uint8Array): Uint8Array => {
    const input = new Uint8Array(BLOCK_BYTES + text.length);
    input.set(block.map((byte) => byte ^ mask));
    input.set(text, BLOCK_BYTES);
    return sha256(input);
  };
  return keyed(0x5c, keyed(0x36, message));
}

/** UTF-8; half a surrogate pair becomes U+FFFD, as everywhere on the web. */
function utf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return Uint8Array.from(bytes);
}

/** Looks at every byte whatever it finds, so the time taken says nothing about where two signatures part. */
function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.reduce((difference, byte, i) => difference | (byte ^ right[i]), 0) === 0;
}

function check(data: unknown): asserts data is Delivery {
  const delivery = (data ?? {}) as Partial<Delivery>;
  const missing = (['secret', 'body', 'signature'] as const).filter((key) => typeof delivery[key] !== 'string');
  if (missing.length > 0) throw new DeliveryError(`The payload needs these as strings: ${missing.join(', ')}.`);
  if (delivery.secret === '') throw new DeliveryError('The secret is empty, so anyone could have signed this.');
}

export default async (context: PlatformContext, data: unknown): Promise<Verdict> => {
  check(data);
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(data.signature)?.[1];
  if (hex === undefined) throw new DeliveryError('The signature must be "sha256=" and 64 hexadecimal digits.');
  const claimed = Uint8Array.from({ length: 32 }, (_, i) => parseInt(hex.slice(i * 2, i * 2 + 2), 16));
  return { valid: sameBytes(hmac(utf8(data.secret), utf8(data.body)), claimed) };
};
