// TextEncoder, TextDecoder, atob and btoa.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./run.mjs";

describe("TextEncoder", () => {
  it("encodes, lone surrogates as U+FFFD", async () => {
    const seen = await run(() =>
      ["aü€😀", "\uD800x\uDC00", "", undefined].map((text) => [...new TextEncoder().encode(text)]),
    );
    assert.deepEqual(seen, [[...Buffer.from("aü€😀")], [239, 191, 189, 120, 239, 191, 189], [], []]);
  });
  it("encodeInto writes whole characters only", async () => {
    const seen = await run(() => {
      const into = (text, size) => {
        const bytes = new Uint8Array(size);
        return [new TextEncoder().encodeInto(text, bytes), [...bytes]];
      };
      return [
        into("aü€", 10),
        into("aü€", 5),
        into("a😀b", 4),
        into("a😀b", 5),
        into("😀", 1),
        into("\uD83Dx", 3),
        into("", 2),
        into("abc", 2),
      ];
    });
    assert.deepEqual(seen, [
      [{ read: 3, written: 6 }, [97, 195, 188, 226, 130, 172, 0, 0, 0, 0]],
      [{ read: 2, written: 3 }, [97, 195, 188, 0, 0]],
      [{ read: 1, written: 1 }, [97, 0, 0, 0]],
      [{ read: 3, written: 5 }, [97, 240, 159, 152, 128]],
      [{ read: 0, written: 0 }, [0]],
      [{ read: 1, written: 3 }, [239, 191, 189]],
      [{ read: 0, written: 0 }, [0, 0]],
      [{ read: 2, written: 2 }, [97, 98]],
    ]);
  });
});

