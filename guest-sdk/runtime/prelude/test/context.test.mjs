// PlatformContext: every member, its limits and its errors.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { execute, fails, mockOnly, run } from "./run.mjs";
import { serve } from "./server.mjs";

let server;
before(async () => (server = await serve()));
after(() => server.close());
const platform = () => ({ baseUrl: `${server.url}/base`, platformToken: "token-1" });

describe("clients.platformHttp", () => {
  it("each method sends what it says, with the host's token and JSON by default", async () => {
    const seen = await run(async ({ clients: { platformHttp } }) => {
      const answers = [
        await platformHttp.get("/api/x?y=1", { "X-A": "b" }),
        await platformHttp.delete("api/x"),
        await platformHttp.post("/p", { a: 1 }),
        await platformHttp.put("/p", "text", { "Content-Type": "text/plain" }),
        await platformHttp.patch("/p", '{"s":1}'),
        await platformHttp.post("/p"),
        await platformHttp.post("/p", new URLSearchParams({ q: "1" })),
        await platformHttp.post("/p", new Uint8Array([104, 105])),
        await platformHttp.post("/p", null),
        await platformHttp.post("/p", 0),
        await platformHttp.request("options", "/r", { a: "1" }, [1]),
      ];
      return answers.map(({ status, headers, data }) => [
        status,
        headers["content-type"],
        data.method,
        data.url,
        data.headers["content-type"] ?? null,
        data.body,
        data.headers.authorization,
        data.headers["x-a"] ?? data.headers.a ?? null,
      ]);
    }, platform());
    const json = "application/json";
    const bearer = "Bearer token-1";
    assert.deepEqual(seen, [
      [200, json, "GET", "/base/api/x?y=1", null, "", bearer, "b"],
      [200, json, "DELETE", "/base/api/x", null, "", bearer, null],
      [200, json, "POST", "/base/p", json, '{"a":1}', bearer, null],
      [200, json, "PUT", "/base/p", "text/plain", "text", bearer, null],
      [200, json, "PATCH", "/base/p", json, '{"s":1}', bearer, null],
      [200, json, "POST", "/base/p", null, "", bearer, null],
      [200, json, "POST", "/base/p", "application/x-www-form-urlencoded;charset=UTF-8", "q=1", bearer, null],
      [200, json, "POST", "/base/p", null, "hi", bearer, null],
      [200, json, "POST", "/base/p", null, "", bearer, null],
      [200, json, "POST", "/base/p", json, "0", bearer, null],
      [200, json, "OPTIONS", "/base/r", json, "[1]", bearer, "1"],
    ]);
  });
  it("data is parsed when it is JSON, text when not", async () => {
    const seen = await run(async ({ clients: { platformHttp } }) => {
      const get = async (query) => (await platformHttp.get(`/status?${new URLSearchParams(query)}`)).data;
      return [
        await get({ code: 200, body: "[1]" }),
        await get({ code: 200, body: '{"a":1}', type: "application/vnd.x+json; charset=utf-8" }),
        await get({ code: 200, body: "[1]", type: "text/plain" }),
        await get({ code: 200, body: "{" }),
        await get({ code: 204 }),
      ];
    }, platform());
    assert.deepEqual(seen, [[1], { a: 1 }, "[1]", "{", ""]);
  });
  it("throws PlatformHttpClientError from 400 on, with status, reason and the caller's line", async () => {
    const cases = [
      [
        { code: 404, body: '{"errors":[{"status":404,"message":"no such repo"}]}' },
        "GET /status answered 404: no such repo",
      ],
      [{ code: 400, body: '{"message":"bad"}' }, "GET /status answered 400: bad"],
      [{ code: 503, body: "<html>", type: "text/html" }, "GET /status answered 503"],
      [{ code: 403 }, "GET /status answered 403"],
    ];
    for (const [query, message] of cases) {
      const error = await fails(
        async function worker({ clients }, query) {
          await clients.platformHttp.get(`/status?${new URLSearchParams(query)}`);
        },
        { ...platform(), data: query },
      );
      assert.equal(error.name, "PlatformHttpClientError");
      assert.equal(error.message, message);
      assert.match(error.stack, /at (async )?worker/);
    }
    const response = await run(
      async ({ clients }) =>
        clients.platformHttp
          .get("/status?code=409&body={}")
          .catch((error) => [
            error.status,
            error.response.status,
            error.response.data,
            Object.keys(error),
            error instanceof Error,
          ]),
      platform(),
    );
    assert.deepEqual(response, [409, 409, {}, ["status"], true]);
  });
  it("takes relative endpoints only", async () => {
    const seen = await run(async ({ clients: { platformHttp } }) => {
      const seen = [];
      for (const endpoint of [
        "https://evil.example/",
        "//evil.example/",
        "\\\\evil.example",
        "/\\evil.example",
        " https://evil.example",
        "/\t/evil.example",
        "ht\ntps://evil.example",
        "javascript:x",
        undefined,
        null,
        1,
      ]) {
        seen.push(
          await platformHttp.get(endpoint).then(
            () => "no error",
            (error) => error.name,
          ),
        );
      }
      const message = await platformHttp.get("https://evil.example/").catch((error) => error.message);
      const odd = await platformHttp.get("@evil.example/x");
      return [seen, message, odd.data.url];
    }, platform());
    assert.deepEqual(seen[0], Array(11).fill("TypeError"));
    assert.match(seen[1], /must be relative/);
    assert.equal(seen[2], "/base/@evil.example/x");
  });
  it("takes methods only as methods", async () => {
    const seen = await run(
      ({ clients: { platformHttp } }) =>
        Promise.all(
          ["GET / HTTP/1.1\r\nX: y", "", "CONNECT", "trace", {}].map((method) =>
            platformHttp.request(method, "/echo").then(
              () => "no error",
              (error) => error.name,
            ),
          ),
        ),
      platform(),
    );
    assert.deepEqual(seen, Array(5).fill("TypeError"));
  });
  it("a failing connection is a TypeError with the caller's line", async () => {
    const error = await fails(async function worker({ clients }) {
      await clients.platformHttp.get("/refused");
    }, platform());
    assert.equal(error.name, "TypeError");
    assert.match(error.stack, /at (async )?worker/);
  });
});

