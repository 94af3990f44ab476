// The JavaScript end of the event loop: operations the host works on, and who waits for each.
import { SafeMap, native, parseJson, writeJson } from "./host.js";

/** By the host's id: `done` takes the answer, `name` is how a warning calls it (undefined: not worth one). */
const outstanding = new SafeMap();

/** Other things that count as waiting, such as timers: functions that add `{ order, name }` to a list. */
const others = [];

/** This many are named in a warning; a loop can leave thousands. */
const MAX_NAMES = 5;

let lastOrder = 0;

/** A number that says what was started before what. */
export function nextOrder() {
  return ++lastOrder;
}

/** Starts `request` at the host; `done(answer, body)` is called when it has finished. Throws where the host refuses. */
export function start(request, body, name, done) {
  const id = native.start(writeJson(request), body);
  outstanding.set(id, { done, name, order: nextOrder() });
  return id;
}

/** Stops an operation; its `done` is not called any more. */
export function cancel(id) {
  if (outstanding.delete(id)) native.cancel(id);
}

/** Called by the event loop when operation `id` has finished. */
export function deliver(id, head, body) {
  const operation = outstanding.get(id);
  // A cancelled operation can have been on its way already.
  if (!operation) return;
  outstanding.delete(id);
  operation.done(parseJson(head), body);
}

export function alsoPending(list) {
  others[others.length] = list;
}

/** What the handler left behind, as the text of a warning; undefined when it awaited everything. */
export function pending() {
  // Loops by hand, here and in the timers: whatever the worker did to arrays, the event loop goes on.
  const left = [];
  for (let i = 0; i < others.length; i++) others[i](left);
  outstanding.forEach(({ name, order }) => {
    if (name) left[left.length] = { name, order };
  });
  if (left.length === 0) return undefined;
  let names = "";
  for (let i = 0; i < left.length && i < MAX_NAMES; i++) names += (i === 0 ? "" : ", ") + takeFirst(left);
  const more = left.length > MAX_NAMES ? ` and ${left.length - MAX_NAMES} more` : "";
  return `${left.length} operation${left.length === 1 ? " was" : "s were"} not awaited: ${names}${more}`;
}

/** The name of what was started first; its order is spent. */
function takeFirst(left) {
  let first = left[0];
  for (let i = 1; i < left.length; i++) if (left[i].order < first.order) first = left[i];
  first.order = Infinity;
  return first.name;
}
