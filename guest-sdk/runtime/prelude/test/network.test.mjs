// fetch and the wire: redirects, codings, headers, methods, large bodies, and what the network refuses.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, it } from "node:test";
import { execute, fails, hostOnly, run } from "./run.mjs";
import { BIG, serve } from "./server.mjs";

let server;
let elsewhere;
before(async () => ([server, elsewhere] = await Promise.all([serve(), serve()])));
after(() => [server, elsewhere].forEach((each) => each.close()));
const urls = () => ({ data: { url: server.url, other: elsewhere.url } });

/** The mock follows redirects in a simple way; the real network has the standard's. */
const REAL_NETWORK = hostOnly("it is the network that is tested");

describe("redirects", () => {
  it("keep or change the method by status, as the standard's HTTP-redirect fetch says", REAL_NETWORK, async () => {
    const seen = await run(async (context, { url }) => {
      const seen = {};
      for (const code of [301, 302, 303, 307, 308]) {
        for (const method of ["GET", "HEAD", "POST", "PUT"]) {
          const init = { method, headers: { "content-type": "t/x", "x-a": "1" } };
          if (method[0] === "P") init.body = "body";
          const response = await fetch(`${url}/redirect?code=${code}&to=/echo`, init);
          const sent = method === "HEAD" ? { method: "HEAD?" } : await response.json();
          seen[`${code} ${method}`] = [
            sent.method,
            sent.body,
            sent.headers?.["content-type"],
            sent.headers?.["x-a"],
          ].join();
        }
      }
      return seen;
    }, urls());
    const get = "GET,,t/x,1";
    // What described the body goes with it.
    const become = "GET,,,1";
    for (const code of [301, 302, 303, 307, 308]) {
      assert.equal(seen[`${code} GET`], get);
      assert.equal(seen[`${code} HEAD`], "HEAD?,,,");
      assert.equal(seen[`${code} POST`], code < 307 ? become : "POST,body,t/x,1", `${code}`);
      assert.equal(seen[`${code} PUT`], code === 303 ? become : "PUT,body,t/x,1", `${code}`);
    }
  });
  it("take no credentials to another origin, and keep them on the same", REAL_NETWORK, async () => {
    const seen = await run(async (context, { url, other }) => {
      const headers = { authorization: "Bearer x", cookie: "a=b", "x-kept": "1" };
      const seen = [];
      for (const to of ["/echo", `${url}/echo`, `${other}/echo`]) {
        const response = await fetch(`${url}/redirect?to=${encodeURIComponent(to)}`, { headers });
        const sent = (await response.json()).headers;
        seen.push([
          sent.authorization ?? null,
          sent.cookie ?? null,
          sent["x-kept"],
          new URL(response.url).origin === url,
        ]);
      }
      return seen;
    }, urls());
    assert.deepEqual(seen, [
      ["Bearer x", "a=b", "1", true],
      ["Bearer x", "a=b", "1", true],
      [null, null, "1", false],
    ]);
  });
  it("of the platform take its token no further than the platform", REAL_NETWORK, async () => {
    const token = async (to) =>
      run(
        async ({ clients: { platformHttp } }, to) =>
          (await platformHttp.get(`/redirect?to=${encodeURIComponent(to)}`)).data.headers.authorization ?? null,
        { data: to, baseUrl: `${server.url}/base`, platformToken: "secret-1" },
      );
    assert.equal(await token("/base/echo"), "Bearer secret-1");
    assert.equal(await token("/elsewhere/echo"), null);
    assert.equal(await token(`${elsewhere.url}/base/echo`), null);
  });
  it("without a location, with a fragment, and to where nobody may go", REAL_NETWORK, async () => {
    const seen = await run(async (context, { url }) => {
      const message = (promise) =>
        promise.then(
          ({ url, status, redirected }) => [status, redirected, url],
          (error) => `${error.name}: ${error.message}`,
        );
      return [
        await message(fetch(`${url}/status?code=302`)),
        await message(fetch(`${url}/redirect?to=/echo%23there#here`)),
        await message(fetch(`${url}/redirect?to=http://192.0.2.1/`)),
        await message(fetch(`${url}/redirect?to=data:,x`)),
        await message(fetch(`${url}/redirect?to=http://`)),
        await message(fetch(`${url}/redirect?to=http://u:p@127.0.0.1/`)),
      ];
    }, urls());
    assert.deepEqual(seen[0], [302, false, `${server.url}/status?code=302`]);
    assert.deepEqual(seen[1], [200, true, `${server.url}/echo`]);
    for (const message of seen.slice(2)) assert.match(message, /^TypeError: fetch failed: /);
    assert.match(seen[2], /192\.0\.2\.1:80 is not allowed/);
  });
});

