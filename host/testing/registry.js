// The tests and suites of a file, as it declares them while it is loaded.

/** A suite: its hooks, and the suite around it. */
class Suite {
  constructor(name, options, parent) {
    Object.assign(this, { name, options, parent, before: [], after: [], beforeEach: [], afterEach: [] });
  }
  /** From the outermost to this one. */
  get way() {
    return this.parent ? [...this.parent.way, this] : [this];
  }
}

/** All tests, in their order. */
export const tests = [];

const root = new Suite("", {}, undefined);
let open = root;
let loaded = false;

/** From here on it is too late to declare anything. */
export const close = () => void (loaded = true);

/** `(name?, options?, fn?)`, as all of them take it. */
export function taken(values) {
  const fn = values.find((value) => typeof value === "function");
  const name = values.find((value) => typeof value === "string") ?? (fn?.name || "<anonymous>");
  const options = values.find((value) => typeof value === "object" && value !== null) ?? {};
  return { name, options, fn };
}

function early(what) {
  if (loaded) throw new Error(`${what}() is called while a test runs: declare it at the top level, or use t.test()`);
}

/** `what` with `skip`, `todo` and `only`, which are options. */
const variants = (what) =>
  Object.assign(
    what,
    Object.fromEntries(
      ["skip", "todo", "only"].map((flag) => [
        flag,
        (...values) => {
          const { name, options, fn } = taken(values);
          return what(name, { ...options, [flag]: options[flag] ?? true }, ...(fn ? [fn] : []));
        },
      ]),
    ),
  );

/** Declares a test. */
export const test = variants(function test(...values) {
  early("test");
  tests.push({ ...taken(values), suite: open });
  return Promise.resolve();
});

/** Declares a suite; its function declares what is in it, at once. */
export const describe = variants(function describe(...values) {
  early("describe");
  const { name, options, fn } = taken(values);
  const around = open;
  open = new Suite(name, options, around);
  try {
    fn?.({ name });
  } finally {
    open = around;
  }
  return Promise.resolve();
});

const hook = (kind) => (fn) => {
  early(kind);
  open[kind].push(fn);
};
export const before = hook("before");
export const after = hook("after");
export const beforeEach = hook("beforeEach");
export const afterEach = hook("afterEach");

/** What a test, or a suite around it, says of itself. */
export function option(test, name) {
  const all = [test.options, ...test.suite.way.map((suite) => suite.options).reverse()];
  return all.find((options) => options[name] !== undefined && options[name] !== false)?.[name];
}

/** The names of the suites around a test, and its own. */
export const path = (test) => [...test.suite.way.slice(1).map((suite) => suite.name), test.name];
