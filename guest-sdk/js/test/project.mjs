// check(files) and runTests(files): the helpers of the type tests. They use the real tsc on a project in a scratch folder
// in which this package is installed as `jfrog-workers`, as an author has it.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const TSC = path.join(PACKAGE, "node_modules/typescript/bin/tsc");

/** The README's tsconfig is one of its own tests; this one is stricter. */
const OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: false,
  target: "ES2023",
  lib: ["ES2023"],
  types: ["jfrog-workers/globals"],
  module: "preserve",
  moduleResolution: "bundler",
};

function run(args, cwd) {
  // Without this Node's test runner would believe that it runs within itself.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", cwd, env });
  return status === 0 ? "" : stdout + stderr || `status ${status}`;
}

/** Calls `use` with a folder that holds `files` ({ name: text }). */
function inProject(files, use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "types-"));
  try {
    const modules = path.join(folder, "node_modules");
    fs.mkdirSync(path.join(modules, "@types"), { recursive: true });
    fs.symlinkSync(PACKAGE, path.join(modules, "jfrog-workers"));
    fs.symlinkSync(path.join(PACKAGE, "node_modules/@types/node"), path.join(modules, "@types/node"));
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
    return use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

const tsconfig = (options) => JSON.stringify({ compilerOptions: { ...OPTIONS, ...options } });

/** Type-checks `files`; gives what tsc prints, `""` when all is well. They may bring their own tsconfig.json. */
export const check = (files, options) =>
  inProject({ "tsconfig.json": tsconfig(options), ...files }, (folder) => run([TSC, "--pretty", "false"], folder));

/** Compiles `files` with Node's types and runs `name` with node:test; gives what was printed, `""` when all is well. */
export const runTests = (files, name) =>
  inProject(
    {
      "package.json": '{"type":"module"}',
      "tsconfig.json": tsconfig({ types: ["node"], skipLibCheck: true, noEmit: false }),
      ...files,
    },
    (folder) => run([TSC, "--pretty", "false"], folder) || run(["--test", name], folder),
  );