describe("content codings", () => {
  it("gzip and br are decoded, and what described them is gone", REAL_NETWORK, async () => {
    const seen = await run(async (context, { url }) => {
      const seen = [];
      for (const coding of ["gzip", "br"]) {
        const response = await fetch(`${url}/coded?coding=${coding}&text=gr%C3%BCn&repeat=5000`);
        const text = await response.text();
        seen.push([
          text === "grün".repeat(5000),
          response.headers.get("content-encoding"),
          response.headers.get("content-length"),
        ]);
      }
      const sent = (await (await fetch(`${url}/echo`)).json()).headers["accept-encoding"];
      return [seen, sent];
    }, urls());
    assert.deepEqual(seen, [
      [
        [true, null, null],
        [true, null, null],
      ],
      "gzip, br",
    ]);
  });
  it("what is cut short, or not encoded at all, is a TypeError and not half a text", REAL_NETWORK, async () => {
    const seen = await run(async (context, { url }) => {
      const seen = [];
      for (const query of ["coding=gzip&cut=9", "coding=br&cut=3", "coding=gzip&raw", "coding=br&raw"]) {
        const response = await fetch(`${url}/coded?text=abcdefghijklmnop&repeat=999&${query}`);
        seen.push(
          await response.text().then(
            (text) => `${text.length}`,
            (error) => `${error.name}: ${error.message}`,
          ),
        );
      }
      return seen;
    }, urls());
    for (const message of seen) assert.match(message, /^TypeError: fetch failed: /);
  });
});

