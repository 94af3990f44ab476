// The runtime's JavaScript, which these types and the mock describe: its sources and, where it was built, the thing itself.
import fs from "node:fs";
import { pathToFileURL } from "node:url";

/** RUNTIME_PRELUDE names another folder. */
const FOLDER = process.env.RUNTIME_PRELUDE
  ? pathToFileURL(`${process.env.RUNTIME_PRELUDE}/`)
  : new URL("../../runtime/prelude/", import.meta.url);

/** The text of a file of the prelude. */
export const source = (name) => fs.readFileSync(new URL(name, FOLDER), "utf8");

/** `run` of the prelude's tests; undefined where the bundle was not built. */
export async function load() {
  try {
    const { run } = await import(new URL("test/run.mjs", FOLDER));
    await run(() => 1);
    return { run };
  } catch (error) {
    if (process.env.RUNTIME_PRELUDE || !["ENOENT", "ERR_MODULE_NOT_FOUND"].includes(error.code)) throw error;
    return undefined;
  }
}

export const NOT_BUILT = "the runtime's prelude was not built: run its build and this again";

/** The version of axios that the runtime carries. */
export const axiosVersion = () => JSON.parse(source("package.json")).devDependencies.axios;