describe("clients.axios", () => {
  it("get, post, put, patch, delete, head, request", async () => {
    const seen = await run(
      async ({ clients: { axios } }, url) => {
        const seen = [];
        for (const response of [
          await axios.get(`${url}/echo`, { params: { a: "b c" }, headers: { "x-h": "1" } }),
          await axios.post(`${url}/echo`, { a: 1 }),
          await axios.put(`${url}/echo`, "text"),
          await axios.patch(`${url}/echo`, new URLSearchParams({ q: "1" })),
          await axios.delete(`${url}/echo`),
          await axios.request({ url: "/echo", baseURL: url, method: "POST", data: [1] }),
          await axios({ url: `${url}/echo` }),
        ]) {
          const { method, url: path, body, headers } = response.data;
          seen.push([response.status, method, path, body, headers["content-type"] ?? null]);
        }
        const head = await axios.head(`${url}/echo`);
        return [seen, head.status, head.headers["content-type"]];
      },
      { data: server.url },
    );
    assert.deepEqual(seen, [
      [
        [200, "GET", "/echo?a=b+c", "", null],
        [200, "POST", "/echo", '{"a":1}', "application/json"],
        [200, "PUT", "/echo", "text", "application/x-www-form-urlencoded"],
        [200, "PATCH", "/echo", "q=1", "application/x-www-form-urlencoded;charset=utf-8"],
        [200, "DELETE", "/echo", "", null],
        [200, "POST", "/echo", "[1]", "application/json"],
        [200, "GET", "/echo", "", null],
      ],
      200,
      "application/json",
    ]);
  });
  it("rejects as axios does, with the caller's line", async () => {
    const error = await fails(
      async function worker({ clients }, url) {
        await clients.axios.get(url);
      },
      { data: `${server.url}/status?code=418&body={"tea":1}` },
    );
    assert.equal(error.name, "AxiosError");
    assert.equal(error.message, "Request failed with status code 418");
    assert.match(error.stack, /at (async )?worker/);
    const more = await run(
      async ({ clients: { axios } }, url) => {
        const code = (promise) =>
          promise.then(
            () => "no error",
            (error) => [error.code, error.isAxiosError === true, error.response?.status ?? null],
          );
        return [
          await code(axios.get(`${url}/status?code=418`)),
          await code(axios.get(`${url}/status?code=500`)),
          await code(axios.get(`${url}/refused`)),
          await code(axios.get(`${url}/delay?ms=2000`, { timeout: 20 })),
          await code(axios.get(`${url}/delay?ms=2000`, { signal: AbortSignal.timeout(20) })),
          (await axios.get(`${url}/status?code=404`, { validateStatus: () => true })).status,
        ];
      },
      { data: server.url },
    );
    assert.deepEqual(more, [
      ["ERR_BAD_REQUEST", true, 418],
      ["ERR_BAD_RESPONSE", true, 500],
      ["ERR_NETWORK", true, null],
      ["ETIMEDOUT", true, null],
      ["ERR_CANCELED", true, null],
      404,
    ]);
  });
  it("response types, forms, interceptors, redirects, base auth", async () => {
    const seen = await run(
      async ({ clients: { axios } }, url) => {
        const buffer = await axios.get(`${url}/echo`, { responseType: "arraybuffer" });
        const blob = await axios.get(`${url}/echo`, { responseType: "blob" });
        const stream = await axios.get(`${url}/echo`, { responseType: "stream" });
        const form = await axios.postForm(`${url}/echo`, { a: 1, "b[]": [1, 2] });
        axios.interceptors.request.use((config) => {
          config.headers.set("x-i", "yes");
          return config;
        });
        const intercepted = await axios.get(`${url}/echo`, { auth: { username: "u", password: "p" } });
        const moved = await axios.get(`${url}/redirect?to=/echo`);
        return [
          buffer.data instanceof ArrayBuffer,
          blob.data instanceof Blob,
          typeof stream.data.getReader,
          /^multipart\/form-data; boundary=/.test(form.data.headers["content-type"]),
          intercepted.data.headers["x-i"],
          intercepted.data.headers.authorization,
          moved.data.url,
        ];
      },
      { data: server.url },
    );
    assert.deepEqual(seen, [true, true, "function", true, "yes", "Basic dTpw", "/echo"]);
  });
  it("leaves no timer behind", async () => {
    const { warning } = await execute(
      async ({ clients: { axios } }, url) => {
        await axios.get(`${url}/echo`, { timeout: 3000 });
      },
      { data: server.url },
    );
    assert.equal(warning, undefined);
  });
});