describe("requests on the wire", () => {
  it("methods: six are written in capitals, others stay", REAL_NETWORK, async () => {
    const seen = await run(async (context, { url }) => {
      const seen = [];
      for (const method of ["get", "Post", "delete", "OPTIONS", "put", "PATCH", "patch", "PROPFIND"])
        seen.push((await (await fetch(`${url}/echo`, { method })).json().catch(() => ({}))).method ?? null);
      return seen;
    }, urls());
    // Node's server refuses what it does not know, such as "patch".
    assert.deepEqual(seen, ["GET", "POST", "DELETE", "OPTIONS", "PUT", "PATCH", null, "PROPFIND"]);
  });
  it("headers: defaults, the worker's own, and those that are the connection's", REAL_NETWORK, async () => {
    const seen = await run(async (context, { url }) => {
      const forbidden = {
        connection: "x",
        host: "evil",
        "content-length": "1",
        "transfer-encoding": "chunked",
        te: "x",
        upgrade: "x",
        expect: "x",
        "keep-alive": "x",
        "proxy-authorization": "x",
      };
      const plain = (await (await fetch(`${url}/echo`)).json()).headers;
      const own = (
        await (
          await fetch(`${url}/echo`, {
            headers: { ...forbidden, "user-agent": "me", accept: "a/b", "X-Latin": "caf\u00e9" },
          })
        ).json()
      ).headers;
      const empty = (await (await fetch(`${url}/echo`, { method: "POST" })).json()).headers;
      return [plain, own, empty["content-length"]];
    }, urls());
    const [plain, own, length] = seen;
    assert.match(plain["user-agent"], /^worker-host\//);
    assert.equal(plain.accept, "*/*");
    assert.equal(own["user-agent"], "me");
    assert.equal(own.accept, "a/b");
    assert.equal(own["x-latin"], "caf\u00e9");
    assert.equal(own.host, new URL(server.url).host);
    for (const name of [
      "te",
      "upgrade",
      "expect",
      "keep-alive",
      "proxy-authorization",
      "transfer-encoding",
      "content-length",
    ])
      assert.equal(own[name], undefined, name);
    assert.equal(length, "0");
  });
  it("a Request object is sent like its parts, and a changed copy as changed", async () => {
    const seen = await run(async (context, { url }) => {
      const request = new Request(`${url}/echo`, { method: "POST", headers: { "x-a": "1" }, body: "text" });
      const first = await (await fetch(request.clone())).json();
      const second = await (await fetch(request, { method: "PUT", headers: { "x-a": "2" } })).json();
      const again = await fetch(request).catch((error) => error.name);
      return [first, second]
        .map(({ method, headers, body }) => [method, headers["x-a"], body])
        .concat(request.bodyUsed, again);
    }, urls());
    assert.deepEqual(seen, [["POST", "1", "text"], ["PUT", "2", "text"], true, "TypeError"]);
  });
  it("a megabyte up, as it was", async () => {
    const seen = await run(async (context, { url }) => {
      const bytes = new Uint8Array(1 << 20).map((_, i) => i * 7);
      const back = await (await fetch(`${url}/mirror`, { method: "POST", body: bytes })).bytes();
      return [back.length, back.every((byte, i) => byte === bytes[i])];
    }, urls());
    assert.deepEqual(seen, [1 << 20, true]);
  });
  it("status and reason are the server's; 204, 205 and 304 have no body", async () => {
    const seen = await run(async (context, { url }) => {
      const seen = [];
      for (const code of [200, 204, 205, 304, 404, 418, 500, 599]) {
        const { status, ok, body, statusText } = await fetch(`${url}/status?code=${code}`);
        seen.push([status, ok, body === null, statusText]);
      }
      return seen;
    }, urls());
    assert.deepEqual(
      seen.map(([status, ok, none]) => [status, ok, none]),
      [
        [200, true, false],
        [204, true, true],
        [205, true, true],
        [304, false, true],
        [404, false, false],
        [418, false, false],
        [500, false, false],
        [599, false, false],
      ],
    );
    assert.deepEqual([seen[0][3], seen[4][3], seen[5][3]], ["OK", "Not Found", "I'm a Teapot"]);
  });
});

describe("bodies", () => {
  it("10 MB with readers of every kind, without holding it", async () => {
    const seen = await run(
      async (context, { url }) => {
        const byob = (await fetch(`${url}/big`)).body.getReader({ mode: "byob" });
        let length = 0;
        for (let buffer = new ArrayBuffer(100_000); ;) {
          const { value, done } = await byob.read(new Uint8Array(buffer));
          if (done) break;
          length += value.byteLength;
          buffer = value.buffer;
        }
        const blob = await (await fetch(`${url}/big`)).blob();
        return [length, blob.size, blob.type];
      },
      { ...urls(), deadlineMs: 15_000 },
    );
    assert.deepEqual(seen, [BIG, BIG, "application/octet-stream"]);
  });
  it("a broken body fails every way to read it, once and for all", async () => {
    const seen = await run(async (context, { url }) => {
      const name = (error) => error.name;
      const seen = [];
      for (const method of ["text", "json", "arrayBuffer", "bytes", "blob", "formData"]) {
        const response = await fetch(`${url}/broken`, {});
        seen.push(await response[method]().catch(name), response.bodyUsed);
      }
      const reader = (await fetch(`${url}/broken`)).body.getReader();
      const closed = reader.closed.catch(name);
      await reader.read();
      return [seen, await reader.read().catch(name), await reader.read().catch(name), await closed];
    }, urls());
    const [methods, ...stream] = seen;
    assert.deepEqual(methods.slice(0, 10), Array(5).fill(["TypeError", true]).flat());
    assert.equal(methods[10], "TypeError");
    assert.deepEqual(stream, ["TypeError", "TypeError", "TypeError"]);
  });
  it("what is never read is dropped with the execution, without a warning", async () => {
    const { result, warning, elapsed } = await execute(async (context, { url }) => {
      await fetch(`${url}/endless`);
      return (await fetch(`${url}/big`)).status;
    }, urls());
    assert.equal(result, 200);
    assert.equal(warning, undefined);
    assert.ok(elapsed < 2000);
  });
  it("a read that nobody awaits is named", async () => {
    const { warning } = await execute(async (context, { url }) => {
      const reader = (await fetch(`${url}/delayed-body`)).body.getReader();
      reader.read();
      await context.wait(20);
    }, urls());
    assert.equal(warning, `1 operation was not awaited: the body of GET ${server.url}/delayed-body`);
  });
  it("an endless body ends with the time that is left", hostOnly("the mock has no time limit"), async () => {
    const error = await fails(async (context, { url }) => (await fetch(`${url}/endless`)).text(), {
      ...urls(),
      deadlineMs: 300,
    });
    assert.equal(error.code, "time_limit");
  });
});

describe("the network refuses", () => {
  it(
    "hosts that the operator did not allow, ports where nobody listens, names that do not exist",
    REAL_NETWORK,
    async () => {
      const closed = await new Promise((resolve) => {
        const probe = net.createServer().listen(0, "127.0.0.1", () => {
          const { port } = probe.address();
          probe.close(() => resolve(port));
        });
      });
      const seen = await run(
        (context, urls) =>
          Promise.all(
            urls.map((url) =>
              fetch(url).then(
                () => "no error",
                (error) => `${error.name}: ${error.message}`,
              ),
            ),
          ),
        {
          data: [
            "https://example.com/secret?x",
            "http://[::1]/",
            `http://127.0.0.1:${closed}/`,
            "http://169.254.169.254/",
          ],
        },
      );
      assert.match(seen[0], /^TypeError: fetch failed: example\.com:443 is not allowed; .*--allow-net example\.com$/);
      assert.match(seen[1], /^TypeError: fetch failed: \[::1\]:80 is not allowed/);
      assert.match(seen[2], /^TypeError: fetch failed: cannot connect to 127\.0\.0\.1:\d+: /);
      assert.match(seen[3], /^TypeError: fetch failed: 169\.254\.169\.254:80 is not allowed/);
    },
  );
  it("more requests than one execution may make", REAL_NETWORK, async () => {
    const { result, requests } = await execute(async (context, { url }) => {
      const all = await Promise.allSettled(Array.from({ length: 105 }, () => fetch(`${url}/status?code=204`)));
      return all.filter(({ status }) => status === "rejected").map(({ reason }) => reason.message);
    }, urls());
    assert.equal(requests, 100);
    assert.equal(result.length, 5);
    assert.match(result[0], /100 requests, which is the limit/);
  });
  it("platformHttp without a platform", REAL_NETWORK, async () => {
    const error = await fails(({ clients }) => clients.platformHttp.get("/x"));
    assert.equal(error.name, "TypeError");
    assert.match(error.message, /no platform is configured; .*--platform-url/);
  });
});
