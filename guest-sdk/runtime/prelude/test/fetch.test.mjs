// fetch against a server that misbehaves.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { execute, fails, run } from "./run.mjs";
import { BIG, serve } from "./server.mjs";

let server;
before(async () => (server = await serve()));
after(() => server.close());
const at = (path) => ({ data: server.url + path });

describe("fetch", () => {
  it("gives a response with all its members", async () => {
    const seen = await run(async (context, url) => {
      const response = await fetch(url);
      const { status, statusText, ok, redirected, type, url: address, bodyUsed } = response;
      const body = await response.json();
      return {
        status,
        statusText,
        ok,
        redirected,
        type,
        same: address === url,
        bodyUsed,
        used: response.bodyUsed,
        method: body.method,
        accept: body.headers.accept,
      };
    }, at("/echo"));
    assert.deepEqual(seen, {
      status: 200,
      statusText: "OK",
      ok: true,
      redirected: false,
      type: "basic",
      same: true,
      bodyUsed: false,
      used: true,
      method: "GET",
      accept: "*/*",
    });
  });
  it("sends method, headers and each kind of body with its content type", async () => {
    const seen = await run(async (context, url) => {
      const form = new FormData();
      form.append("a", "1");
      const bodies = {
        string: "grün",
        params: new URLSearchParams({ a: "b c" }),
        bytes: new Uint8Array([1, 2, 255]),
        part: new Uint8Array([0, 1, 2, 3]).subarray(1, 3),
        view: new DataView(new Uint8Array([7, 8]).buffer),
        buffer: new Uint8Array([9]).buffer,
        blob: new Blob(["blob"], { type: "text/x" }),
        untyped: new Blob(["blob"]),
        form,
        other: 12,
        stream: new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode("str"));
            controller.enqueue(new TextEncoder().encode("eam"));
            controller.close();
          },
        }),
      };
      const seen = {};
      for (const [name, body] of Object.entries(bodies)) {
        const sent = await (
          await fetch(url, { method: "POST", body, headers: { "X-Test": name }, duplex: "half" })
        ).json();
        seen[name] = [
          sent.headers["content-type"]?.replace(/formdata-.*/, "formdata"),
          sent.body.length > 20 ? "long" : sent.body,
          sent.headers["x-test"] === name,
        ];
      }
      return seen;
    }, at("/echo"));
    assert.deepEqual(seen, {
      string: ["text/plain;charset=UTF-8", "grÃ¼n", true],
      params: ["application/x-www-form-urlencoded;charset=UTF-8", "a=b+c", true],
      bytes: [null, "\x01\x02ÿ", true],
      part: [null, "\x01\x02", true],
      view: [null, "\x07\b", true],
      buffer: [null, "\t", true],
      blob: ["text/x", "blob", true],
      untyped: [null, "blob", true],
      form: ["multipart/form-data; boundary=----formdata", "long", true],
      other: ["text/plain;charset=UTF-8", "12", true],
      stream: [null, "stream", true],
    });
  });
  it("does not send what changes after the call", async () => {
    const sent = await run(async (context, url) => {
      const bytes = new Uint8Array([97, 98]);
      const headers = new Headers({ "x-a": "1" });
      const sent = fetch(url, { method: "PUT", body: bytes, headers });
      bytes[0] = 99;
      headers.set("x-a", "2");
      const { body, headers: received } = await (await sent).json();
      return [body, received["x-a"]];
    }, at("/echo"));
    assert.deepEqual(sent, ["ab", "1"]);
  });
  it("follows redirects, refuses them, or hands them over", async () => {
    const seen = await run(async (context, url) => {
      const followed = await fetch(`${url}/redirect?to=/echo`);
      const manual = await fetch(`${url}/redirect?to=/echo`, { redirect: "manual" });
      const refused = await fetch(`${url}/redirect?to=/echo`, { redirect: "error" }).catch(
        (error) => `${error.name}: ${error.message}`,
      );
      const loop = await fetch(`${url}/loop`).catch((error) => `${error.name}: ${error.message}`);
      return [
        followed.redirected,
        followed.url.endsWith("/echo"),
        manual.status,
        manual.headers.get("location"),
        refused,
        loop,
      ];
    }, at(""));
    assert.deepEqual(seen.slice(0, 4), [true, true, 302, "/echo"]);
    assert.match(seen[4], /^TypeError: fetch failed: .*redirect/);
    assert.match(seen[5], /^TypeError: fetch failed: .* redirects/);
  });
  it("rejects with a TypeError that has the caller's line when the network fails", async () => {
    const error = await fails(async function worker(context, url) {
      await fetch(url);
    }, at("/refused"));
    assert.equal(error.name, "TypeError");
    assert.match(error.message, /^fetch failed: /);
    assert.match(error.stack, /at (async )?worker/);
  });
  it("rejects the body when the connection breaks in the middle", async () => {
    const seen = await run(async (context, url) => {
      const response = await fetch(url);
      const text = await response.text().catch((error) => `${error.name}: ${error.message}`);
      const stream = (await fetch(url)).body.getReader();
      const first = (await stream.read()).value.length;
      const second = await stream.read().catch((error) => error.name);
      return [response.status, text, first, second];
    }, at("/broken"));
    assert.deepEqual(seen.toSpliced(1, 1), [200, 500, "TypeError"]);
    assert.match(seen[1], /^TypeError: .*ended too early/);
  });
  it("reads 10 MB, whole and chunk by chunk", async () => {
    const seen = await run(async (context, url) => {
      const whole = (await (await fetch(url)).arrayBuffer()).byteLength;
      let length = 0;
      for await (const chunk of (await fetch(url)).body) length += chunk.length;
      return [whole, length];
    }, at("/big"));
    assert.deepEqual(seen, [BIG, BIG]);
  });
  it("reads from an endless body, and lets go of it", async () => {
    const seen = await run(async (context, url) => {
      const { body } = await fetch(url);
      const reader = body.getReader();
      let text = "";
      while (text.length < 30) text += new TextDecoder().decode((await reader.read()).value);
      await reader.cancel();
      // While the execution goes on: its end would close everything.
      return [text.slice(0, 10), await (await fetch(url.replace("/endless", "/gone?of=/endless"))).json()];
    }, at("/endless?lets-go"));
    assert.deepEqual(seen, ["tick\ntick\n", { gone: true }]);
  });
  it("aborts before, during and after the headers, with the reason", async () => {
    const seen = await run(async (context, url) => {
      const name = (error) => `${error.name ?? error}`;
      const before = await fetch(url, { signal: AbortSignal.abort() }).catch(name);
      const custom = await fetch(url, { signal: AbortSignal.abort("why") }).catch(name);
      const timeout = await fetch(`${url}/delay?ms=1000`, { signal: AbortSignal.timeout(20) }).catch(name);
      const controller = new AbortController();
      const response = await fetch(`${url}/endless`, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error("enough")), 30);
      const body = await response.text().catch((error) => error.message);
      const first = new AbortController();
      const any = fetch(`${url}/delay?ms=1000`, {
        signal: AbortSignal.any([first.signal, AbortSignal.timeout(5000)]),
      }).catch(name);
      first.abort();
      return [before, custom, timeout, body, await any];
    }, at(""));
    assert.deepEqual(seen, ["AbortError", "why", "TimeoutError", "enough", "AbortError"]);
  });
  it("aborts in the turn of the call, and while the body is still being read", async () => {
    const { result, requests, warning } = await execute(async (context, url) => {
      const name = (error) => error.name;
      const first = new AbortController();
      const at = fetch(url, { method: "POST", body: "x", signal: first.signal }).catch(name);
      first.abort();
      const second = new AbortController();
      const endless = new ReadableStream({ pull: () => new Promise(() => {}) });
      const reading = fetch(url, { method: "POST", body: endless, duplex: "half", signal: second.signal }).catch(name);
      await context.wait(5);
      second.abort();
      return [await at, await reading];
    }, at("/delay?ms=3000"));
    assert.deepEqual(result, ["AbortError", "AbortError"]);
    assert.equal(requests, 1);
    assert.equal(warning, undefined);
  });
  it("has begun when the call returns", async () => {
    const { requests } = await execute(
      (context, url) => {
        fetch(url, { method: "POST", body: "x" }).catch(() => {});
        context.clients.platformHttp.post("/x", {}).catch(() => {});
      },
      { ...at("/delay?ms=3000"), baseUrl: server.url },
    );
    assert.equal(requests, 2);
  });
  it("gives up at the server what was aborted", async () => {
    const { result, warning } = await execute(async (context, url) => {
      await fetch(url, { signal: AbortSignal.timeout(100) }).catch(() => {});
      return (await fetch(url.replace("/delay", "/gone?of=/delay"))).json();
    }, at("/delay?ms=3000&gives-up"));
    assert.deepEqual(result, { gone: true });
    assert.equal(warning, undefined);
  });
  it("aborting later does no harm to a body that was read", async () => {
    const seen = await run(async (context, url) => {
      const controller = new AbortController();
      const text = await (await fetch(url, { signal: controller.signal })).text();
      controller.abort();
      return text.length > 0;
    }, at("/echo"));
    assert.equal(seen, true);
  });
  it("keeps header values apart where the standard does", async () => {
    const seen = await run(async (context, url) => {
      const { headers } = await fetch(url);
      return [
        headers.get("x-many"),
        headers.get("set-cookie"),
        headers.getSetCookie(),
        [...headers].filter(([name]) => name === "set-cookie").length,
      ];
    }, at("/cookies"));
    assert.deepEqual(seen, ["1, 2", "a=1, b=2", ["a=1", "b=2"], 2]);
  });
  it("headers of a response from the network are immutable", async () => {
    assert.match(
      (await fails(async (context, url) => (await fetch(url)).headers.set("a", "b"), at("/echo"))).message,
      /cannot be changed/,
    );
  });
  it("decodes a character that comes in two chunks", async () => {
    const seen = await run(async (context, url) => {
      const whole = await (await fetch(url)).text();
      let parts = "";
      for await (const part of (await fetch(url)).body.pipeThrough(new TextDecoderStream())) parts += part;
      return [whole, parts];
    }, at("/chunks"));
    assert.deepEqual(seen, ["grün\n", "grün\n"]);
  });
  it("parses a form in a response", async () => {
    const seen = await run(async (context, url) => {
      const form = await (await fetch(url)).formData();
      const file = form.get("f");
      return [form.get("a"), file.name, file.type, await file.text()];
    }, at("/form"));
    assert.deepEqual(seen, ["1", "x.txt", "text/x", "hello\r\n"]);
  });
  it("a body is read once, also when clones are read", async () => {
    const seen = await run(async (context, url) => {
      const response = await fetch(url);
      const copy = response.clone();
      const both = await Promise.all([response.text(), copy.text()]);
      const again = await response.text().catch((error) => error.name);
      let late;
      try {
        response.clone();
      } catch (error) {
        late = error.name;
      }
      return [both[0] === both[1], again, late, copy.status];
    }, at("/echo"));
    assert.deepEqual(seen, [true, "TypeError", "TypeError", 200]);
  });
  it("HEAD and 204 have no body", async () => {
    const seen = await run(async (context, url) => {
      const head = await fetch(`${url}/echo`, { method: "HEAD" });
      const none = await fetch(`${url}/status?code=204`);
      return [head.body, await head.text(), none.body, none.status];
    }, at(""));
    assert.deepEqual(seen, [null, "", null, 204]);
  });
  it("data: URLs", async () => {
    const seen = await run(async () => {
      const get = async (url) => {
        const response = await fetch(url);
        return [await response.text(), response.headers.get("content-type"), response.status];
      };
      return [
        await get("data:,a%20b"),
        await get("data:text/html;charset=utf-8;base64,PGI+"),
        await get("data:;charset=utf-8,%C3%BC#x"),
        await fetch("data:x").catch((error) => error.name),
        await fetch("data:;base64,!").catch((error) => error.name),
      ];
    });
    assert.deepEqual(seen, [
      ["a b", "text/plain;charset=US-ASCII", 200],
      ["<b>", "text/html;charset=utf-8", 200],
      ["ü", "text/plain;charset=utf-8", 200],
      "TypeError",
      "TypeError",
    ]);
  });
  it("refuses relative URLs, other schemes, credentials, integrity and bodies of GET", async () => {
    const seen = await run(async (context, url) => {
      const message = (promise) =>
        promise.then(
          () => "no error",
          (error) => `${error.name}: ${error.message}`,
        );
      return [
        await message(fetch("/x")),
        await message(fetch("ftp://a.b/")),
        await message(fetch("https://u:p@a.b/")),
        await message(fetch(url, { integrity: "sha256-x" })),
        await message(fetch(url, { body: "x" })),
        await message(fetch()),
      ];
    }, at("/echo"));
    for (const message of seen) assert.match(message, /^TypeError: /);
    assert.match(seen[0], /absolute URL/);
    assert.match(seen[1], /ftp:/);
    assert.match(seen[4], /GET request cannot have a body/);
  });
  it("is refused while the worker is built", async () => {
    const message = await run(() => globalThis.refused, {
      top: 'globalThis.refused = "no"; fetch("https://a.b/").catch((error) => { globalThis.refused = error.message })',
    });
    assert.match(message, /^host calls are not available while the worker is built/);
  });
});