describe("secrets, properties, facts", () => {
  it("answer what the host says, undefined for the rest", async () => {
    const seen = await run(
      (context) => [
        context.secrets.get("s"),
        context.secrets.get("x") === undefined,
        context.secrets.get("__proto__") === undefined,
        context.properties.get("p"),
        context.properties.get("y") === undefined,
        context.baseUrl,
        context.platformToken,
      ],
      { secrets: { s: "1" }, properties: { p: "2" }, baseUrl: "https://p.example", platformToken: "t" },
    );
    assert.deepEqual(seen, ["1", true, true, "2", true, "https://p.example", "t"]);
  });
  it("the facts are asked for once, and only when they are touched", mockOnly("it counts calls"), async () => {
    const { host } = await execute((context) => [context.baseUrl, context.platformToken, context.baseUrl]);
    assert.deepEqual(
      host.called.map(({ op }) => op),
      ["facts"],
    );
    const untouched = await execute((context) => Object.keys(context).length);
    assert.deepEqual(untouched.host.called, []);
  });
  it("a context that is logged or returned does not give the token away", async () => {
    const { result, logs } = await execute(
      (context) => {
        console.log(context);
        return JSON.stringify(context) + JSON.stringify({ ...context });
      },
      { platformToken: "very-secret" },
    );
    assert.doesNotMatch(result + logs.map(({ message }) => message).join(), /very-secret/);
  });
  it("remaining time counts down, and wait waits", async () => {
    const [before, after] = await run(
      async (context) => {
        const before = context.getRemainingExecutionTime();
        await context.wait(50);
        return [before, context.getRemainingExecutionTime()];
      },
      { deadlineMs: 1000 },
    );
    assert.ok(before <= 1000 && before > 900, `${before}`);
    assert.ok(before - after >= 49, `${before} ${after}`);
    assert.ok(Number.isInteger(before));
  });
  it("members can be destructured", async () => {
    const seen = await run(
      async ({
        clients: {
          platformHttp: { get },
        },
        state: { set, get: read },
        crypto: { hash },
        getRemainingExecutionTime,
        wait,
      }) => {
        set("a", 1);
        await wait(1);
        return [read("a"), hash("sha256", "").length, typeof get, getRemainingExecutionTime() > 0];
      },
    );
    assert.deepEqual(seen, ["1", 64, "function", true]);
  });
});

