// context.state: strings kept from one execution to the next. Read whole at the first touch, written whole after every
// change; the host keeps the last version if the execution succeeds.
import { call, writeJson } from "./host.js";
import { usvString } from "./webidl.js";

const MAX_ITEMS = 10;
const MAX_KEY = 40;
const MAX_VALUE = 250;

/** A Map once it was read. */
let entries;

const read = () => (entries ??= new Map(Object.entries(call({ op: "state" }).entries ?? {})));

/** Changes a copy first: what the host refuses has not happened here either. */
function change(edit) {
  const next = new Map(read());
  edit(next);
  call({ op: "setState", entries: Object.fromEntries(next) });
  entries = next;
}

const shorten = (key) => JSON.stringify(key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)}…` : key);

function toText(key, value) {
  // What is kept is Unicode; half of a surrogate pair becomes U+FFFD.
  if (typeof value === "string") return value.toWellFormed();
  const text = writeJson(value);
  if (text === undefined)
    throw new TypeError(`state.set: the value of ${shorten(key)} is neither a string nor anything JSON can hold`);
  return text;
}

export const state = {
  get(key) {
    return read().get(usvString(key));
  },
  set(key, value) {
    const name = usvString(key);
    if (name.length > MAX_KEY) {
      throw new RangeError(
        `state.set: a key has at most ${MAX_KEY} characters, and ${shorten(name)} has ${name.length}`,
      );
    }
    const text = toText(name, value);
    if (text.length > MAX_VALUE) {
      throw new RangeError(
        `state.set: a value has at most ${MAX_VALUE} characters, and that of ${shorten(name)} has ${text.length}`,
      );
    }
    if (!read().has(name) && read().size >= MAX_ITEMS) {
      throw new RangeError(
        `state.set: a worker keeps at most ${MAX_ITEMS} items, and ${shorten(name)} would be one more`,
      );
    }
    change((next) => next.set(name, text));
  },
  has(key) {
    return read().has(usvString(key));
  },
  delete(key) {
    const name = usvString(key);
    if (read().has(name)) change((next) => next.delete(name));
  },
  clear() {
    if (read().size > 0) change((next) => next.clear());
  },
  getAll() {
    return Object.fromEntries(read());
  },
};
