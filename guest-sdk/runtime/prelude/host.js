// What the Rust half of the runtime gives this half, filled in once by `install`, and the JSON that travels between them.
export const native = {};

/** Whether a native function had nothing to give, which is undefined or null as Rust's bindings like it. */
export const isNothing = (value) => value === undefined || value === null;

// Kept from before the worker runs: it may replace its own JSON, and the talk with the host must go on.
export const { parse: parseJson, stringify: writeJson } = JSON;

/** A Map whose methods are its own, whatever becomes of Map.prototype. */
export class SafeMap extends Map {}
for (const name of ["delete", "forEach", "get", "has", "set"]) {
  Object.defineProperty(SafeMap.prototype, name, { value: Map.prototype[name] });
}

/** A host operation that answers at once; gives the head of the answer. Throws what the host refuses. */
export function call(request) {
  const answer = parseJson(native.call(writeJson(request), undefined).head);
  if (answer.error) throw new (answer.error.name === "RangeError" ? RangeError : TypeError)(answer.error.message);
  return answer;
}
