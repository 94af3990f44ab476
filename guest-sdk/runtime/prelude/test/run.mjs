// run(handler): the one helper of the tests. A handler runs as the default export of a worker, and what comes back is
// what anybody can observe. By default on node:vm with a host in JavaScript, which is quick and needs nothing built;
// with ENGINE=host in the real sandbox of the real binary (HOST=path), with the real network.
const real = process.env.ENGINE === "host";
const engine = await import(real ? "./through-host.mjs" : "./through-mock.mjs");

/**
 * Runs `handler(context, data)`; `top` is the worker's top level before it. The options say what the operator gives:
 * baseUrl, platformToken, secrets, properties, deadlineMs. What became of it:
 * { result } or { error: { name, message, stack } } or { unsettled: true }, then { elapsed, requests, warning } and
 * { logs: [{ level, message }] } by lines. Of the mock also { host }, of the real host { fuel }.
 */
export const { execute } = engine;

/** The options of a test that looks into the mock. */
export const mockOnly = (reason) => ({ skip: real && `with the mock only: ${reason}` });

/** The options of a test that only the real host can pass. */
export const hostOnly = (reason) => ({ skip: !real && `through the host only: ${reason}` });

/** The result of a handler that must not fail. */
export async function run(handler, options) {
  const { result, error, unsettled, logs } = await execute(handler, options);
  const lines = logs.map(({ message }) => message).join("\n");
  if (unsettled) throw new Error(`unsettled\n${lines}`);
  if (error) throw new Error(`${error.name}: ${error.message}\n${error.stack}\n${lines}`);
  return result;
}

/** The error of a handler that must fail. */
export async function fails(handler, options) {
  const { result, error } = await execute(handler, options);
  if (!error) throw new Error(`did not fail, but gave ${JSON.stringify(result)}`);
  return error;
}
