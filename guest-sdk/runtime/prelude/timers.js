// setTimeout, setInterval and what else waits for a time. The host sleeps until the nearest deadline only, so that a
// thousand timers are one operation.
import { Deadlines } from "./deadlines.js";
import { SafeMap, native } from "./host.js";
import { alsoPending, cancel, nextOrder, start } from "./operations.js";
import { report } from "./report.js";

/** Active timers by id: { id, due, order, delay, callback, repeats, name }. */
const timers = new SafeMap();
const deadlines = new Deadlines();

/** The host's sleep: { due, operation }; undefined when nothing waits. */
let armed;
let lastId = 0;

function arm() {
  const next = deadlines.first();
  if (next && armed && armed.due <= next.due) return;
  // Without a timer left the sleep must go too: a promise nothing can settle is to be seen at once.
  if (armed) cancel(armed.operation);
  armed = undefined;
  if (!next) return;
  const { due } = next;
  const operation = start({ op: "sleep", ms: Math.max(0, due - native.now()) }, undefined, undefined, () => fire(due));
  armed = { due, operation };
}

/** One callback a turn: what it queues as microtasks runs before the next one, as the HTML standard has it. */
function fire(due) {
  armed = undefined;
  // The host's clock and this one can differ in the last digit; what was slept for has come.
  const time = Math.max(native.now(), due);
  if (deadlines.first()?.due <= time) {
    const timer = deadlines.takeFirst();
    if (!timer.repeats) timers.delete(timer.id);
    try {
      timer.callback();
    } catch (error) {
      report(error);
    }
    if (timer.repeats && timers.has(timer.id)) enqueue(timer);
  }
  arm();
}

function enqueue(timer) {
  timer.due = native.now() + timer.delay;
  timer.order = nextOrder();
  deadlines.add(timer);
}

/** Calls `callback` in `delay` ms and gives the timer's id. Without a `name` it is never missed by a warning. */
export function addTimer(callback, delay, name, repeats = false) {
  const timer = { id: ++lastId, due: 0, order: 0, delay, callback, repeats, name };
  timers.set(timer.id, timer);
  enqueue(timer);
  try {
    arm();
  } catch (error) {
    removeTimer(timer.id);
    throw error;
  }
  return timer.id;
}

export function removeTimer(id) {
  const timer = timers.get(id);
  if (!timer) return;
  timers.delete(id);
  deadlines.remove(timer);
  if (timers.size === 0) arm();
}

alsoPending((left) => {
  deadlines.forEach(({ name, order }) => {
    if (name) left[left.length] = { name, order };
  });
});

/** The longest delay, some 25 days. */
const MAX_DELAY = 2 ** 31 - 1;

/** Web IDL's `long`, and never negative. What is larger comes around, so that 2 ** 31 is 0: so the standard wants it. */
const toDelay = (value) => Math.max(0, value | 0);

function add(name, callback, delay, args, repeats) {
  // The standard would also compile strings; nobody should miss that.
  if (typeof callback !== "function") throw new TypeError(`${name}: the callback must be a function`);
  return addTimer(() => callback.apply(globalThis, args), delay, `sleep ${delay} ms`, repeats);
}

export function setTimeout(callback, delay = 0, ...args) {
  return add("setTimeout", callback, toDelay(delay), args, false);
}

export function setInterval(callback, delay = 0, ...args) {
  // An interval of no time would keep the event loop from ever waiting.
  return add("setInterval", callback, Math.max(1, toDelay(delay)), args, true);
}

export function clearTimeout(id = 0) {
  removeTimer(Number(id));
}

export function clearInterval(id = 0) {
  removeTimer(Number(id));
}

/** `context.wait`, which no standard asks to return at once when the time is too long. */
export function wait(ms) {
  return new Promise((resolve) => {
    const delay = Math.trunc(Math.min(Math.max(0, Number(ms) || 0), MAX_DELAY));
    addTimer(resolve, delay, `sleep ${delay} ms`);
  });
}
