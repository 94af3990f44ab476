// The global crypto, with vectors from the standards' test suites.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { run } from "./run.mjs";

describe("crypto", () => {
  it("getRandomValues fills integers in place, at most 65536 bytes", async () => {
    const seen = await run(() => {
      const bytes = new Uint8Array(32);
      const same = crypto.getRandomValues(bytes) === bytes;
      const part = new Uint16Array(8);
      crypto.getRandomValues(part.subarray(2, 4));
      const refused = [
        () => crypto.getRandomValues(new Uint8Array(65537)),
        () => crypto.getRandomValues(new Float32Array(1)),
        () => crypto.getRandomValues([]),
        () => crypto.getRandomValues(new DataView(new ArrayBuffer(1))),
      ].map((action) => {
        try {
          action();
          return "no error";
        } catch (error) {
          return error.name;
        }
      });
      return [
        same,
        new Set(bytes).size > 10,
        [...part].map((value, index) => index === 2 || index === 3 || value === 0).every(Boolean),
        crypto.getRandomValues(new BigInt64Array(1)).length,
        refused,
      ];
    });
    assert.deepEqual(seen, [
      true,
      true,
      true,
      1,
      ["QuotaExceededError", "TypeMismatchError", "TypeMismatchError", "TypeMismatchError"],
    ]);
  });
  it("randomUUID is a version 4", async () => {
    const seen = await run(() => Array.from({ length: 50 }, () => crypto.randomUUID()));
    for (const uuid of seen)
      assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(new Set(seen).size, 50);
  });
});

