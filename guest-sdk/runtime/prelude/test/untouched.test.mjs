// What an execution pays for all this when it touches nothing of it.
import assert from "node:assert/strict";
import fs from "node:fs";
import vm from "node:vm";
import { describe, it } from "node:test";
import { execute } from "./run.mjs";
import { open } from "./engine-node.mjs";
import { Host } from "./host.mjs";

describe("an execution that touches nothing", () => {
  it("calls the host for nothing", async () => {
    const { host } = await execute((context, data) => data, { data: { a: 1 } });
    assert.deepEqual(host.started, []);
    assert.deepEqual(host.called, []);
    assert.deepEqual(host.logs, []);
  });
  it("runs no code of the prelude but adopt, and pending at the end", async () => {
    const host = new Host();
    const calls = [];
    for (const name of ["now", "wallClock", "random", "encodeUtf8", "decodeUtf8", "parseUrl", "digest"]) {
      const own = host[name];
      host[name] = function (...args) {
        calls.push(name);
        return own.apply(this, args);
      };
    }
    const engine = await open(host);
    engine.build("(context, data) => data");
    host.building = false;
    calls.length = 0;
    engine.start('{"a":1}');
    await engine.drain();
    assert.equal(engine.outcome(), '{"result":{"a":1}}');
    assert.equal(engine.pending(), undefined);
    assert.deepEqual(calls, []);
  });
  it("takes as long as without a prelude", async () => {
    const context = vm.createContext({});
    const bundle = fs.readFileSync(new URL("../target/prelude.js", import.meta.url), "utf8");
    const host = new Host();
    const engine = await open(host);
    host.building = false;
    const measure = vm.runInContext(
      "(handler, context, data) => { const n = 20000; let sink; for (let i = 0; i < n; i++) sink = handler(context, data); return sink; }",
      context,
    );
    const time = (handler, argument) => {
      measure(handler, argument, { a: 1 });
      const begin = performance.now();
      for (let i = 0; i < 5; i++) measure(handler, argument, { a: 1 });
      return ((performance.now() - begin) / 100_000) * 1e6;
    };
    const bare = time(vm.runInContext("(context, data) => data", context), {});
    const within = time(engine.inside.eval("(context, data) => data"), engine.context);
    console.log(
      `# bundle ${(bundle.length / 1024).toFixed(0)} KiB; a handler that touches nothing: ${within.toFixed(0)} ns with the prelude, ${bare.toFixed(0)} ns without`,
    );
    // Both are nanoseconds; the bound is for a busy machine.
    assert.ok(within < bare + 5000);
  });
});