describe("TextDecoder", () => {
  it("knows the labels of the standard", async () => {
    const seen = await run(() =>
      [
        "utf-8",
        " UTF8 ",
        "unicode-1-1-utf-8",
        "utf-16le",
        "utf-16",
        "utf-16be",
        "latin1",
        "ascii",
        "iso-8859-1",
        "windows-1252",
        "windows-1251",
        "koi8-r",
      ].map((label) => new TextDecoder(label).encoding),
    );
    assert.deepEqual(seen, [
      "utf-8",
      "utf-8",
      "utf-8",
      "utf-16le",
      "utf-16le",
      "utf-16be",
      "windows-1252",
      "windows-1252",
      "windows-1252",
      "windows-1252",
      "windows-1251",
      "koi8-r",
    ]);
  });
  it("refuses others by name", async () => {
    const seen = await run(() =>
      ["x", "gbk", "replacement", ""].map((label) => {
        try {
          return new TextDecoder(label).encoding;
        } catch (error) {
          return `${error.name}: ${error.message}`;
        }
      }),
    );
    for (const message of seen) assert.match(message, /^RangeError: /);
    assert.match(seen[1], /"gbk" is not supported/);
  });
  it("replaces errors, or throws when fatal, and goes on", async () => {
    const seen = await run(() => {
      const bytes = new Uint8Array([97, 0xff, 0xe2, 0x82, 98, 0xf0, 0x9f]);
      const fatal = new TextDecoder("utf-8", { fatal: true });
      let error;
      try {
        fatal.decode(bytes);
      } catch (thrown) {
        error = thrown.name;
      }
      return [new TextDecoder().decode(bytes), error, fatal.fatal, fatal.decode(new Uint8Array([98]))];
    });
    assert.deepEqual(seen, ["a\uFFFD\uFFFDb\uFFFD", "TypeError", true, "b"]);
  });
  it("handles the byte order mark", async () => {
    const seen = await run(() => {
      const bom = new Uint8Array([0xef, 0xbb, 0xbf, 97]);
      const streaming = new TextDecoder();
      const parts = [
        streaming.decode(bom.subarray(0, 1), { stream: true }),
        streaming.decode(bom.subarray(1, 2), { stream: true }),
        streaming.decode(bom.subarray(2), { stream: true }),
        streaming.decode(bom, { stream: true }),
        streaming.decode(),
      ];
      const codes = (text) => [...text].map((char) => char.codePointAt(0));
      return [
        codes(new TextDecoder().decode(bom)),
        codes(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bom)),
        codes(parts.join("|")),
        codes(streaming.decode(bom)),
        codes(new TextDecoder("utf-16le").decode(new Uint8Array([0xff, 0xfe, 97, 0]))),
      ];
    });
    const bar = 124;
    assert.deepEqual(seen, [[97], [0xfeff, 97], [bar, bar, 97, bar, 0xfeff, 97, bar], [97], [97]]);
  });
  it("streams: every way to cut a text gives the text", async () => {
    const seen = await run(() => {
      const text = "aü€😀\uFFFDz";
      const bad = [
        0xe2, 0x82, 0x41, 0xf0, 0x9f, 0x98, 0xe0, 0x80, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0xc0, 0xaf, 0xf5, 0x80, 0xc3,
      ];
      const failures = [];
      for (const bytes of [new TextEncoder().encode(text), new Uint8Array(bad)]) {
        const whole = new TextDecoder().decode(bytes);
        for (let a = 0; a <= bytes.length; a++) {
          for (let b = a; b <= bytes.length; b++) {
            const decoder = new TextDecoder();
            const parts =
              decoder.decode(bytes.subarray(0, a), { stream: true }) +
              decoder.decode(bytes.subarray(a, b), { stream: true }) +
              decoder.decode(bytes.subarray(b));
            if (parts !== whole) failures.push([a, b, parts, whole]);
          }
        }
      }
      return failures;
    });
    assert.deepEqual(seen, []);
  });
  it("fatal fails as soon as a byte is wrong, and at an end within a character", async () => {
    const seen = await run(() => {
      const attempt = (chunks) => {
        const decoder = new TextDecoder("utf-8", { fatal: true });
        const seen = [];
        for (const [index, chunk] of chunks.entries()) {
          try {
            seen.push(decoder.decode(new Uint8Array(chunk), { stream: index < chunks.length - 1 }));
          } catch {
            seen.push("error");
            break;
          }
        }
        return seen;
      };
      return [attempt([[0xe0, 0x80], []]), attempt([[0xe2, 0x82], []]), attempt([[0xe2, 0x82], [0xac]])];
    });
    assert.deepEqual(seen, [["error"], ["", "error"], ["", "€"]]);
  });
  it("other encodings, also in a stream", async () => {
    const seen = await run(() => {
      const utf16 = new TextDecoder("utf-16le");
      return [
        new TextDecoder("latin1").decode(new Uint8Array([0xe4, 0x80, 0x93])),
        new TextDecoder("windows-1251").decode(new Uint8Array([0xcf, 0xf0])),
        utf16.decode(new Uint8Array([97, 0, 0x3d]), { stream: true }) +
          utf16.decode(new Uint8Array([0xd8, 0x00, 0xde])),
        new TextDecoder("utf-16be").decode(new Uint8Array([0, 98])),
        new TextDecoder("latin1").decode(new Uint8Array([104, 105]).buffer),
      ];
    });
    assert.deepEqual(seen, ["ä€“", "Пр", "a😀", "b", "hi"]);
  });
  it("takes buffers and every view", async () => {
    const seen = await run(() => {
      const bytes = new Uint8Array([0, 104, 105, 0]);
      return [
        new TextDecoder().decode(bytes.buffer.slice(1, 3)),
        new TextDecoder().decode(new DataView(bytes.buffer, 1, 2)),
        new TextDecoder().decode(bytes.subarray(1, 3)),
        new TextDecoder().decode(new Uint16Array([0x6968])),
      ];
    });
    assert.deepEqual(seen, ["hi", "hi", "hi", "hi"]);
  });
});

describe("atob and btoa", () => {
  it("are each other's opposite, with forgiving whitespace and padding", async () => {
    const seen = await run(() => [
      btoa("a\xffb"),
      atob("Yf9i"),
      atob(" YQ = =\n"),
      atob("YQ"),
      atob(""),
      btoa(""),
      atob("YWI"),
      btoa("x".repeat(10000)).length,
    ]);
    assert.deepEqual(seen, ["Yf9i", "a\xffb", "a", "a", "", "", "ab", 13336]);
  });
  it("refuse with an InvalidCharacterError", async () => {
    const seen = await run(() =>
      [
        () => btoa("€"),
        () => atob("a"),
        () => atob("ab="),
        () => atob("ab==="),
        () => atob("a-b_"),
        () => atob("===="),
      ].map((action) => {
        try {
          return action();
        } catch (error) {
          return [error.name, error.code, error instanceof DOMException];
        }
      }),
    );
    assert.deepEqual(seen, Array(6).fill(["InvalidCharacterError", 5, true]));
  });
});
