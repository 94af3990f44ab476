// Event, CustomEvent and EventTarget. No tree: an event has one target.
import { DOMException } from "./dom-exception.js";
import { native } from "./host.js";
import { report } from "./report.js";
import { asInterface, dictionary, isObject, needs } from "./webidl.js";

const NONE = 0;
const AT_TARGET = 2;

/** Reaches into an event where the standard does: `run(event, target, listeners, trusted)`. */
let run;

export class Event {
  #type;
  #bubbles;
  #cancelable;
  #composed;
  #target = null;
  #phase = NONE;
  #initialized = true;
  #dispatching = false;
  #stopped = false;
  #stoppedAtOnce = false;
  #canceled = false;
  #passive = false;
  #trusted = false;
  #timeStamp = native.now();

  constructor(type, options) {
    needs(arguments.length, 1, "new Event");
    const { bubbles, cancelable, composed } = dictionary(options, "new Event");
    this.#type = `${type}`;
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
    this.#composed = Boolean(composed);
    // Not forgeable, as the standard has it: an own accessor that cannot be redefined.
    Object.defineProperty(this, "isTrusted", { get: () => this.#trusted, enumerable: true });
  }
  get type() {
    return this.#type;
  }
  get target() {
    return this.#target;
  }
  get srcElement() {
    return this.#target;
  }
  get currentTarget() {
    return this.#phase === NONE ? null : this.#target;
  }
  composedPath() {
    return this.#phase === NONE ? [] : [this.#target];
  }
  get eventPhase() {
    return this.#phase;
  }
  stopPropagation() {
    this.#stopped = true;
  }
  get cancelBubble() {
    return this.#stopped;
  }
  set cancelBubble(value) {
    if (value) this.#stopped = true;
  }
  stopImmediatePropagation() {
    this.#stopped = true;
    this.#stoppedAtOnce = true;
  }
  get bubbles() {
    return this.#bubbles;
  }
  get cancelable() {
    return this.#cancelable;
  }
  get returnValue() {
    return !this.#canceled;
  }
  set returnValue(value) {
    if (!value) this.preventDefault();
  }
  preventDefault() {
    if (this.#cancelable && !this.#passive) this.#canceled = true;
  }
  get defaultPrevented() {
    return this.#canceled;
  }
  get composed() {
    return this.#composed;
  }
  get timeStamp() {
    return this.#timeStamp;
  }
  initEvent(type, bubbles = false, cancelable = false) {
    needs(arguments.length, 1, "initEvent");
    if (this.#dispatching) return;
    this.#type = `${type}`;
    this.#bubbles = Boolean(bubbles);
    this.#cancelable = Boolean(cancelable);
    this.#initialized = true;
    this.#stopped = this.#stoppedAtOnce = this.#canceled = this.#trusted = false;
    this.#target = null;
  }

  static {
    run = (event, target, listeners, trusted) => {
      if (event.#dispatching || !event.#initialized) {
        throw new DOMException("the event is already being dispatched", "InvalidStateError");
      }
      event.#trusted = trusted;
      event.#dispatching = true;
      event.#target = target;
      if (!event.#stopped) {
        event.#phase = AT_TARGET;
        // Those added by a listener wait for the next event; those removed by one are not called.
        for (const listener of [...listeners]) {
          if (listener.removed || listener.type !== event.#type) continue;
          if (listener.once) remove(listeners, listener);
          event.#passive = listener.passive;
          callListener(listener.callback, event, target);
          event.#passive = false;
          if (event.#stoppedAtOnce) break;
        }
      }
      event.#phase = NONE;
      event.#dispatching = event.#stopped = event.#stoppedAtOnce = false;
      return !event.#canceled;
    };
    for (const [name, value] of Object.entries({ NONE, CAPTURING_PHASE: 1, AT_TARGET, BUBBLING_PHASE: 3 })) {
      Object.defineProperty(Event, name, { value, enumerable: true });
      Object.defineProperty(Event.prototype, name, { value, enumerable: true });
    }
  }
}
asInterface(Event);

export class CustomEvent extends Event {
  #detail;
  constructor(type, options) {
    super(type, options);
    this.#detail = options?.detail ?? null;
  }
  get detail() {
    return this.#detail;
  }
  initCustomEvent(type, bubbles = false, cancelable = false, detail = null) {
    if (this.eventPhase !== NONE) return;
    this.initEvent(type, bubbles, cancelable);
    this.#detail = detail;
  }
}
asInterface(CustomEvent);

function callListener(callback, event, target) {
  try {
    if (typeof callback === "function") {
      callback.call(target, event);
      return;
    }
    const { handleEvent } = callback;
    if (typeof handleEvent !== "function") throw new TypeError("the listener has no function handleEvent");
    handleEvent.call(callback, event);
  } catch (error) {
    report(error);
  }
}

function remove(listeners, listener) {
  listener.removed = true;
  const index = listeners.indexOf(listener);
  if (index >= 0) listeners.splice(index, 1);
}

/** Dispatches an event of ours: only those are trusted. */
export let dispatchTrusted;

export class EventTarget {
  /** { type, callback, capture, once, passive, removed }; made by the first listener. */
  #listeners;

  addEventListener(type, callback, options) {
    needs(arguments.length, 2, "addEventListener");
    if (callback !== null && callback !== undefined && !isObject(callback)) {
      throw new TypeError("addEventListener: the listener must be a function or an object with handleEvent");
    }
    const settings = isObject(options) ? options : { capture: options };
    const { signal } = settings;
    if (signal !== undefined && typeof signal?.aborted !== "boolean") {
      throw new TypeError("addEventListener: signal is not an AbortSignal");
    }
    const listener = {
      type: `${type}`,
      callback,
      capture: Boolean(settings.capture),
      once: Boolean(settings.once),
      passive: Boolean(settings.passive),
      removed: false,
    };
    if (signal?.aborted || !callback) return;
    this.#listeners ??= [];
    if (this.#find(listener)) return;
    this.#listeners.push(listener);
    signal?.addEventListener("abort", () => remove(this.#listeners, listener), { once: true });
  }
  removeEventListener(type, callback, options) {
    needs(arguments.length, 2, "removeEventListener");
    const capture = Boolean(isObject(options) ? options.capture : options);
    const listener = this.#find({ type: `${type}`, callback, capture });
    if (listener) remove(this.#listeners, listener);
  }
  dispatchEvent(event) {
    needs(arguments.length, 1, "dispatchEvent");
    if (!(event instanceof Event)) throw new TypeError("dispatchEvent: the argument is not an Event");
    return run(event, this, (this.#listeners ??= []), false);
  }

  #find({ type, callback, capture }) {
    return this.#listeners?.find((l) => l.type === type && l.callback === callback && l.capture === capture);
  }
  static {
    dispatchTrusted = (target, event) => {
      if (target.#listeners?.length) run(event, target, target.#listeners, true);
    };
  }
}
asInterface(EventTarget);

/** Gives `Class` the attribute `on<type>`: a listener that assignment replaces, in the place of the first one. */
export function defineHandler(Class, type) {
  const handlers = new WeakMap();
  Object.defineProperty(Class.prototype, `on${type}`, {
    get() {
      return handlers.get(this)?.value ?? null;
    },
    set(value) {
      let handler = handlers.get(this);
      if (!handler) {
        const current = { value: null };
        handlers.set(this, (handler = current));
        this.addEventListener(type, function (event) {
          if (typeof current.value === "function") current.value.call(this, event);
        });
      }
      handler.value = isObject(value) ? value : null;
    },
    enumerable: true,
    configurable: true,
  });
}
