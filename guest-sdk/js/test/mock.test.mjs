// createMockContext behaves as the runtime: each case gives the same in the mock and, where it was built, in the runtime.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createMockContext } from "../testing.js";
import { clientCases } from "./cases-clients.mjs";
import { contextCases } from "./cases-context.mjs";
import { NOT_BUILT, load } from "./runtime.mjs";
import { serve } from "./server.mjs";

const BASE = { secrets: { s: "1" }, properties: { p: "2" }, platformToken: "token-1" };

/** What a handler threw, in a form that can be compared. Part of each handler's text. */
const attempt = `const attempt = (action) => {
  const shown = (error) => error.name + ": " + error.message;
  try {
    const result = action();
    return typeof result?.then === "function" ? result.then(() => "no error", shown) : result ?? "nothing";
  } catch (error) {
    return shown(error);
  }
};`;

const plain = (value) => JSON.parse(JSON.stringify(value ?? null));

for (const where of ["the mock", "the runtime"]) {
  describe(`in ${where}`, () => {
    let server;
    let runtime;
    before(async () => {
      server = await serve();
      if (where === "the runtime") runtime = await load();
    });
    after(() => server.close());

    for (const { name, options, handler, gives } of [...contextCases, ...clientCases]) {
      it(name, async (test) => {
        const given = { ...BASE, ...options, baseUrl: `${server.url}/base` };
        given.secrets = { ...given.secrets, url: server.url };
        if (where === "the mock") {
          // Both are answered by the same server, so that only the clients can differ.
          const context = createMockContext({
            ...given,
            platform: (request) => fetch(request),
            axios: (request) => fetch(request),
          });
          const worker = new Function(`${attempt} return ${handler}`)();
          assert.deepEqual(plain(await worker(context)), gives);
        } else if (runtime) assert.deepEqual(plain(await runtime.run(handler, { ...given, top: attempt })), gives);
        else test.skip(NOT_BUILT);
      });
    }
  });
}
