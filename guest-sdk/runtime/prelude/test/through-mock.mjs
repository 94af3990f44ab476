// Runs a handler with a fresh prelude in node:vm, and a host of its own in JavaScript.
import { open } from "./engine-node.mjs";
import { Host } from "./host.mjs";

/** An execution that takes longer than this hangs. */
const MAX_MS = 20_000;

const LEVELS = { 3: "error", 4: "warn", 6: "info", 7: "debug" };

export async function execute(handler, { data, top = "", ...options } = {}) {
  const host = new Host(options);
  const engine = await open(host);
  engine.build(`${top}; (${handler})`);
  await engine.drain();
  host.building = false;
  host.began = performance.now();
  const begin = performance.now();
  try {
    engine.start(data === undefined ? undefined : JSON.stringify(data));
    await engine.drain();
    let unsettled = false;
    while (engine.outcome() === undefined && !unsettled) {
      const late = new Promise((resolve) => setTimeout(resolve, MAX_MS, "late").unref());
      const finished = await Promise.race([host.next(), late]);
      if (finished === "late") throw new Error("the execution hangs");
      unsettled = finished === undefined;
      if (unsettled) break;
      engine.deliver(finished.id, finished.head, finished.body);
      await engine.drain();
    }
    return {
      ...(unsettled ? {} : JSON.parse(engine.outcome())),
      unsettled,
      elapsed: performance.now() - begin,
      requests: host.started.filter(({ op }) => op === "fetch").length,
      warning: engine.pending(),
      logs: host.logs.flatMap(({ level, text }) =>
        text.split("\n").map((message) => ({ level: LEVELS[level], message })),
      ),
      host,
    };
  } finally {
    host.dispose();
  }
}