describe("state", () => {
  it("keeps strings, other values as JSON", async () => {
    const seen = await run(({ state }) => {
      state.set("old", "1");
      const before = [state.has("old"), state.get("old"), state.get("new") === undefined];
      state.set("new", { a: [1] });
      state.set("n", 5);
      state.set("nil", null);
      state.delete("old");
      state.delete("missing");
      const copy = state.getAll();
      copy.x = "not kept";
      return [before, state.getAll(), state.has("old")];
    });
    assert.deepEqual(seen, [[true, "1", true], { new: '{"a":[1]}', n: "5", nil: "null" }, false]);
  });
  it("is cleared, and __proto__ is a key like any other", async () => {
    const seen = await run(({ state }) => {
      state.set("a", "1");
      state.set("b", "2");
      state.clear();
      state.set("__proto__", "x");
      return [Object.keys(state.getAll()), state.get("__proto__"), state.has("toString")];
    });
    assert.deepEqual(seen, [["__proto__"], "x", false]);
  });
  it("keeps Unicode: half of a surrogate pair becomes U+FFFD, in keys, values, secrets and paths", async () => {
    const seen = await run(
      async ({ state, secrets, properties, clients: { platformHttp } }) => {
        state.set("k\uD800", "v\uDC00");
        state.set("list", ["\uD83D"]);
        const { data } = await platformHttp.get("/echo/\uD800");
        return [
          state.getAll(),
          state.get("k\uD800"),
          state.has("k\uFFFD"),
          JSON.parse(state.get("list"))[0].charCodeAt(0),
          secrets.get("\uD800") === undefined && properties.get("\uD800") === undefined,
          data.url,
        ];
      },
      { baseUrl: server.url },
    );
    const entries = { "k\uFFFD": "v\uFFFD", list: '["\\ud83d"]' };
    assert.deepEqual(seen, [entries, "v\uFFFD", true, 0xd83d, true, "/echo/%EF%BF%BD"]);
  });
  it("is read once, and written with every change", mockOnly("it counts calls"), async () => {
    const { host } = await execute(
      ({ state }) => {
        state.set("a", "1");
        state.delete("old");
        state.delete("old");
        return [state.get("a"), state.getAll()];
      },
      { state: { old: "1" } },
    );
    assert.deepEqual(host.state, { a: "1" });
    assert.deepEqual(
      host.called.map(({ op }) => op),
      ["state", "setState", "setState"],
    );
  });
  it("holds to its limits, just, and says which one was passed", async () => {
    const result = await run(({ state }) => {
      const attempt = (key, value) => {
        try {
          state.set(key, value);
          return "kept";
        } catch (error) {
          return `${error.name}: ${error.message}`;
        }
      };
      const seen = [
        attempt("k".repeat(40), "v".repeat(250)),
        attempt("k".repeat(41), "v"),
        attempt("long", "v".repeat(251)),
        attempt("json", { text: "v".repeat(240) }),
        attempt("undefined", undefined),
        attempt("function", () => {}),
      ];
      for (let i = 1; i < 10; i++) state.set(`k${i}`, "x");
      const last = [attempt("eleventh", "x"), attempt("k1", "again"), state.get("k1")];
      return [...seen, ...last, Object.keys(state.getAll()).length];
    });
    assert.equal(result[0], "kept");
    assert.match(result[1], /^RangeError: .*at most 40 characters.* has 41$/);
    assert.match(result[2], /^RangeError: .*at most 250 characters, and that of "long" has 251$/);
    assert.match(result[3], /^RangeError: .*has 251$/);
    assert.match(result[4], /^TypeError: .*neither a string/);
    assert.match(result[5], /^TypeError: /);
    assert.match(result[6], /^RangeError: .*at most 10 items.*"eleventh"/);
    assert.deepEqual(result.slice(7), ["kept", "again", 10]);
  });
});

describe("crypto", () => {
  it("hash, hmac and randomBytes, as hex and base64", async () => {
    const seen = await run(({ crypto }) => [
      crypto.hash("sha256", "abc"),
      crypto.hash("SHA-256", new TextEncoder().encode("abc"), "base64"),
      crypto.hash("sha512", "").slice(0, 16),
      crypto.hmac("sha256", "Jefe", "what do ya want for nothing?"),
      crypto.hmac("sha512", new Uint8Array([1]), "x", "base64").length,
      crypto.randomBytes(16).length,
      crypto.randomBytes(3, "base64").length,
      crypto.randomBytes(0),
      crypto.randomBytes(16) === crypto.randomBytes(16),
    ]);
    assert.deepEqual(seen, [
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
      "cf83e1357eefb8bd",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      88,
      32,
      4,
      "",
      false,
    ]);
  });
  it("says what it does not take", async () => {
    const seen = await run(({ crypto }) =>
      [
        () => crypto.hash("md5", "x"),
        () => crypto.hash("constructor", "x"),
        () => crypto.hmac("__proto__", "x", "x"),
        () => crypto.hash("sha256", "x", "utf8"),
        () => crypto.hash("sha256", 5),
        () => crypto.randomBytes(-1),
        () => crypto.randomBytes(65537),
        () => crypto.hmac("sha256", undefined, "x"),
      ].map((action) => {
        try {
          return action();
        } catch (error) {
          return `${error.name}: ${error.message}`;
        }
      }),
    );
    for (const [index, expected] of [
      /^TypeError: crypto.hash: the algorithm must be sha256 or sha512, not "md5"/,
      /^TypeError: crypto.hash: the algorithm must be sha256 or sha512, not "constructor"/,
      /^TypeError: crypto.hmac: the algorithm must be sha256 or sha512, not "__proto__"/,
      /^TypeError: .*hex or base64/,
      /^TypeError: /,
      /^RangeError: /,
      /^RangeError: /,
      /^TypeError: /,
    ].entries())
      assert.match(seen[index], expected);
  });
});
