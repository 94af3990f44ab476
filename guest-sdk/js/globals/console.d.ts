// The log of the execution. Values look as Node.js prints them; format specifiers (%s %d %i %f %j %o %O %c %%) work.
// Source: the Console standard. How much is kept is a limit of the host (256 KiB by default).

/** What `console.dir` takes: how far a value is shown. */
interface ConsoleInspectOptions {
  /** How many levels of objects are shown; 2 by default, `null` for all. */
  depth?: number | null;
  /** Whether properties that are not enumerable are shown. */
  showHidden?: boolean;
  /** Whether keys are sorted. */
  sorted?: boolean | ((a: string, b: string) => number);
  /** How many items of an array, Map or Set are shown; 100 by default, `null` for all. */
  maxArrayLength?: number | null;
  /** How many characters of a string are shown; 10000 by default, `null` for all. */
  maxStringLength?: number | null;
  /** How many characters a line may have; 80 by default. */
  breakLength?: number;
  /** Whether short inner values share a line; 3 by default. */
  compact?: boolean | number;
}

/** Writes log lines. Every method works when taken off the object. */
interface Console {
  /** Writes at level info. */
  log(...values: any[]): void;
  /** Writes at level info. */
  info(...values: any[]): void;
  /** Writes at level warning. */
  warn(...values: any[]): void;
  /** Writes at level error. */
  error(...values: any[]): void;
  /** Writes at level debug. */
  debug(...values: any[]): void;
  /** Writes the values and the stack at level error. */
  trace(...values: any[]): void;
  /** Writes one value, shown as the options say. */
  dir(value?: any, options?: ConsoleInspectOptions): void;
  /** The same as `log`. */
  dirxml(...values: any[]): void;
  /** Writes `Assertion failed` and the values at level error, unless the condition holds. Never throws. */
  assert(condition?: any, ...values: any[]): void;
  /** Writes how often it was called with this label (`default` without one). */
  count(label?: string): void;
  /** Starts the count of a label anew. */
  countReset(label?: string): void;
  /** Starts a timer; one of the same label starts anew. */
  time(label?: string): void;
  /** Writes the time of a timer, and the values; nothing where there is no such timer. */
  timeLog(label?: string, ...values: any[]): void;
  /** Writes the time of a timer and ends it; nothing where there is no such timer. */
  timeEnd(label?: string): void;
  /** Writes the values and indents what follows by two spaces. */
  group(...values: any[]): void;
  /** The same as `group`. */
  groupCollapsed(...values: any[]): void;
  /** Takes an indentation back. */
  groupEnd(): void;
  /** Writes rows (an array, object, Map or Set) as a table, with all columns or those given; other values as `log` does. */
  table(rows?: any, columns?: string[]): void;
}
/** The log of the execution. */
declare var console: Console;
