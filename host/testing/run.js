// The worker that a file of tests becomes: asked for `list` it names them, asked for a number it runs that one.
import assert from "node:assert";
import { enter } from "host:test/context";
import { MockTracker } from "host:test/mock";
import { close, option, path, taken, tests } from "host:test/registry";

/** What a test function is given. */
class TestContext {
  #queue = Promise.resolve();
  #hooks = { after: [], beforeEach: [], afterEach: [] };
  #ended = new AbortController();
  constructor(name, fullName) {
    Object.assign(this, {
      name,
      fullName,
      filePath: undefined,
      failures: [],
      notes: [],
      skipped: undefined,
      awaited: undefined,
    });
    this.mock = new MockTracker();
    this.assert = assert;
  }
  get signal() {
    return this.#ended.signal;
  }
  skip(reason = true) {
    this.skipped = reason;
  }
  todo(reason = true) {
    this.awaited = reason;
  }
  diagnostic(text) {
    this.notes.push(`${text}`);
  }
  before(fn) {
    this.#queue = this.#queue.then(() => fn(this)).catch((error) => void this.failures.push(error));
  }
  after(fn) {
    this.#hooks.after.push(fn);
  }
  beforeEach(fn) {
    this.#hooks.beforeEach.push(fn);
  }
  afterEach(fn) {
    this.#hooks.afterEach.push(fn);
  }
  /** Runs a test within this one, after those before it. As in Node.js its failure is that of the test around it. */
  test(...values) {
    const { name, options, fn } = taken(values);
    if (options.skip || options.todo || !fn) return Promise.resolve();
    const inner = new TestContext(name, `${this.fullName} > ${name}`);
    this.#queue = this.#queue.then(async () => {
      const { beforeEach, afterEach } = this.#hooks;
      try {
        for (const hook of beforeEach) await hook(inner);
        await called(fn, inner, options.timeout);
        await inner.finished();
      } catch (error) {
        inner.failures.push(error);
      }
      for (const hook of afterEach) await attempt(inner, () => hook(inner));
      this.failures.push(...inner.failures.map((error) => within(name, error)));
    });
    return this.#queue;
  }
  /** Waits for the tests within this one, and cleans up. */
  async finished() {
    await this.#queue;
    for (const hook of this.#hooks.after.reverse()) await attempt(this, () => hook(this));
    this.mock.reset();
    this.#ended.abort();
  }
}

async function attempt(t, work) {
  try {
    await work();
  } catch (error) {
    t.failures.push(error);
  }
}

/** The error of a test within another says which. */
function within(name, error) {
  if (error instanceof Error) error.message = `${name}: ${error.message}`;
  return error;
}

/** Calls a test function, which may want a callback, and gives it so many milliseconds. */
function called(fn, t, timeout) {
  const call =
    fn.length < 2
      ? Promise.resolve().then(() => fn(t))
      : new Promise((resolve, reject) => fn(t, (error) => (error ? reject(error) : resolve())));
  if (timeout === undefined || timeout === Infinity) return call;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the test took longer than its timeout of ${timeout} ms`)), timeout);
  });
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}

async function execute(test) {
  const names = path(test);
  const t = new TestContext(test.name, names.join(" > "));
  const suites = test.suite.way;
  const inwards = (kind) => suites.flatMap((suite) => suite[kind]);
  const outwards = (kind) => [...suites].reverse().flatMap((suite) => suite[kind]);
  try {
    for (const hook of inwards("before")) await hook(t);
    for (const hook of inwards("beforeEach")) await hook(t);
    await called(test.fn ?? (() => {}), t, option(test, "timeout"));
  } catch (error) {
    t.failures.push(error);
  }
  await t.finished();
  for (const hook of [...outwards("afterEach"), ...outwards("after")]) await attempt(t, () => hook(t));
  // Thrown, so that the host finds the author's lines on its stack; what else failed is likely to follow from it.
  if (t.failures.length > 0) throw t.failures[0];
  return { skipped: reason(t.skipped), todo: reason(t.awaited), notes: t.notes };
}

/** An option that is `true` or says why. */
const reason = (value) => (value === true ? "" : value === undefined || value === false ? undefined : `${value}`);

export async function run(context, task) {
  close();
  enter(context);
  if (task !== "list") return execute(tests[task]);
  const only = tests.some((test) => option(test, "only"));
  return tests.map((test) => ({
    name: path(test).join(" > "),
    skipped: only && !option(test, "only") ? "others are marked as the only ones" : reason(option(test, "skip")),
    todo: reason(option(test, "todo")),
  }));
}
