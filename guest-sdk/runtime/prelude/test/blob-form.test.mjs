// Blob, File and FormData.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./run.mjs";

describe("Blob and File", () => {
  it("join parts of every kind", async () => {
    const seen = await run(async () => {
      const blob = new Blob(
        ["a", new Uint8Array([98, 99]).subarray(1), new Uint8Array([100]).buffer, new Blob(["e"]), 1, "\uD800"],
        { type: "Text/X" },
      );
      return [await blob.text(), blob.size, blob.type, (await blob.arrayBuffer()).byteLength, (await blob.bytes())[0]];
    });
    assert.deepEqual(seen, ["acde1\uFFFD", 8, "text/x", 8, 97]);
  });
  it("slice as Web IDL clamps", async () => {
    const seen = await run(async () => {
      const blob = new Blob(["hello"], { type: "a/b" });
      const parts = [[1, 3], [-2], [0, -1], [3, 1], [10], [undefined, 2], [0, 5, "C/D"]].map((args) =>
        blob.slice(...args),
      );
      return [await Promise.all(parts.map((part) => part.text())), parts.at(-1).type, parts[0].type];
    });
    assert.deepEqual(seen, [["el", "lo", "hell", "", "", "he", "hello"], "c/d", ""]);
  });
  it("stream in chunks; their bytes are nobody else's", async () => {
    const seen = await run(async () => {
      const blob = new Blob([new Uint8Array(200000)]);
      let size = 0;
      let chunks = 0;
      for await (const chunk of blob.stream()) {
        size += chunk.length;
        chunk.fill(1);
        chunks++;
      }
      (await blob.bytes()).fill(1);
      return [size, chunks > 1, (await blob.bytes()).every((byte) => byte === 0)];
    });
    assert.deepEqual(seen, [200000, true, true]);
  });
  it("a file has a name and a time", async () => {
    const seen = await run(() => {
      const file = new File(["x"], "a/b.txt", { type: "text/plain", lastModified: 12 });
      return [
        file.name,
        file.lastModified,
        file.size,
        file.type,
        file instanceof Blob,
        typeof new File([], "").lastModified,
        Object.prototype.toString.call(file),
      ];
    });
    assert.deepEqual(seen, ["a/b.txt", 12, 1, "text/plain", true, "number", "[object File]"]);
  });
  it("line endings, bad types and bad parts", async () => {
    const seen = await run(async () => {
      const refused = [
        () => new Blob("text"),
        () => new Blob([], { endings: "x" }),
        () => new File(["x"]),
        () => new Blob(1),
        () => Blob([]),
      ].map((action) => {
        try {
          action();
          return "no error";
        } catch (error) {
          return error.name;
        }
      });
      return [
        await new Blob(["a\r\nb\rc\n"], { endings: "native" }).text(),
        new Blob([], { type: "t\u00e9xt" }).type,
        refused,
      ];
    });
    assert.deepEqual(seen, ["a\nb\nc\n", "", Array(5).fill("TypeError")]);
  });
});

describe("FormData", () => {
  it("all methods", async () => {
    const seen = await run(() => {
      const form = new FormData();
      form.append("a", "1");
      form.append("b", 2);
      form.append("a", "3");
      form.append("f", new Blob(["x"], { type: "t/x" }));
      form.append("g", new Blob(["y"]), "name.txt");
      form.append("h", new File(["z"], "own.txt", { lastModified: 5 }), "other.txt");
      form.set("a", "4");
      form.set("n", "new");
      form.delete("b");
      const each = [];
      form.forEach((value, key) => each.push(key));
      return [
        form.get("a"),
        form.getAll("a"),
        form.get("zz"),
        form.has("b"),
        each,
        form.get("f").name,
        form.get("f").type,
        form.get("g").name,
        form.get("h").name,
        form.get("h").lastModified,
        [...form.keys()].length,
        [...form].length,
        [...form.values()].length,
      ];
    });
    assert.deepEqual(seen, [
      "4",
      ["4"],
      null,
      false,
      ["a", "f", "g", "h", "n"],
      "blob",
      "t/x",
      "name.txt",
      "other.txt",
      5,
      5,
      5,
      5,
    ]);
  });
  it("takes undefined as no name for a file, and as one too many for text", async () => {
    const seen = await run(() => {
      const form = new FormData();
      form.append("blob", new Blob(["x"]), undefined);
      form.append("file", new File(["x"], "own.txt"), undefined);
      form.set("set", new Blob(["x"]), undefined);
      form.append("null", new Blob(["x"]), null);
      const names = [...form].map(([, file]) => file.name);
      try {
        form.append("text", "x", undefined);
      } catch (error) {
        names.push(error.name);
      }
      return names;
    });
    assert.deepEqual(seen, ["blob", "own.txt", "blob", "null", "TypeError"]);
  });
  it("refuses forms, missing arguments and names for text", async () => {
    const seen = await run(() =>
      [
        () => new FormData({}),
        () => new FormData().append("a"),
        () => new FormData().append("a", "b", "c"),
        () => new FormData().get(),
      ].map((action) => {
        try {
          action();
          return "no error";
        } catch (error) {
          return error.name;
        }
      }),
    );
    assert.deepEqual(seen, Array(4).fill("TypeError"));
  });
});