describe("crypto.subtle", () => {
  it("digest", async () => {
    const seen = await run(async () => {
      const hex = async (name, text) =>
        new Uint8Array(await crypto.subtle.digest(name, new TextEncoder().encode(text))).toHex();
      return [
        await hex("SHA-1", "abc"),
        await hex({ name: "sha-256" }, "abc"),
        (await hex("SHA-384", "")).slice(0, 16),
        (await hex("SHA-512", "abc")).slice(0, 16),
        await crypto.subtle.digest("MD5", new Uint8Array()).catch((error) => error.name),
        await crypto.subtle.digest("SHA-1", "text").catch((error) => error.name),
      ];
    });
    assert.deepEqual(seen, [
      "a9993e364706816aba3e25717850c26c9cd0d89d",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "38b060a751ac9638",
      "ddaf35a193617aba",
      "NotSupportedError",
      "TypeError",
    ]);
  });
  it("HMAC: RFC 4231, test case 2", async () => {
    const seen = await run(async () => {
      const bytes = (text) => new TextEncoder().encode(text);
      const key = await crypto.subtle.importKey("raw", bytes("Jefe"), { name: "HMAC", hash: "SHA-256" }, true, [
        "verify",
        "sign",
      ]);
      const data = bytes("what do ya want for nothing?");
      const mac = await crypto.subtle.sign("HMAC", key, data);
      const wrong = new Uint8Array(mac).slice();
      wrong[0] ^= 1;
      return [
        new Uint8Array(mac).toHex(),
        await crypto.subtle.verify("HMAC", key, mac, data),
        await crypto.subtle.verify({ name: "hmac" }, key, wrong, data),
        await crypto.subtle.verify("HMAC", key, new Uint8Array(mac).subarray(1), data),
        key.type,
        key.extractable,
        key.algorithm,
        key.usages,
      ];
    });
    assert.deepEqual(seen, [
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      true,
      false,
      false,
      "secret",
      true,
      { name: "HMAC", hash: { name: "SHA-256" }, length: 32 },
      ["sign", "verify"],
    ]);
  });
  it("AES-GCM: NIST test case 4, and what was tampered with", async () => {
    const seen = await run(async () => {
      const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
      const key = await crypto.subtle.importKey("raw", bytes("feffe9928665731c6d6a8f9467308308"), "AES-GCM", false, [
        "encrypt",
        "decrypt",
      ]);
      const algorithm = {
        name: "AES-GCM",
        iv: bytes("cafebabefacedbaddecaf888"),
        additionalData: bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
      };
      const plain = bytes(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
      );
      const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain));
      const opened = new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed));
      const tampered = sealed.slice();
      tampered[3] ^= 1;
      const error = async (promise) =>
        promise.then(
          () => "no error",
          ({ name }) => name,
        );
      return [
        sealed.toHex().slice(0, 16),
        sealed.toHex().slice(-32),
        opened.toHex() === plain.toHex(),
        await error(crypto.subtle.decrypt(algorithm, key, tampered)),
        await error(crypto.subtle.decrypt(algorithm, key, new Uint8Array(3))),
        await error(crypto.subtle.decrypt({ ...algorithm, additionalData: undefined }, key, sealed)),
        await error(crypto.subtle.encrypt({ ...algorithm, tagLength: 96 }, key, plain)),
        await error(crypto.subtle.encrypt({ ...algorithm, tagLength: 5 }, key, plain)),
        await error(crypto.subtle.encrypt({ name: "AES-GCM" }, key, plain)),
        await error(crypto.subtle.exportKey("raw", key)),
      ];
    });
    assert.deepEqual(seen, [
      "42831ec221777424",
      "5bc94fbc3221a5db94fae95ae7121a47",
      true,
      "OperationError",
      "OperationError",
      "OperationError",
      "NotSupportedError",
      "OperationError",
      "TypeError",
      "InvalidAccessError",
    ]);
  });
  it("JSON Web Keys go in and out", async () => {
    const seen = await run(async () => {
      const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-512" }, true, ["sign"]);
      const jwk = await crypto.subtle.exportKey("jwk", key);
      const back = await crypto.subtle.importKey("jwk", jwk, { name: "HMAC", hash: "SHA-512" }, true, ["sign"]);
      const raw = async (each) => new Uint8Array(await crypto.subtle.exportKey("raw", each)).toHex();
      const aes = await crypto.subtle.exportKey(
        "jwk",
        await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]),
      );
      const error = async (change) =>
        crypto.subtle.importKey("jwk", { ...jwk, ...change }, { name: "HMAC", hash: "SHA-512" }, true, ["sign"]).then(
          () => "no error",
          ({ name }) => name,
        );
      return [
        jwk.kty,
        jwk.alg,
        jwk.ext,
        jwk.key_ops,
        (await raw(key)) === (await raw(back)),
        (await raw(key)).length,
        aes.alg,
        await error({ kty: "RSA" }),
        await error({ alg: "HS256" }),
        await error({ k: "=" }),
        await error({ use: "enc" }),
        await error({ key_ops: [] }),
        await error({ ext: false }),
      ];
    });
    assert.deepEqual(seen, ["oct", "HS512", true, ["sign"], true, 256, "A256GCM", ...Array(6).fill("DataError")]);
  });
  it("refuses by the names of the standard", async () => {
    const seen = await run(async () => {
      const error = async (promise) =>
        promise.then(
          () => "no error",
          ({ name }) => name,
        );
      const subtle = crypto.subtle;
      const hmac = { name: "HMAC", hash: "SHA-256" };
      const verifyOnly = await subtle.importKey("raw", new Uint8Array(8), hmac, false, ["verify"]);
      return [
        await error(subtle.importKey("raw", new Uint8Array(8), hmac, true, ["encrypt"])),
        await error(subtle.importKey("raw", new Uint8Array(8), hmac, true, [])),
        await error(subtle.importKey("raw", new Uint8Array(0), hmac, true, ["sign"])),
        await error(subtle.importKey("raw", new Uint8Array(5), "AES-GCM", true, ["encrypt"])),
        await error(subtle.importKey("raw", new Uint8Array(5), "RSA-PSS", true, ["sign"])),
        await error(subtle.importKey("spki", new Uint8Array(5), hmac, true, ["sign"])),
        await error(subtle.importKey("x", new Uint8Array(5), hmac, true, ["sign"])),
        await error(subtle.sign("HMAC", verifyOnly, new Uint8Array(1))),
        await error(subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, verifyOnly, new Uint8Array(1))),
        await error(subtle.sign("ECDSA", verifyOnly, new Uint8Array(1))),
        await error(subtle.generateKey({ name: "AES-GCM", length: 100 }, true, ["encrypt"])),
        await error(subtle.deriveBits({}, verifyOnly, 8)),
        await error(subtle.deriveKey({}, verifyOnly, hmac, true, ["sign"])),
        await error(subtle.wrapKey("raw", verifyOnly, verifyOnly, "AES-GCM")),
        await error(subtle.unwrapKey("raw", new Uint8Array(1), verifyOnly, "AES-GCM", hmac, true, ["sign"])),
        await error(subtle.digest("SHA-256")),
      ];
    });
    assert.deepEqual(seen, [
      "SyntaxError",
      "SyntaxError",
      "DataError",
      "DataError",
      "NotSupportedError",
      "NotSupportedError",
      "TypeError",
      "InvalidAccessError",
      "InvalidAccessError",
      "NotSupportedError",
      "OperationError",
      ...Array(4).fill("NotSupportedError"),
      "TypeError",
    ]);
  });
  it("keys show copies of what they are", async () => {
    const seen = await run(
      async () => {
        const { subtle } = crypto;
        const hmac = await subtle.importKey("raw", new Uint8Array(8), { name: "HMAC", hash: "SHA-256" }, false, [
          "verify",
        ]);
        hmac.usages.push("sign");
        hmac.algorithm.hash.name = "SHA-1";
        hmac.algorithm.name = "AES-GCM";
        const signed = await subtle.sign("HMAC", hmac, new Uint8Array(1)).catch(({ name }) => name);
        const mac = Uint8Array.fromHex(context_mac);
        return [
          signed,
          await subtle.verify("HMAC", hmac, mac, new Uint8Array(1)),
          hmac.usages === hmac.usages,
          hmac.algorithm === hmac.algorithm,
          Object.prototype.toString.call(hmac),
          hmac instanceof CryptoKey,
        ];
      },
      { top: `const context_mac = "${createHmac("sha256", Buffer.alloc(8)).update(Buffer.alloc(1)).digest("hex")}"` },
    );
    assert.deepEqual(seen, ["InvalidAccessError", true, true, true, "[object CryptoKey]", true]);
  });
  it("HMAC keys may be some bits shorter than their bytes", async () => {
    const seen = await run(async () => {
      const { subtle } = crypto;
      const use = async (length) => {
        try {
          const key = await subtle.importKey(
            "raw",
            new Uint8Array(8).fill(255),
            { name: "HMAC", hash: "SHA-256", length },
            true,
            ["sign"],
          );
          return [key.algorithm.length, new Uint8Array(await subtle.exportKey("raw", key)).toHex()];
        } catch (error) {
          return error.name;
        }
      };
      const made = await subtle.generateKey({ name: "HMAC", hash: "SHA-1", length: 9 }, true, ["sign"]);
      return [
        await use(64),
        await use(57),
        await use(63),
        await use(56),
        await use(65),
        await use(0),
        await use(-1),
        await use("x"),
        made.algorithm.length,
        new Uint8Array(await subtle.exportKey("raw", made))[1] & 0x7f,
        (await subtle.generateKey({ name: "HMAC", hash: "SHA-512" }, true, ["sign"])).algorithm.length,
        await subtle.generateKey({ name: "HMAC", hash: "SHA-1", length: 0 }, true, ["sign"]).catch(({ name }) => name),
      ];
    });
    assert.deepEqual(seen, [
      [64, "ff".repeat(8)],
      [57, "ff".repeat(7) + "80"],
      [63, "ff".repeat(7) + "fe"],
      "DataError",
      "DataError",
      "DataError",
      "TypeError",
      "TypeError",
      9,
      0,
      1024,
      "OperationError",
    ]);
  });
  it("AES-GCM takes an iv of 12 or 16 bytes, and says so", async () => {
    const seen = await run(async () => {
      const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
      const seen = [];
      for (const length of [12, 16, 0, 8, 60]) {
        const algorithm = { name: "AES-GCM", iv: crypto.getRandomValues(new Uint8Array(length)) };
        try {
          const sealed = await crypto.subtle.encrypt(algorithm, key, new Uint8Array([1, 2]));
          seen.push([...new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed))]);
        } catch (error) {
          seen.push([error.name, error.message, error instanceof DOMException]);
        }
      }
      return seen;
    });
    assert.deepEqual(seen.slice(0, 2), [
      [1, 2],
      [1, 2],
    ]);
    assert.equal(seen[2][0], "OperationError");
    for (const [index, length] of [8, 60].entries()) {
      const [name, message, isDomException] = seen[3 + index];
      assert.deepEqual([name, isDomException], ["NotSupportedError", true]);
      assert.match(message, new RegExp(`an iv of ${length} bytes is not supported`));
    }
  });
});
