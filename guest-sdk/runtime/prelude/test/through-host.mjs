// Runs a handler through the whole path: written as a worker's source file, built, snapshotted and executed by the
// binary that HOST names, with the operator's settings as flags.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const HOST = path.resolve(process.env.HOST ?? new URL("../../../../target/release/host", import.meta.url).pathname);

/** A process that takes longer than this hangs; the execution in it has its own limit. */
const MAX_MS = 60_000;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "prelude-"));
process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));

/** Nothing of the tester's own settings. */
const { PATH, HOME, XDG_CACHE_HOME } = process.env;
const env = Object.fromEntries(
  Object.entries({ PATH, HOME, XDG_CACHE_HOME }).filter(([, value]) => value !== undefined),
);

/** Line 1 is the top level; the handler begins on line 2. */
function write(handler, top) {
  const source = `${top};\nexport default (${handler});\n`;
  const file = path.join(folder, createHash("sha256").update(source).digest("hex").slice(0, 16), "worker.ts");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, source);
  return file;
}

function flags({ baseUrl, platformToken, secrets = {}, properties = {}, deadlineMs = 5000 }) {
  const all = ["--output", "json", "--allow-net", "127.0.0.1,localhost", "--timeout", `${deadlineMs}ms`];
  if (baseUrl !== undefined) all.push("--platform-url", baseUrl);
  if (platformToken !== undefined) all.push("--platform-token", platformToken);
  for (const [name, text] of Object.entries(secrets)) all.push("--secret", `${name}=${text}`);
  for (const [name, text] of Object.entries(properties)) all.push("--property", `${name}=${text}`);
  return all;
}

/** Gives { code, stdout, stderr }. */
function start(args, input) {
  return new Promise((resolve, reject) => {
    const child = spawn(HOST, args, { cwd: folder, env, timeout: MAX_MS, stdio: ["pipe", "pipe", "pipe"] });
    const out = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (out[name] += text));
    child.on("error", reject).on("close", (code) => resolve({ code, ...out }));
    child.stdin.on("error", () => {}).end(input);
  });
}

const WARNING = /^\d+ operations? (was|were) not awaited: /;

export async function execute(handler, { data, top = "", ...options } = {}) {
  const args = ["run", write(handler, top), "--payload", "-", ...flags(options)];
  const { code, stdout, stderr } = await start(args, data === undefined ? "" : JSON.stringify(data));
  if (code !== 0 && code !== 1) throw new Error(`host ended with ${code}:\n${stderr}`);
  const { data: result = null, error, logs, usage } = JSON.parse(stdout);
  const unsettled = error?.code === "unsettled";
  const last = logs.at(-1);
  const warning = last?.level === "warn" && WARNING.test(last.message) ? logs.pop().message : undefined;
  return {
    ...(unsettled ? {} : error ? { error: { ...error, stack: error.stack.join("\n") } } : { result }),
    unsettled,
    elapsed: usage.wallTimeMicros / 1000,
    requests: usage.requests,
    warning,
    logs,
    fuel: usage.fuel,
  };
}
