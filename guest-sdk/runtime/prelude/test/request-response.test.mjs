// Headers, Request, Response and the body methods, without a network.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./run.mjs";

describe("Headers", () => {
  it("takes nothing, pairs, records and Headers", async () => {
    const seen = await run(() => [
      [...new Headers()],
      [
        ...new Headers([
          ["B", "2"],
          ["a", "1"],
        ]),
      ],
      [...new Headers({ B: "2", a: " 1\t" })],
      [...new Headers([["a", undefined]])],
      [...new Headers([new Set(["s", null])])],
      [...new Headers(new Headers({ x: "y" }))],
      [...new Headers(new Map([["m", "1"]]))],
    ]);
    assert.deepEqual(seen, [
      [],
      [
        ["a", "1"],
        ["b", "2"],
      ],
      [
        ["a", "1"],
        ["b", "2"],
      ],
      [["a", "undefined"]],
      [["s", "null"]],
      [["x", "y"]],
      [["m", "1"]],
    ]);
  });
  it("combines, sets, deletes, sorts by lower-case name", async () => {
    const seen = await run(() => {
      const headers = new Headers({ b: "1" });
      headers.append("B", "2");
      headers.append("a", "0");
      headers.append("set-cookie", "x=1");
      headers.append("set-cookie", "y=2");
      const first = [...headers];
      headers.set("b", "3");
      headers.delete("A");
      return [
        first,
        headers.get("b"),
        headers.get("a"),
        headers.has("A"),
        [...headers.keys()],
        [...headers.values()],
        headers.getSetCookie(),
      ];
    });
    assert.deepEqual(seen, [
      [
        ["a", "0"],
        ["b", "1, 2"],
        ["set-cookie", "x=1"],
        ["set-cookie", "y=2"],
      ],
      "3",
      null,
      false,
      ["b", "set-cookie", "set-cookie"],
      ["3", "x=1", "y=2"],
      ["x=1", "y=2"],
    ]);
  });
  it("iterates over what is there at each step", async () => {
    const seen = await run(() => {
      const headers = new Headers({ a: "1", c: "3" });
      const seen = [];
      for (const [name] of headers) {
        seen.push(name);
        if (name === "a") headers.set("b", "2");
      }
      headers.forEach((value, name, self) => seen.push(`${name}=${value}`, self === headers));
      return seen;
    });
    assert.deepEqual(seen, ["a", "b", "c", "a=1", true, "b=2", true, "c=3", true]);
  });
  it("refuses bad names, bad values and bad arguments", async () => {
    const seen = await run(() => {
      const attempt = (action) => {
        try {
          action();
          return "no error";
        } catch (error) {
          return error.name;
        }
      };
      return [
        attempt(() => new Headers({ "a b": "1" })),
        attempt(() => new Headers({ "": "1" })),
        attempt(() => new Headers({ a: "x\ny" })),
        attempt(() => new Headers({ a: "x\0" })),
        attempt(() => new Headers({ a: "€" })),
        attempt(() => new Headers({ ä: "1" })),
        attempt(() => new Headers("a")),
        attempt(() => new Headers(null)),
        attempt(() => new Headers([["a"]])),
        attempt(() => new Headers(["ab"])),
        attempt(() => new Headers([[]])),
        attempt(() => new Headers([["a", "b", "c"]])),
        attempt(() => new Headers().append("a")),
        attempt(() => new Headers().get()),
        attempt(() => Headers()),
        attempt(() => new Headers({ a: "trailing newline\r\n" })),
      ];
    });
    assert.deepEqual(seen, [...Array(15).fill("TypeError"), "no error"]);
  });
});

