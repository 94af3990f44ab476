// The checksums at the end of gzip and zlib data, which fflate does not check: a text with a bit turned over would pass.

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** Of gzip: CRC-32 and the length, both with the lowest byte first. */
export class Crc32 {
  static BYTES = 8;
  #crc = -1;
  #length = 0;
  add(bytes) {
    let crc = this.#crc;
    for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
    this.#crc = crc;
    this.#length = (this.#length + bytes.length) | 0;
  }
  matches({ buffer }) {
    const view = new DataView(buffer);
    return view.getInt32(0, true) === ~this.#crc && view.getInt32(4, true) === this.#length;
  }
}

/** Of zlib: Adler-32, with the highest byte first. */
export class Adler32 {
  static BYTES = 4;
  #a = 1;
  #b = 0;
  add(bytes) {
    // The sums stay below 2 ** 32 for so many bytes.
    for (let start = 0; start < bytes.length; start += 5552) {
      const end = Math.min(start + 5552, bytes.length);
      for (let i = start; i < end; i++) {
        this.#a += bytes[i];
        this.#b += this.#a;
      }
      this.#a %= 65521;
      this.#b %= 65521;
    }
  }
  matches({ buffer }) {
    const view = new DataView(buffer);
    return view.getUint16(0) === this.#b && view.getUint16(2) === this.#a;
  }
}
