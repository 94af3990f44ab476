// Known answers: FIPS 180 examples for SHA, RFC 2202 and RFC 4231 for HMAC, the test cases of the GCM specification
// (NIST SP 800-38D's submission) for AES-GCM.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./run.mjs";

const TWO_BLOCKS = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
const DIGESTS = {
  "SHA-1": [
    ["", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d"],
    [TWO_BLOCKS, 1, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"],
    ["a", 1e6, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"],
  ],
  "SHA-256": [
    ["", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [TWO_BLOCKS, 1, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
    ["a", 1e6, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ],
  "SHA-384": [
    ["", 1, "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"],
    ["abc", 1, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"],
  ],
  "SHA-512": [
    [
      "",
      1,
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    ],
    [
      "abc",
      1,
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ],
  ],
};

const SHORT = ["0b".repeat(20), "Hi There"];
const LONG = ["aa".repeat(131), "Test Using Larger Than Block-Size Key - Hash Key First"];
const MACS = [
  ["SHA-1", ...SHORT, "b617318655057264e28bc0b6fb378c8ef146be00"],
  ["SHA-1", "aa".repeat(80), LONG[1], "aa4ae5e15272d00e95705637ce8a3b55ed402112"],
  ["SHA-256", ...SHORT, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
  ["SHA-256", ...LONG, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"],
  [
    "SHA-384",
    ...SHORT,
    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
  ],
  [
    "SHA-384",
    ...LONG,
    "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
  ],
  [
    "SHA-512",
    ...SHORT,
    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
  ],
  [
    "SHA-512",
    ...LONG,
    "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
  ],
];

const KEY = "feffe9928665731c6d6a8f9467308308";
const PLAIN =
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
const IV = "cafebabefacedbaddecaf888";
const AAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
const zeros = (bytes) => "00".repeat(bytes);
/** By the number of the test case: key, iv, additional data, plaintext, ciphertext and tag. */
const CIPHERS = {
  1: [zeros(16), zeros(12), "", "", "58e2fccefa7e3061367f1d57a4e7455a"],
  2: [zeros(16), zeros(12), "", zeros(16), "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"],
  4: [
    KEY,
    IV,
    AAD,
    PLAIN,
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
  ],
  7: [zeros(24), zeros(12), "", "", "cd33b28ac773f74ba00ed1f312572435"],
  8: [zeros(24), zeros(12), "", zeros(16), "98e7247c07f0fe411c267e4384b0f6002ff58d80033927ab8ef4d4587514f0fb"],
  10: [
    KEY + KEY.slice(0, 16),
    IV,
    AAD,
    PLAIN,
    "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda27102519498e80f1478f37ba55bd6d27618c",
  ],
  13: [zeros(32), zeros(12), "", "", "530f8afbc74536b9a963b4f1c4cb738b"],
  14: [zeros(32), zeros(12), "", zeros(16), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"],
  16: [
    KEY + KEY,
    IV,
    AAD,
    PLAIN,
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
  ],
};

describe("known answers", () => {
  for (const [algorithm, cases] of Object.entries(DIGESTS)) {
    it(algorithm, async () => {
      const seen = await run(
        async (context, { algorithm, cases }) => {
          const seen = [];
          for (const [text, times] of cases) {
            const data = new TextEncoder().encode(text.repeat(times));
            const digest = new Uint8Array(await crypto.subtle.digest(algorithm, data)).toHex();
            seen.push(digest);
            if (/256|512/.test(algorithm) && context.crypto.hash(algorithm, data) !== digest)
              seen.push("not the context's");
          }
          return seen;
        },
        { data: { algorithm, cases } },
      );
      assert.deepEqual(
        seen,
        cases.map(([, , digest]) => digest),
      );
    });
  }
  it("HMAC", async () => {
    const seen = await run(
      async (context, cases) => {
        const seen = [];
        for (const [hash, key, text] of cases) {
          const [bytes, data] = [Uint8Array.fromHex(key), new TextEncoder().encode(text)];
          const imported = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash }, false, [
            "sign",
            "verify",
          ]);
          const mac = await crypto.subtle.sign("HMAC", imported, data);
          seen.push(new Uint8Array(mac).toHex());
          if (!(await crypto.subtle.verify("HMAC", imported, mac, data))) seen.push("not verified");
          if (/256|512/.test(hash) && context.crypto.hmac(hash, bytes, text) !== seen.at(-1))
            seen.push("not the context's");
        }
        return seen;
      },
      { data: MACS },
    );
    assert.deepEqual(
      seen,
      MACS.map(([, , , mac]) => mac),
    );
  });
  it("AES-GCM, both ways, with keys of 128, 192 and 256 bits", async () => {
    const seen = await run(
      async (context, cases) => {
        const seen = {};
        for (const [number, parts] of Object.entries(cases)) {
          const [key, iv, additionalData, plain, sealed] = parts.map((hex) => Uint8Array.fromHex(hex));
          const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
          const algorithm = { name: "AES-GCM", iv, additionalData };
          const encrypted = await crypto.subtle.encrypt(algorithm, imported, plain);
          const decrypted = await crypto.subtle.decrypt(algorithm, imported, sealed);
          seen[number] = [new Uint8Array(encrypted).toHex(), new Uint8Array(decrypted).toHex()];
        }
        return seen;
      },
      { data: CIPHERS },
    );
    for (const [number, [, , , plain, sealed]] of Object.entries(CIPHERS))
      assert.deepEqual(seen[number], [sealed, plain], `test case ${number}`);
  });
});