describe("Request", () => {
  it("has the standard's defaults", async () => {
    const seen = await run(() => {
      const request = new Request("HTTPS://Example.com/a/../b#c");
      const {
        method,
        url,
        destination,
        referrer,
        referrerPolicy,
        mode,
        credentials,
        cache,
        redirect,
        integrity,
        keepalive,
        duplex,
        body,
        bodyUsed,
      } = request;
      return {
        method,
        url,
        destination,
        referrer,
        referrerPolicy,
        mode,
        credentials,
        cache,
        redirect,
        integrity,
        keepalive,
        duplex,
        body,
        bodyUsed,
        aborted: request.signal.aborted,
        same: request.signal === request.signal,
      };
    });
    assert.deepEqual(seen, {
      method: "GET",
      url: "https://example.com/b#c",
      destination: "",
      referrer: "about:client",
      referrerPolicy: "",
      mode: "cors",
      credentials: "same-origin",
      cache: "default",
      redirect: "follow",
      integrity: "",
      keepalive: false,
      duplex: "half",
      body: null,
      bodyUsed: false,
      aborted: false,
      same: true,
    });
  });
  it("normalises six methods, keeps others, forbids three", async () => {
    const seen = await run(() =>
      ["get", "Post", "PATCH", "patch", "x-y", "connect", "TRACE", "track", "a b"].map((method) => {
        try {
          return new Request("https://a.b", { method }).method;
        } catch (error) {
          return error.name;
        }
      }),
    );
    assert.deepEqual(seen, [
      "GET",
      "POST",
      "PATCH",
      "patch",
      "x-y",
      "TypeError",
      "TypeError",
      "TypeError",
      "TypeError",
    ]);
  });
  it("made from a request takes over its body and leaves it used", async () => {
    const seen = await run(async () => {
      const first = new Request("https://a.b/", { method: "POST", body: "x", headers: { a: "1" } });
      const second = new Request(first, { headers: { b: "2" } });
      const third = new Request("https://a.b/", {
        method: "PUT",
        body: new ReadableStream({ start: (c) => (c.enqueue(new Uint8Array([121])), c.close()) }),
        duplex: "half",
      });
      const fourth = new Request(third);
      return [
        first.bodyUsed,
        second.bodyUsed,
        second.method,
        second.headers.get("a"),
        second.headers.get("b"),
        second.headers.get("content-type"),
        await second.text(),
        third.bodyUsed,
        await fourth.text(),
      ];
    });
    assert.deepEqual(seen, [true, false, "POST", null, "2", null, "x", true, "y"]);
  });
  it("signal follows the given one; null takes it away", async () => {
    const seen = await run(() => {
      const controller = new AbortController();
      const request = new Request("https://a.b", { signal: controller.signal });
      const copy = new Request(request);
      const clone = request.clone();
      const without = new Request(request, { signal: null });
      const before = [request.signal === controller.signal, request.signal.aborted];
      controller.abort("x");
      return [before, request.signal.reason, copy.signal.reason, clone.signal.reason, without.signal.aborted];
    });
    assert.deepEqual(seen, [[false, false], "x", "x", "x", false]);
  });
  it("refuses what the standard refuses", async () => {
    const seen = await run(() =>
      [
        () => new Request("https://a.b", { mode: "navigate" }),
        () => new Request("https://a.b", { redirect: "x" }),
        () => new Request("https://a.b", { cache: "x" }),
        () => new Request("https://a.b", { window: {} }),
        () => new Request("https://a.b", { signal: {} }),
        () => new Request("https://a.b", { body: "x" }),
        () => new Request("https://a.b", { method: "POST", body: new ReadableStream() }),
        () => new Request("https://a.b", { method: "POST", body: new ReadableStream(), duplex: "full" }),
        () => new Request("https://a.b", 1),
        () => new Request(),
        () => {
          const used = new Request("https://a.b", { method: "POST", body: "x" });
          used.text();
          return new Request(used);
        },
      ].map((action) => {
        try {
          action();
          return "no error";
        } catch (error) {
          return error.name;
        }
      }),
    );
    assert.deepEqual(seen, Array(11).fill("TypeError"));
  });
});

describe("Response", () => {
  it("has the standard's defaults and takes a status", async () => {
    const seen = await run(() => {
      const { status, statusText, ok, type, url, redirected, body, bodyUsed } = new Response();
      const other = new Response("x", { status: 404, statusText: "Nope", headers: { a: "b" } });
      return [
        { status, statusText, ok, type, url, redirected, body, bodyUsed },
        other.status,
        other.ok,
        other.statusText,
        other.headers.get("a"),
        other.headers.get("content-type"),
      ];
    });
    assert.deepEqual(seen, [
      {
        status: 200,
        statusText: "",
        ok: true,
        type: "default",
        url: "",
        redirected: false,
        body: null,
        bodyUsed: false,
      },
      404,
      false,
      "Nope",
      "b",
      "text/plain;charset=UTF-8",
    ]);
  });
  it("json, error and redirect", async () => {
    const seen = await run(async () => {
      const json = Response.json({ a: [1] }, { status: 201, headers: { x: "y" } });
      const typed = Response.json(1, { headers: { "content-type": "application/problem+json" } });
      const error = Response.error();
      const redirect = Response.redirect("https://a.b/c", 301);
      const refused = [
        () => Response.json(undefined),
        () => Response.json(() => {}),
        () => Response.redirect("https://a.b", 200),
        () => Response.redirect("::"),
        () => error.headers.set("a", "b"),
        () => new Response("x", { status: 204 }),
        () => new Response("", { status: 199 }),
        () => new Response("", { status: 600 }),
        () => new Response("", { statusText: "\n" }),
      ].map((action) => {
        try {
          action();
          return "no error";
        } catch (thrown) {
          return thrown.name;
        }
      });
      return [
        json.status,
        json.headers.get("content-type"),
        json.headers.get("x"),
        await json.json(),
        typed.headers.get("content-type"),
        error.type,
        error.status,
        redirect.status,
        redirect.headers.get("location"),
        refused,
      ];
    });
    assert.deepEqual(seen, [
      201,
      "application/json",
      "y",
      { a: [1] },
      "application/problem+json",
      "error",
      0,
      301,
      "https://a.b/c",
      [
        "TypeError",
        "TypeError",
        "RangeError",
        "TypeError",
        "TypeError",
        "TypeError",
        "RangeError",
        "RangeError",
        "TypeError",
      ],
    ]);
  });
});

