// How values look in logs and messages: Node's formatting, taught what it cannot see from outside.
import { inspect } from "node-inspect-extracted";
import { AbortSignal } from "./abort.js";
import { Blob, File } from "./blob.js";
import { Event } from "./events.js";
import { FormData } from "./form-data.js";
import { Headers } from "./headers.js";
import { Request } from "./request.js";
import { Response } from "./response.js";
import { URL, URLSearchParams } from "./url.js";

const CUSTOM = Symbol.for("nodejs.util.inspect.custom");

/** The getters that are worth showing; for the lists their entries. */
const SHOWN = [
  [AbortSignal, ["aborted", "reason"]],
  [Blob, ["size", "type"]],
  [File, ["name", "size", "type", "lastModified"]],
  [Event, ["type", "defaultPrevented", "cancelable", "timeStamp"]],
  [Request, ["method", "url", "headers", "redirect", "bodyUsed"]],
  [Response, ["status", "statusText", "ok", "headers", "redirected", "type", "url", "bodyUsed"]],
  [
    URL,
    [
      "href",
      "origin",
      "protocol",
      "username",
      "password",
      "host",
      "hostname",
      "port",
      "pathname",
      "search",
      "searchParams",
      "hash",
    ],
  ],
];
const ENTRIES = [FormData, Headers, URLSearchParams];

/** An object that is shown as one of the class `name` with these properties. */
function stand(name, properties) {
  const Stand = class {};
  Object.defineProperty(Stand, "name", { value: name });
  return Object.assign(new Stand(), properties);
}

function show(Class, view) {
  Object.defineProperty(Class.prototype, CUSTOM, {
    value() {
      try {
        return stand(this.constructor?.name || Class.name, view(this));
      } catch {
        // The prototype itself, or something made with Object.create.
        return `[${Class.name}]`;
      }
    },
    writable: true,
    configurable: true,
  });
}

for (const [Class, keys] of SHOWN) show(Class, (value) => Object.fromEntries(keys.map((key) => [key, value[key]])));
for (const Class of ENTRIES) show(Class, (value) => entries(value));

/** Keys that come several times are shown with all their values. */
function entries(list) {
  const all = {};
  for (const [key, value] of list) {
    if (!Object.hasOwn(all, key)) all[key] = value;
    else all[key] = [].concat(all[key], value);
  }
  return all;
}

// QuickJS keeps a stack without the line "Name: message" on top, and Node's formatting shows nothing but the stack.
const shownErrors = new WeakMap();
Object.defineProperty(Error.prototype, CUSTOM, {
  value() {
    const stack = Object.getOwnPropertyDescriptor(this, "stack")?.value;
    if (typeof stack !== "string" || !/^\s*at /.test(stack)) return this;
    // The same object each time, so that an error within itself is seen as a circle.
    let shown = shownErrors.get(this);
    if (!shown) shownErrors.set(this, (shown = Object.create(Object.getPrototypeOf(this))));
    Object.defineProperties(shown, Object.getOwnPropertyDescriptors(this));
    // Frames of the prelude say nothing to the author.
    const frames = stack.split("\n").filter((line) => line.trim() !== "" && !line.includes("runtime:"));
    const value = [Error.prototype.toString.call(this), ...frames].join("\n");
    Object.defineProperty(shown, "stack", { value, writable: true, configurable: true });
    Object.defineProperty(shown, CUSTOM, { value: undefined, configurable: true });
    return shown;
  },
  writable: true,
  configurable: true,
});

export { inspect };
