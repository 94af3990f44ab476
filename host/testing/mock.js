// `mock` of node:test: functions that remember their calls, and methods that are replaced for a while.

class MockFunctionContext {
  #original;
  #implementation;
  #once = new Map();
  #restore;
  calls = [];
  constructor(original, implementation, restore) {
    this.#original = original;
    this.#implementation = implementation;
    this.#restore = restore;
  }
  callCount() {
    return this.calls.length;
  }
  resetCalls() {
    this.calls = [];
  }
  mockImplementation(implementation) {
    this.#implementation = implementation;
  }
  mockImplementationOnce(implementation, onCall = this.calls.length) {
    this.#once.set(onCall, implementation);
  }
  restore() {
    this.#implementation = this.#original;
    this.#once.clear();
    this.#restore?.();
  }
  /** Calls what is meant now, and remembers how it went. */
  call(self, values, target) {
    const number = this.calls.length;
    const implementation = this.#once.get(number) ?? this.#implementation;
    this.#once.delete(number);
    const call = { arguments: values, error: undefined, result: undefined, stack: new Error(), target, this: self };
    this.calls.push(call);
    try {
      call.result = target ? Reflect.construct(implementation, values, target) : implementation.apply(self, values);
      return call.result;
    } catch (error) {
      call.error = error;
      throw error;
    }
  }
}

/** Makes mocks, and takes them back. */
export class MockTracker {
  #made = [];
  get timers() {
    throw new Error("mock.timers is not there: give the worker the time, or wait for it");
  }
  fn(original = () => {}, implementation = original) {
    return this.#make(original, implementation);
  }
  method(object, name, implementation = object[name]) {
    const own = Object.getOwnPropertyDescriptor(object, name);
    const original = object[name];
    if (typeof original !== "function") throw new TypeError(`mock.method: ${String(name)} is not a method`);
    const restore = () => (own ? Object.defineProperty(object, name, own) : delete object[name]);
    const value = this.#make(original, implementation, restore);
    Object.defineProperty(object, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: own?.enumerable ?? true,
    });
    return value;
  }
  reset() {
    this.restoreAll();
    this.#made = [];
  }
  restoreAll() {
    for (const made of this.#made) made.restore();
  }
  #make(original, implementation, restore) {
    const mock = new MockFunctionContext(original, implementation, restore);
    this.#made.push(mock);
    return new Proxy(original, {
      apply: (_, self, values) => mock.call(self, values),
      construct: (_, values, target) => mock.call(undefined, values, target),
      get: (target, name, self) => (name === "mock" ? mock : Reflect.get(target, name, self)),
    });
  }
}

export const mock = new MockTracker();
