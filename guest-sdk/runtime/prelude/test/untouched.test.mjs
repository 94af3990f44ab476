// What an execution pays for all this when it touches nothing of it.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { execute, hostOnly, mockOnly } from "./run.mjs";
import { open } from "./engine-node.mjs";
import { Host } from "./host.mjs";

/** What the echo of a small object may cost: about 38,000 when this was written, and nothing of it is JavaScript's. */
const ECHO_FUEL = 45_000;

describe("an execution that touches nothing", () => {
  it("costs what an echo costs", hostOnly("the mock has no fuel"), async () => {
    const { fuel, requests, logs } = await execute(async (context, data) => data, { data: { a: 1 } });
    assert.ok(fuel < ECHO_FUEL, `${fuel}`);
    assert.deepEqual([requests, logs], [0, []]);
  });
  it("calls the host for nothing", mockOnly("it counts calls"), async () => {
    const { host } = await execute((context, data) => data, { data: { a: 1 } });
    assert.deepEqual(host.started, []);
    assert.deepEqual(host.called, []);
    assert.deepEqual(host.logs, []);
  });
  it("runs no code of the prelude but adopt, and pending at the end", mockOnly("it counts calls"), async () => {
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
});
