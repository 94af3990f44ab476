// context.state, kept in memory under the runtime's limits.
"use strict";

const MAX_ITEMS = 10;
const MAX_KEY = 40;
const MAX_VALUE = 250;

const shorten = (key) => JSON.stringify(key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)}…` : key);

function toText(key, value) {
  if (typeof value === "string") return value;
  const text = JSON.stringify(value);
  if (text === undefined)
    throw new TypeError(`state.set: the value of ${shorten(key)} is neither a string nor anything JSON can hold`);
  return text;
}

function makeState(initial) {
  const entries = new Map();
  const state = {
    get: (key) => entries.get(`${key}`),
    set(key, value) {
      const name = `${key}`;
      if (name.length > MAX_KEY)
        throw new RangeError(
          `state.set: a key has at most ${MAX_KEY} characters, and ${shorten(name)} has ${name.length}`,
        );
      const text = toText(name, value);
      if (text.length > MAX_VALUE)
        throw new RangeError(
          `state.set: a value has at most ${MAX_VALUE} characters, and that of ${shorten(name)} has ${text.length}`,
        );
      if (!entries.has(name) && entries.size >= MAX_ITEMS)
        throw new RangeError(
          `state.set: a worker keeps at most ${MAX_ITEMS} items, and ${shorten(name)} would be one more`,
        );
      entries.set(name, text);
    },
    has: (key) => entries.has(`${key}`),
    delete: (key) => void entries.delete(`${key}`),
    clear: () => entries.clear(),
    getAll: () => Object.fromEntries(entries),
  };
  for (const [key, value] of Object.entries(initial)) state.set(key, value);
  return state;
}

module.exports = { makeState };