describe("the body methods", () => {
  it("read every kind of body in every form", async () => {
    const seen = await run(async () => {
      const body = () => new Response('{"a":"ü"}', { headers: { "content-type": "Application/JSON; charset=utf-8" } });
      const blob = await body().blob();
      return [
        await body().text(),
        await body().json(),
        new Uint8Array(await body().arrayBuffer()).length,
        (await body().bytes()) instanceof Uint8Array,
        blob.type,
        blob.size,
        (await new Response().text()) === "",
        (await new Response().arrayBuffer()).byteLength,
        await new Response(new Blob(["x"], { type: "a/b" })).text(),
      ];
    });
    assert.deepEqual(seen, ['{"a":"ü"}', { a: "ü" }, 10, true, "application/json;charset=utf-8", 10, true, 0, "x"]);
  });
  it("text takes a byte order mark away, json fails with a SyntaxError", async () => {
    const seen = await run(async () => [
      await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])).text(),
      await new Response(new Uint8Array([0x61, 0xff])).text(),
      await new Response("{").json().catch((error) => error.name),
      await new Response(new Uint8Array([0xef, 0xbb, 0xbf, 0x31])).json(),
    ]);
    assert.deepEqual(seen, ["a", "a\uFFFD", "SyntaxError", 1]);
  });
  it("body is a byte stream, made once; reading it uses the body", async () => {
    const seen = await run(async () => {
      const response = new Response("abc");
      const same = response.body === response.body;
      const reader = response.body.getReader({ mode: "byob" });
      const { value } = await reader.read(new Uint8Array(2));
      const used = response.bodyUsed;
      const again = await response.text().catch((error) => error.name);
      const locked = new Response("x");
      locked.body.getReader();
      const read = new Response("y");
      await read.text();
      const closed = await read.body.getReader().read();
      return [
        same,
        new TextDecoder().decode(value),
        used,
        again,
        locked.bodyUsed,
        await locked.text().catch((error) => error.name),
        closed.done,
      ];
    });
    assert.deepEqual(seen, [true, "ab", true, "TypeError", false, "TypeError", true]);
  });
  it("a stream may only hold Uint8Array chunks", async () => {
    const seen = await run(() =>
      new Response(new ReadableStream({ start: (c) => c.enqueue("text") }))
        .text()
        .catch((error) => `${error.name}: ${error.message}`),
    );
    assert.match(seen, /^TypeError: .*Uint8Array/);
  });
  it("an error of the stream is the error of the method", async () => {
    const seen = await run(() =>
      new Response(new ReadableStream({ pull: (c) => c.error(new RangeError("broken")) }))
        .text()
        .catch((error) => error.message),
    );
    assert.equal(seen, "broken");
  });
  it("the body of a clone is its own", async () => {
    const seen = await run(async () => {
      const response = new Response(
        new ReadableStream({ start: (c) => (c.enqueue(new Uint8Array([97, 98])), c.close()) }),
      );
      const clone = response.clone();
      const reader = response.body.getReader();
      const { value } = await reader.read();
      value[0] = 0;
      return [await clone.text(), response.bodyUsed];
    });
    assert.deepEqual(seen, ["ab", true]);
  });
  it("formData reads both forms and refuses others", async () => {
    const seen = await run(async () => {
      const urlencoded = await new Response(
        new URLSearchParams([
          ["a", "1"],
          ["a", "ü &"],
        ]),
      ).formData();
      const form = new FormData();
      form.append('na"me\n', "a\nb");
      form.append("file", new File(["x\r\ny"], 'q"uote.txt', { type: "text/x" }));
      form.append("empty", "");
      form.append("blob", new Blob([new Uint8Array([0, 13, 10, 45, 45])]));
      const back = await new Response(form).formData();
      const file = back.get("file");
      const names = [...back.keys()];
      const refused = [];
      for (const [body, type] of [
        ["x", "text/plain"],
        ["--b", 'multipart/form-data; boundary="b"'],
        ["x", "multipart/form-data; boundary=b"],
        ["--b\r\nx: y\r\n\r\nz\r\n--b--", "multipart/form-data; boundary=b"],
        ["", "multipart/form-data"],
      ]) {
        refused.push(
          await new Response(body, { headers: { "content-type": type } }).formData().then(
            () => "no error",
            (error) => error.name,
          ),
        );
      }
      return [
        [...urlencoded],
        names,
        back.get(names[0]),
        file.name,
        file.type,
        await file.text(),
        back.get("empty"),
        back.get("blob").name,
        [...(await back.get("blob").bytes())],
        refused,
      ];
    });
    assert.deepEqual(seen, [
      [
        ["a", "1"],
        ["a", "ü &"],
      ],
      ['na"me\r\n', "file", "empty", "blob"],
      "a\r\nb",
      'q"uote.txt',
      "text/x",
      "x\r\ny",
      "",
      "blob",
      [0, 13, 10, 45, 45],
      Array(5).fill("TypeError"),
    ]);
  });
});
