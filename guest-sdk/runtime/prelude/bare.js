// A prelude with nothing but `console`, to measure what the rest costs: PRELUDE=bare.js build.sh FOLDER
import { removeStandIns } from "./missing.js";
import { install as installConsole } from "./console.js";

export default function install(globals, native) {
  removeStandIns();
  const nothing = () => undefined;
  const inspect = installConsole(globals, native);
  return { inspect, adopt: async (value) => value, context: {}, deliver: nothing, pending: nothing, explain: nothing };
}
