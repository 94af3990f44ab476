// Streams and the transforms built on them.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { execute, run } from "./run.mjs";

describe("streams", () => {
  it("read, cancel, tee, iterate, from", async () => {
    const seen = await run(async () => {
      const numbers = () => ReadableStream.from([1, 2, 3]);
      const list = async (stream) => {
        const seen = [];
        for await (const value of stream) seen.push(value);
        return seen;
      };
      const [a, b] = numbers().tee();
      let cancelled;
      const stream = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
      await stream.cancel("why");
      const locked = numbers();
      locked.getReader();
      return [await list(numbers()), await list(a), await list(b), cancelled, locked.locked];
    });
    assert.deepEqual(seen, [[1, 2, 3], [1, 2, 3], [1, 2, 3], "why", true]);
  });
  it("pipe through transforms, with back pressure and abort", async () => {
    const seen = await run(async () => {
      const doubled = ReadableStream.from([1, 2]).pipeThrough(
        new TransformStream({ transform: (n, c) => (c.enqueue(n), c.enqueue(n)), flush: (c) => c.enqueue("end") }),
      );
      const seen = [];
      await doubled.pipeTo(new WritableStream({ write: (value) => void seen.push(value) }));
      const aborted = await ReadableStream.from([1])
        .pipeTo(new WritableStream(), { signal: AbortSignal.abort("no") })
        .catch((error) => error);
      const strategy = new CountQueuingStrategy({ highWaterMark: 3 });
      return [
        seen,
        aborted,
        strategy.highWaterMark,
        new ByteLengthQueuingStrategy({ highWaterMark: 1 }).size(new Uint8Array(4)),
      ];
    });
    assert.deepEqual(seen, [[1, 1, 2, 2, "end"], "no", 3, 4]);
  });
  it("byte streams give buffers back", async () => {
    const seen = await run(async () => {
      const stream = new ReadableStream({ type: "bytes", pull: (c) => c.enqueue(new Uint8Array([1, 2, 3])) });
      const reader = stream.getReader({ mode: "byob" });
      const { value } = await reader.read(new Uint8Array(2));
      return [...value];
    });
    assert.deepEqual(seen, [1, 2]);
  });
  it("TextEncoderStream and TextDecoderStream keep characters whole", async () => {
    const seen = await run(async () => {
      const all = async (stream) => {
        const seen = [];
        for await (const chunk of stream) seen.push(typeof chunk === "string" ? chunk : [...chunk]);
        return seen;
      };
      const encoder = new TextEncoderStream();
      const decoder = new TextDecoderStream("utf-8", { fatal: true });
      const encoded = await all(ReadableStream.from(["a\uD83D", "\uDE00", "\uD83D"]).pipeThrough(encoder));
      const decoded = await all(
        ReadableStream.from([new Uint8Array([0xe2]), new Uint8Array([0x82, 0xac])]).pipeThrough(decoder),
      );
      const failed = await all(
        ReadableStream.from([new Uint8Array([0xff])]).pipeThrough(new TextDecoderStream("utf-8", { fatal: true })),
      ).catch((error) => error.name);
      return [encoded, decoded, failed, encoder.encoding, decoder.encoding, decoder.fatal, decoder.ignoreBOM];
    });
    assert.deepEqual(seen, [
      [[97], [240, 159, 152, 128], [239, 191, 189]],
      ["€"],
      "TypeError",
      "utf-8",
      "utf-8",
      true,
      false,
    ]);
  });
  it("CompressionStream and DecompressionStream", async () => {
    const seen = await run(async () => {
      const text = "hello ".repeat(500);
      const out = {};
      for (const format of ["gzip", "deflate", "deflate-raw"]) {
        const packed = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream(format))).bytes();
        const back = await new Response(
          new Blob([packed]).stream().pipeThrough(new DecompressionStream(format)),
        ).text();
        const short = await new Response(
          new Blob([packed.subarray(0, -12)]).stream().pipeThrough(new DecompressionStream(format)),
        )
          .text()
          .catch((error) => error.name);
        out[format] = [packed.length < 200, back === text, short];
      }
      const garbage = await new Response(
        new Blob(["xxxxxxxxxxxxxxxxxxxxxxx"]).stream().pipeThrough(new DecompressionStream("gzip")),
      )
        .text()
        .catch((error) => error.name);
      let unknown;
      try {
        new CompressionStream("br");
      } catch (error) {
        unknown = error.name;
      }
      return [out, garbage, unknown];
    });
    assert.deepEqual(seen, [
      { gzip: [true, true, "TypeError"], deflate: [true, true, "TypeError"], "deflate-raw": [true, true, "TypeError"] },
      "TypeError",
      "TypeError",
    ]);
  });
  it("DecompressionStream finds what is damaged, cut off or goes on", async () => {
    const seen = await run(async () => {
      const seen = {};
      for (const format of ["gzip", "deflate"]) {
        const packed = await new Response(
          new Blob(["hello ".repeat(9)]).stream().pipeThrough(new CompressionStream(format)),
        ).bytes();
        const unpack = (...parts) =>
          new Response(new Blob(parts).stream().pipeThrough(new DecompressionStream(format))).text().then(
            (text) => text.length,
            (error) => error.name,
          );
        const damaged = packed.slice();
        damaged[packed.length - 2] ^= 1;
        const byByte = new ReadableStream({
          start(controller) {
            for (const byte of packed) controller.enqueue(new Uint8Array([byte]));
            controller.close();
          },
        });
        seen[format] = [
          await unpack(packed),
          await unpack(damaged),
          await unpack(packed.subarray(0, -1)),
          await unpack(packed, new Uint8Array(3)),
          await unpack(packed, new Uint8Array([1])),
          await unpack(),
          (await new Response(byByte.pipeThrough(new DecompressionStream(format))).text()).length,
        ];
      }
      const large = await new Response(
        new Blob([new Uint8Array(100_000).map((_, i) => i * i)]).stream().pipeThrough(new CompressionStream("deflate")),
      ).blob();
      seen.large = (await new Response(large.stream().pipeThrough(new DecompressionStream("deflate"))).bytes()).length;
      return seen;
    });
    const expected = [54, ...Array(5).fill("TypeError"), 54];
    assert.deepEqual(seen, { gzip: expected, deflate: expected, large: 100_000 });
  });
  it("wait for the host between chunks", async () => {
    const { result } = await execute(async (context) => {
      const stream = new ReadableStream({
        async pull(controller) {
          await context.wait(5);
          controller.enqueue(1);
          controller.close();
        },
      });
      return (await stream.getReader().read()).value;
    });
    assert.equal(result, 1);
  });
  it("writers: ready, desiredSize, closed, abort, releaseLock", async () => {
    const seen = await run(async () => {
      let finish;
      let controller;
      const written = [];
      const stream = new WritableStream(
        {
          start: (own) => void (controller = own),
          write: (chunk) => new Promise((resolve) => (finish = () => resolve(written.push(chunk)))),
        },
        new CountQueuingStrategy({ highWaterMark: 2 }),
      );
      const writer = stream.getWriter();
      const sizes = [writer.desiredSize];
      await writer.ready;
      const first = writer.write("a");
      writer.write("b").catch(() => {});
      sizes.push(writer.desiredSize, stream.locked);
      await Promise.resolve();
      finish();
      await first;
      const closed = writer.closed.catch((error) => error);
      const aborted = writer.abort("why");
      const signalled = controller.signal.aborted;
      finish();
      await aborted;
      writer.releaseLock();
      return [sizes, signalled, controller.signal.reason, await closed, stream.locked, written];
    });
    assert.deepEqual(seen, [[2, 0, true], true, "why", "why", false, ["a", "b"]]);
  });
  it("controllers: desiredSize, error, terminate; readers: closed, releaseLock; views of one's own", async () => {
    const seen = await run(async () => {
      let controller;
      const stream = new ReadableStream({ start: (own) => void (controller = own) }, { highWaterMark: 3 });
      controller.enqueue(1);
      const size = controller.desiredSize;
      const first = stream.getReader();
      await first.read();
      first.releaseLock();
      const second = stream.getReader();
      controller.error(new RangeError("broken"));
      const broken = [
        await second.closed.catch((error) => error.name),
        await second.read().catch((error) => error.name),
      ];
      const transform = new TransformStream({
        transform(chunk, own) {
          own.enqueue(own.desiredSize);
          own.terminate();
        },
      });
      const writer = transform.writable.getWriter();
      writer.write("x").catch(() => {});
      const reader = transform.readable.getReader();
      const terminated = [(await reader.read()).value, (await reader.read()).done];
      const bytes = new ReadableStream({
        type: "bytes",
        autoAllocateChunkSize: 8,
        pull(own) {
          const { byobRequest } = own;
          const { buffer, byteOffset } = byobRequest.view;
          new Uint8Array(buffer, byteOffset, 2).fill(7);
          byobRequest.respondWithNewView(new Uint8Array(buffer, byteOffset, 2));
        },
      });
      const { value } = await bytes.getReader().read();
      return [size, broken, terminated, [...value]];
    });
    assert.deepEqual(seen, [2, ["RangeError", "RangeError"], [0, true], [7, 7]]);
  });
});
