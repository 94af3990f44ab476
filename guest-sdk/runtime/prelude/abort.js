// AbortController and AbortSignal.
import { DOMException } from "./dom-exception.js";
import { Event, EventTarget, defineHandler, dispatchTrusted } from "./events.js";
import { addTimer } from "./timers.js";
import { asInterface, needs } from "./webidl.js";

const KEY = Symbol("made here");

let signalAbort;
let dependOn;
let algorithmsOf;

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason = undefined;
  /** What of ours reacts to the abort; runs before the listeners. */
  #algorithms = new Set();
  /** Signals made by `any` from this one. */
  #dependents = [];
  /** For a signal made by `any`: the signals that are not, on which it depends. */
  #sources;

  constructor(key) {
    if (key !== KEY)
      throw new TypeError("Illegal constructor: use new AbortController() or the functions of AbortSignal");
    super();
  }
  static abort(reason = new DOMException("This operation was aborted", "AbortError")) {
    const signal = new AbortSignal(KEY);
    signal.#aborted = true;
    signal.#reason = reason;
    return signal;
  }
  static timeout(milliseconds) {
    needs(arguments.length, 1, "AbortSignal.timeout");
    const delay = Number(milliseconds);
    if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
      throw new TypeError("AbortSignal.timeout: the time must be a number of milliseconds from 0");
    }
    const signal = new AbortSignal(KEY);
    // No name: nobody awaits a timeout, and one that did not strike is no oversight.
    addTimer(
      () => signalAbort(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError")),
      Math.trunc(delay),
    );
    return signal;
  }
  static any(signals) {
    needs(arguments.length, 1, "AbortSignal.any");
    const list = [...signals];
    for (const signal of list)
      if (!isSignal(signal)) throw new TypeError("AbortSignal.any: not every element is an AbortSignal");
    return dependOn(list);
  }
  get aborted() {
    return this.#aborted;
  }
  get reason() {
    return this.#reason;
  }
  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  static {
    signalAbort = (signal, reason = new DOMException("This operation was aborted", "AbortError")) => {
      if (signal.#aborted) return;
      const all = [signal, ...signal.#dependents.filter((dependent) => !dependent.#aborted)];
      // All are aborted before anyone hears of it.
      for (const each of all) {
        each.#aborted = true;
        each.#reason = reason;
      }
      for (const each of all) {
        const algorithms = [...each.#algorithms];
        each.#algorithms.clear();
        for (const algorithm of algorithms) algorithm(reason);
        dispatchTrusted(each, new Event("abort"));
      }
    };
    dependOn = (signals) => {
      const result = new AbortSignal(KEY);
      const aborted = signals.find((signal) => signal.#aborted);
      if (aborted) {
        result.#aborted = true;
        result.#reason = aborted.#reason;
        return result;
      }
      result.#sources = new Set(signals.flatMap((signal) => (signal.#sources ? [...signal.#sources] : [signal])));
      for (const source of result.#sources) source.#dependents.push(result);
      return result;
    };
    algorithmsOf = (signal) => signal.#algorithms;
  }
}
asInterface(AbortSignal);
defineHandler(AbortSignal, "abort");

export const isSignal = (value) => value instanceof AbortSignal;

/** A signal that aborts when any of `signals` does. */
export const dependentSignal = (signals) => dependOn(signals);

/** Calls `react(reason)` when `signal` aborts; gives a function that takes this back. `signal` may be missing. */
export function onAbort(signal, react) {
  if (!signal) return () => {};
  const algorithms = algorithmsOf(signal);
  algorithms.add(react);
  return () => algorithms.delete(react);
}

export class AbortController {
  #signal = new AbortSignal(KEY);
  get signal() {
    return this.#signal;
  }
  abort(reason) {
    signalAbort(this.#signal, reason);
  }
}
asInterface(AbortController);
