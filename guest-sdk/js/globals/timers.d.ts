// Timers and microtasks. What still waits when the handler settles is cancelled, and a warning in the log names it.
// Source: the HTML standard. Callbacks must be functions; strings are not compiled.

/** Calls back after `delay` milliseconds (0 by default), with the arguments. Returns the timer's number. */
declare function setTimeout<Args extends any[]>(
  callback: (...args: Args) => void,
  delay?: number,
  ...args: Args
): number;
/** Takes a timer back; numbers that are no timer's are ignored. */
declare function clearTimeout(id?: number): void;
/** Calls back every `delay` milliseconds, at least 1. Returns the timer's number. */
declare function setInterval<Args extends any[]>(
  callback: (...args: Args) => void,
  delay?: number,
  ...args: Args
): number;
/** Takes a timer back; numbers that are no timer's are ignored. */
declare function clearInterval(id?: number): void;
/** Calls back when the running code has ended, before any timer. What it throws goes to the log. */
declare function queueMicrotask(callback: () => void): void;
