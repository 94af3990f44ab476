// The README's code is compiled and run as it stands there, and its tables name everything.
import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, it } from "node:test";
import { check, runTests } from "./project.mjs";

const readme = fs.readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const [worker, spec] = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]);
const [tsconfig] = [...readme.matchAll(/^```json\n(.*?)^```/gms)].map((match) => match[1]);

describe("the README", () => {
  it("has a worker and a tsconfig that go together", () => {
    assert.equal(check({ "worker.ts": worker, "tsconfig.json": tsconfig }), "");
    assert.match(
      check({ "worker.ts": `${worker}\nBuffer.from("x");`, "tsconfig.json": tsconfig }),
      /Cannot find name 'Buffer'/,
    );
  });
  it("has a unit test that passes", () => {
    assert.equal(runTests({ "worker.ts": worker, "worker.test.ts": spec }, "worker.test.js"), "");
    assert.match(
      runTests({ "worker.ts": worker, "worker.test.ts": spec.replace("runs: 2", "runs: 3") }, "worker.test.js"),
      /not ok/,
    );
  });
  it("names every member of the context and of console", () => {
    const text = (path) => fs.readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
    const members = ["types/context.d.cts", "types/platform-http.d.cts", "types/state.d.cts", "types/crypto.d.cts"]
      .flatMap((path) => [...text(path).matchAll(/^  (?:readonly )?(\w+)(?:<.*?>)?(?:\(|:)/gm)])
      .concat([...text("globals/console.d.ts").matchAll(/^  (\w+)\(/gm)])
      .map((match) => match[1])
      // Of what platformHttp gives, and what is part of a longer name in the table.
      .filter(
        (name) =>
          !["clients", "secrets", "properties", "name", "message", "headers", "data", "context", "payload"].includes(
            name,
          ),
      );
    assert.ok(members.length > 40, members.join());
    assert.deepEqual(
      members.filter((name) => !new RegExp(`[\`.]${name}\``).test(readme)),
      [],
    );
  });
});
