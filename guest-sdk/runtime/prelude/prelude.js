// The JavaScript that surrounds a worker. Bundled to one script whose value is the function below; it runs once, at
// build time, before the worker's module.
import { install as installConsole } from "./console.js";

/** Gives `globals` what a worker expects to find, and returns what the runtime keeps for itself. */
export default function install(globals, native) {
  const inspect = installConsole(globals, native);
  return { inspect, adopt: async (value) => value };
}
