// `console`, printing what Node prints: the formatting is Node's own, extracted.
import { format, inspect } from "node-inspect-extracted";

// Levels as in sd-daemon(3).
const ERROR = 3;
const WARN = 4;
const INFO = 6;
const DEBUG = 7;

/** Installs `console`; returns a function that shows any value in one string. */
export function install(globals, native) {
  const { log, now } = native;
  let indent = "";
  const counts = new Map();
  const timers = new Map();

  const write = (level, text) => log(level, indent && text ? indent + text.replaceAll("\n", `\n${indent}`) : text);
  const print =
    (level) =>
    (...values) =>
      write(level, format(...values));
  const known = (labels, label, complaint) => {
    if (labels.has(label)) return true;
    write(WARN, complaint);
    return false;
  };
  const elapsed = (label) => {
    const ms = now() - timers.get(label);
    return `${label}: ${ms >= 1000 ? `${(ms / 1000).toFixed(3)}s` : `${ms.toFixed(3)}ms`}`;
  };
  const stack = () =>
    (new Error().stack ?? "")
      .split("\n")
      .filter((line) => /^ *at /.test(line) && !line.includes("runtime:"))
      .join("\n");

  const console = {
    log: print(INFO),
    info: print(INFO),
    warn: print(WARN),
    error: print(ERROR),
    debug: print(DEBUG),
    trace(...values) {
      write(ERROR, `Trace${values.length ? `: ${format(...values)}` : ""}\n${stack()}`.trimEnd());
    },
    dir(value, options) {
      write(INFO, inspect(value, options));
    },
    dirxml: print(INFO),
    assert(condition, ...values) {
      if (condition) return;
      if (typeof values[0] === "string") values[0] = `Assertion failed: ${values[0]}`;
      else values.unshift("Assertion failed");
      write(ERROR, format(...values));
    },
    count(label = "default") {
      const count = (counts.get(`${label}`) ?? 0) + 1;
      counts.set(`${label}`, count);
      write(INFO, `${label}: ${count}`);
    },
    countReset(label = "default") {
      if (known(counts, `${label}`, `Count for '${label}' does not exist`)) counts.delete(`${label}`);
    },
    time(label = "default") {
      if (timers.has(`${label}`)) write(WARN, `Label '${label}' already exists for console.time()`);
      else timers.set(`${label}`, now());
    },
    timeLog(label = "default", ...values) {
      if (known(timers, `${label}`, `No such label '${label}' for console.timeLog()`))
        write(INFO, format(elapsed(`${label}`), ...values));
    },
    timeEnd(label = "default") {
      if (!known(timers, `${label}`, `No such label '${label}' for console.timeEnd()`)) return;
      write(INFO, elapsed(`${label}`));
      timers.delete(`${label}`);
    },
    group(...values) {
      if (values.length) write(INFO, format(...values));
      indent += "  ";
    },
    groupEnd() {
      indent = indent.slice(2);
    },
    table(rows, columns) {
      write(INFO, isTable(rows) ? table(rows, columns) : format(rows));
    },
  };
  console.groupCollapsed = console.group;
  Object.defineProperty(globals, "console", { value: console, writable: true, enumerable: false, configurable: true });
  return (value) => inspect(value);
}

const isTable = (rows) => typeof rows === "object" && rows !== null;

/** Rows and columns with Node's frame around them. */
function table(rows, columns) {
  const entries =
    rows instanceof Map ? [...rows] : rows instanceof Set ? [...rows].map((row, i) => [i, row]) : Object.entries(rows);
  const keys = new Set();
  let values = false;
  for (const [, row] of entries) {
    if (isTable(row)) for (const key of Object.keys(row)) keys.add(key);
    else values = true;
  }
  const shown = columns ?? [...keys];
  const cell = (value) => inspect(value, { depth: 0, maxArrayLength: 3, breakLength: Infinity });
  const head = ["(index)", ...shown, ...(values ? ["Values"] : [])];
  const body = entries.map(([index, row]) => [
    `${index}`,
    ...shown.map((key) => (isTable(row) && Object.hasOwn(row, key) ? cell(row[key]) : "")),
    ...(values ? [isTable(row) ? "" : cell(row)] : []),
  ]);
  const widths = head.map(
    (title, i) => Math.max(...[title, ...body.map((row) => row[i])].map((text) => text.length)) + 2,
  );
  const line = (cells) => `│${cells.map((text, i) => ` ${text.padEnd(widths[i] - 1)}`).join("│")}│`;
  const rule = (left, cross, right) => left + widths.map((width) => "─".repeat(width)).join(cross) + right;
  return [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤"), ...body.map(line), rule("└", "┴", "┘")].join("\n");
}
