// `host test` runs each test in the sandbox that the worker runs in; `node --test` runs the same file.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMockContext } from "jfrog-workers/testing";
import worker from "./worker.ts";

describe("the worker", () => {
  it("greets by name", async () => {
    const context = createMockContext();
    assert.deepEqual(await worker(context, { name: "you" }), { message: "Hello you", greetings: 1 });
  });

  it("counts its greetings from one execution to the next", async () => {
    const context = createMockContext({ state: { greetings: 41 } });
    const { greetings } = await worker(context, { name: "you" });
    assert.equal(greetings, 42);
    assert.equal(context.state.get("greetings"), "42");
  });

  it("needs a name", async () => {
    await assert.rejects(worker(createMockContext(), {}), { name: "TypeError", message: /needs a name/ });
  });
});
