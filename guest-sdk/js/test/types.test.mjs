// The declarations under the real tsc: what must compile does, and what must not does not.
import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, it } from "node:test";
import { check } from "./project.mjs";
import { source } from "./runtime.mjs";

const read = (name) => fs.readFileSync(new URL(`types/${name}`, import.meta.url), "utf8");
const WORKER = { "worker.ts": read("worker.ts"), "globals.ts": read("globals.ts") };
const SPEC = { "worker.spec.ts": read("spec.ts") };

describe("the types of a worker", () => {
  it("compile under strict, without DOM and Node", () => {
    assert.equal(check(WORKER), "");
  });
  it("compile as ES module and as CommonJS by Node's rules", () => {
    const node = { module: "nodenext", moduleResolution: "nodenext" };
    assert.equal(check({ ...WORKER, "package.json": '{"type":"module"}' }, node), "");
    assert.equal(check({ ...WORKER, "package.json": '{"type":"commonjs"}' }, node), "");
  });
  it("compile with Node's types in the place of the globals", () => {
    assert.equal(check({ "worker.ts": WORKER["worker.ts"] }, { types: ["node"], skipLibCheck: true }), "");
  });
  it("fit the sample workers", () => {
    const folder = new URL("../../../workers/", import.meta.url);
    const samples = fs
      .readdirSync(folder)
      .map((name) => [`${name}.ts`, new URL(`${name}/worker.ts`, folder)])
      .filter(([, url]) => fs.existsSync(url));
    assert.ok(samples.length > 0);
    const files = Object.fromEntries(samples.map(([name, url]) => [name, fs.readFileSync(url, "utf8")]));
    // Written for plain `strict`, as the README advises it.
    assert.equal(check(files, { exactOptionalPropertyTypes: false, noUncheckedIndexedAccess: false }), "");
  });
});

describe("the types of a unit test", () => {
  const withNode = { types: ["node"], skipLibCheck: true };
  it("compile as ES module and as CommonJS", () => {
    assert.equal(check(SPEC, withNode), "");
    const node = { module: "nodenext", moduleResolution: "nodenext", ...withNode };
    assert.equal(check({ ...SPEC, "package.json": '{"type":"module"}' }, node), "");
    assert.equal(check({ ...SPEC, "package.json": '{"type":"commonjs"}' }, node), "");
  });
});

describe("what is absent", () => {
  /** Declared by TypeScript's own ECMAScript library, which cannot be had without them. */
  const ECMASCRIPT = ["Intl", "Atomics", "SharedArrayBuffer"];
  const names = [...source("absent.js").matchAll(/(?:node|browser|engine)\("(\w+)"|\["(\w+)",/g)].map(
    (match) => match[1] ?? match[2],
  );

  it("is a type error, name by name", () => {
    assert.ok(names.includes("Buffer") && names.includes("axios") && names.length > 30);
    const used = names.filter((name) => !ECMASCRIPT.includes(name));
    const text = `export {};\n${used.map((name) => `// @ts-expect-error\n${name};\n`).join("")}`;
    assert.equal(check({ "absent.ts": text }), "");
  });
  it("is in the README", () => {
    const readme = fs.readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    assert.deepEqual(
      names.filter((name) => !readme.includes(`\`${name}\``)),
      [],
    );
  });
});
