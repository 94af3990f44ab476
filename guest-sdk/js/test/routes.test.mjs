// What only the mock has: routes, recorded calls, defaults.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import * as testing from "../testing.js";
import { axiosVersion } from "./runtime.mjs";

const { PlatformHttpClientError, createMockContext } = testing;

describe("routes", () => {
  it("answer by method and path, the one with the query first", async () => {
    const { platformHttp } = createMockContext({
      platform: {
        "GET /a": { data: { n: 1 } },
        "GET /a?x=1": { data: "text", headers: { "x-h": "1" } },
        "POST /a": { status: 201 },
        "PUT /a": async (request) => ({ data: [await request.text(), request.headers.get("authorization")] }),
        "DELETE /a": () => new Response(null, { status: 204 }),
      },
    }).clients;
    assert.deepEqual((await platformHttp.get("/a?y=2")).data, { n: 1 });
    const text = await platformHttp.get("a?x=1");
    assert.deepEqual(
      [text.data, text.headers["x-h"], text.headers["content-type"]],
      ["text", "1", "text/plain;charset=UTF-8"],
    );
    assert.deepEqual(await platformHttp.post("/a"), { status: 201, headers: {}, data: "" });
    assert.deepEqual((await platformHttp.put("/a", 1)).data, ["1", "Bearer mock-platform-token"]);
    assert.equal((await platformHttp.delete("/a")).status, 204);
  });
  it("that are missing are named, with those that are there", async () => {
    const { platformHttp, axios } = createMockContext({ platform: { "GET /a": {} }, axios: {} }).clients;
    await assert.rejects(platformHttp.get("/b?c=1"), {
      message: 'createMockContext: the worker sent GET /b?c=1, but "platform" answers only GET /a',
    });
    await assert.rejects(platformHttp.get("/toString"), /answers only GET \/a/);
    await assert.rejects(
      axios.get("https://x.example/b"),
      /sent GET https:\/\/x.example\/b, but "axios" answers only nothing/,
    );
  });
  it("without any, a call says which option is missing", async () => {
    const { platformHttp, axios } = createMockContext().clients;
    await assert.rejects(platformHttp.get("/b"), /sent GET \/b, but the option "platform" is not set/);
    await assert.rejects(axios.get("https://x.example/b"), /but the option "axios" is not set/);
  });
  it("that answer nothing, or throw", async () => {
    const { platformHttp } = createMockContext({
      platform: {
        "GET /a": () => undefined,
        "GET /b": () => {
          throw new TypeError("fetch failed");
        },
      },
    }).clients;
    await assert.rejects(platformHttp.get("/a"), /the answer to GET \/a is neither a Response/);
    await assert.rejects(platformHttp.get("/b"), { name: "TypeError", message: "fetch failed" });
  });
  it("of 400 and over become errors of the exported class, with the caller's line", async () => {
    const { platformHttp } = createMockContext({
      platform: () => ({ status: 409, data: { message: "taken" } }),
    }).clients;
    const error = await platformHttp.request("put", "/a?token=x").catch((error) => error);
    assert.ok(error instanceof PlatformHttpClientError);
    assert.equal(error.message, "PUT /a answered 409: taken");
    assert.deepEqual(error.response.data, { message: "taken" });
    assert.match(error.stack, /routes\.test\.mjs/);
  });
});

describe("a mock context", () => {
  it("records what was sent", async () => {
    const context = createMockContext({ platform: () => ({}), axios: () => ({}), baseUrl: "https://p.example/base/" });
    await context.clients.platformHttp.post("a?b=1", { c: 1 }, { "X-D": "1" });
    await context.clients.platformHttp.delete("/a");
    await context.clients.axios.post("https://x.example/e?f=1", "text", { headers: { "content-type": "text/plain" } });
    const [post, remove] = context.calls.platformHttp;
    assert.deepEqual(
      [post.method, post.url, post.path, post.data],
      ["POST", "https://p.example/base/a?b=1", "/a?b=1", { c: 1 }],
    );
    assert.deepEqual([post.headers["x-d"], post.headers["content-type"]], ["1", "application/json"]);
    assert.deepEqual([remove.method, remove.data], ["DELETE", undefined]);
    const [sent] = context.calls.axios;
    assert.deepEqual(
      [sent.method, sent.url, sent.path, sent.data],
      ["POST", "https://x.example/e?f=1", "/e?f=1", "text"],
    );
    assert.equal(Object.keys(context).includes("calls"), false);
  });
  it("has defaults, and can be without a token", async () => {
    const context = createMockContext();
    assert.equal(context.baseUrl, "https://platform.example");
    assert.equal(context.platformToken, "mock-platform-token");
    assert.equal(context.secrets.get("x"), undefined);
    const bare = createMockContext({ platformToken: null, platform: () => ({}) });
    assert.equal(bare.platformToken, undefined);
    await bare.clients.platformHttp.get("/a");
    assert.equal(bare.calls.platformHttp[0].headers.authorization, undefined);
  });
  it("shares nothing with the next", () => {
    const state = { a: "1" };
    const [one, other] = [createMockContext({ state }), createMockContext({ state })];
    one.state.set("b", "2");
    assert.deepEqual([other.state.getAll(), state], [{ a: "1" }, { a: "1" }]);
  });
  it("holds the given state to the limits", () => {
    const state = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`k${i}`, "x"]));
    assert.throws(() => createMockContext({ state }), RangeError);
  });
  it("has no time left in the end", () => {
    assert.equal(createMockContext({ executionTimeMs: 0 }).getRemainingExecutionTime(), 0);
  });
  it("does not load axios before it is touched", () => {
    const { cache } = createRequire(import.meta.url);
    const loaded = () => Object.keys(cache).filter((path) => /[\\/]axios\.cjs$/.test(path) && path.includes("dist"));
    for (const path of loaded()) delete cache[path];
    const context = createMockContext();
    assert.deepEqual(loaded(), []);
    assert.equal(context.clients.axios, context.clients.axios);
    assert.equal(loaded().length, 1);
  });
});

describe("the package", () => {
  it("is one class to import and to require", () => {
    const required = createRequire(import.meta.url)("../testing/index.cjs");
    assert.equal(required.PlatformHttpClientError, PlatformHttpClientError);
    assert.deepEqual(Object.keys(testing).sort(), Object.keys(required).sort());
  });
  it("brings the axios that the runtime has", () => {
    const { dependencies } = createRequire(import.meta.url)("../package.json");
    assert.equal(dependencies.axios, axiosVersion());
  });
});
