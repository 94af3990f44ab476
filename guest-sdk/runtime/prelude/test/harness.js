// Runs inside node:vm: installs the prelude and runs one handler, as the Rust half does. Only strings, numbers and
// buffers pass between it and the test. It keeps its own built-ins, as the Rust half has its own: a worker may break
// the others.
(install, native) => {
  const { parse, stringify } = JSON;
  const { Object, eval: evaluate } = globalThis;
  const kept = install(globalThis, native);
  let handler;
  let outcome;
  const shown = (error) => {
    try {
      return kept.inspect(error);
    } catch {
      return "a value that cannot be shown";
    }
  };
  // Not JSON.stringify on what may have a toJSON: the fields are strings.
  const failed = (error) => {
    const { name = "Error", message, stack } = Object(error);
    const fields = { __proto__: null, name, message, stack };
    if (stack === undefined) fields.message = typeof error === "string" ? error : shown(error);
    if (name === "ReferenceError") fields.message = kept.explain(message) ?? message;
    outcome = stringify({ __proto__: null, error: fields });
  };
  return {
    build(source) {
      handler = evaluate(source);
    },
    // `await` needs no method of the worker's Promise.
    async start(data) {
      try {
        const result = await kept.adopt(handler(kept.context, data === undefined ? undefined : parse(data)));
        outcome = stringify({ __proto__: null, result: result === undefined ? null : result });
      } catch (error) {
        failed(error);
      }
    },
    outcome: () => outcome,
    deliver: kept.deliver,
    pending: kept.pending,
  };
};
