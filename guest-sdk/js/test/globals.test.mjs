// The globals that are declared are those that the runtime defines, and their members too.
import assert from "node:assert/strict";
import fs from "node:fs";
import { before, describe, it } from "node:test";
import { check } from "./project.mjs";
import { NOT_BUILT, load, source } from "./runtime.mjs";

const folder = new URL("../globals/", import.meta.url);
const declared = fs
  .readdirSync(folder)
  .flatMap((name) => [...fs.readFileSync(new URL(name, folder), "utf8").matchAll(/^declare (?:var|function) (\w+)/gm)])
  .map((match) => match[1])
  .sort();
const unique = [...new Set(declared)];

/** The names between two texts of a source file. */
function namesIn(text, from, to) {
  const start = text.indexOf(from);
  assert.ok(start >= 0, `there is no ${from}`);
  return [...text.slice(start + from.length, text.indexOf(to, start)).matchAll(/^ *"?(\w+)"?,$/gm)].map(
    (match) => match[1],
  );
}

describe("the names of the globals", () => {
  it("are those that the runtime's own tests allow on the global object, and no more", () => {
    const wanted = namesIn(source("test/globals.test.mjs"), "const WANTED = [", "];");
    assert.ok(wanted.length > 50);
    assert.deepEqual(unique, wanted.sort());
  });
  it("have all that the prelude lists", () => {
    const listed = namesIn(source("prelude.js"), "const GLOBALS = {", "};");
    assert.ok(listed.length > 30);
    assert.deepEqual(
      listed.filter((name) => !unique.includes(name)),
      [],
    );
  });
  it("are all in the README", () => {
    const readme = fs.readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    assert.deepEqual(
      unique.filter((name) => !readme.includes(`\`${name}\``)),
      [],
    );
  });
  it("come from files that globals.d.ts names", () => {
    const index = fs.readFileSync(new URL("../globals.d.ts", import.meta.url), "utf8");
    assert.deepEqual(
      [...index.matchAll(/path="globals\/([^"]+)"/g)].map((match) => match[1]),
      fs.readdirSync(folder).sort(),
    );
  });
});

describe("the members of the globals", () => {
  let runtime;
  before(async () => (runtime = await load()));

  it("are those that the runtime's objects have", async (test) => {
    if (!runtime) return test.skip(NOT_BUILT);
    const members = await runtime.run(
      (context, names) =>
        names.map((name) => {
          const value = globalThis[name];
          const own = (object, without) => Object.getOwnPropertyNames(object).filter((key) => !without.includes(key));
          if (name === "console") return { name, all: own(value, []) };
          // Functions have no members, and objects those of their class.
          if (!/^[A-Z]/.test(name)) return { name };
          const all = [];
          for (
            let at = value.prototype;
            at &&
            Object.prototype.hasOwnProperty.call(at, "constructor") &&
            !/^(Object|Error)$/.test(at.constructor.name);
            at = Object.getPrototypeOf(at)
          )
            all.push(...own(at, ["constructor"]));
          const statics = [];
          for (
            let at = value;
            typeof at === "function" && at.name && at.name !== "Error";
            at = Object.getPrototypeOf(at)
          )
            statics.push(...own(at, ["length", "name", "prototype"]));
          return { name, all, statics };
        }),
      { data: unique },
    );
    const lines = members.flatMap(({ name, all, statics }) => {
      // Own properties of each instance, and what DOMException has of Error.
      const more = { Event: ["isTrusted"], CustomEvent: ["isTrusted"], DOMException: ["stack", "cause"] }[name] ?? [];
      const line = (label, type, keys) =>
        `export const ${label}: Same<Keys<${type}>, ${keys.length ? keys.map((key) => JSON.stringify(key)).join(" | ") : "never"}> = true;`;
      if (name === "console") return [line("a_console", "Console", all)];
      if (!statics) return [];
      return [
        line(`a_${name}`, name, [...new Set([...all, ...more])]),
        line(`s_${name}`, `Omit<typeof ${name}, "prototype">`, statics),
      ];
    });
    assert.ok(lines.length > 70, `${lines.length}`);
    const text = [
      "type Keys<T> = Exclude<keyof T, symbol>;",
      "type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : { missing: Exclude<B, A> }) : { tooMuch: Exclude<A, B> };",
      ...lines,
    ].join("\n");
    assert.equal(check({ "members.ts": text }), "");
  });
});
