// The small globals: performance, navigator.
import { native } from "./host.js";
import { asInterface } from "./webidl.js";

const KEY = Symbol("made here");

/** How this runtime calls itself; the Minimum Common API asks for a name that tells runtimes apart. */
const USER_AGENT = "worker-host";

class Performance {
  #origin = 0;
  constructor(key) {
    if (key !== KEY) throw new TypeError("Illegal constructor");
  }
  now() {
    return native.now();
  }
  get timeOrigin() {
    // Kept, so that it does not tremble; but what was read while the worker was built is not this execution's.
    const origin = native.wallClock() - native.now();
    if (Math.abs(origin - this.#origin) > 1000) this.#origin = origin;
    return this.#origin;
  }
  toJSON() {
    return { timeOrigin: this.timeOrigin };
  }
}
asInterface(Performance);

class Navigator {
  constructor(key) {
    if (key !== KEY) throw new TypeError("Illegal constructor");
  }
  get userAgent() {
    return USER_AGENT;
  }
}
asInterface(Navigator);

export const performance = new Performance(KEY);
export const navigator = new Navigator(KEY);
export { Navigator, Performance };
