// Event, EventTarget, AbortController, AbortSignal, DOMException.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { execute, fails, run } from "./run.mjs";

describe("EventTarget", () => {
  it("calls listeners in order, each once, with the event", async () => {
    const seen = await run(() => {
      const target = new EventTarget();
      const seen = [];
      const first = function (event) {
        seen.push([
          "first",
          event.type,
          this === target,
          event.target === target,
          event.currentTarget === target,
          event.eventPhase,
          event.composedPath().length,
          event.isTrusted,
        ]);
      };
      target.addEventListener("x", first);
      target.addEventListener("x", first);
      target.addEventListener("x", { handleEvent: () => seen.push("object") });
      target.addEventListener("x", () => seen.push("once"), { once: true });
      target.addEventListener("x", null);
      const event = new Event("x");
      target.dispatchEvent(event);
      target.dispatchEvent(new Event("x"));
      target.removeEventListener("x", first);
      target.dispatchEvent(new Event("x"));
      return [
        seen.map((each) => (Array.isArray(each) ? each[0] : each)),
        seen[0],
        event.eventPhase,
        event.currentTarget,
        event.target === target,
      ];
    });
    assert.deepEqual(seen, [
      ["first", "object", "once", "first", "object", "object"],
      ["first", "x", true, true, true, 2, 1, false],
      0,
      null,
      true,
    ]);
  });
  it("stops, cancels, and honours passive, capture and signal", async () => {
    const seen = await run(() => {
      const target = new EventTarget();
      const seen = [];
      const controller = new AbortController();
      target.addEventListener("a", (event) => event.stopImmediatePropagation());
      target.addEventListener("a", () => seen.push("not reached"));
      target.addEventListener("b", (event) => event.preventDefault(), { passive: true });
      target.addEventListener("c", (event) => event.preventDefault());
      target.addEventListener("d", () => seen.push("d"), { signal: controller.signal });
      target.addEventListener("d", () => seen.push("never"), { signal: AbortSignal.abort() });
      const both = () => seen.push("both");
      target.addEventListener("e", both, true);
      target.addEventListener("e", both, { capture: false });
      target.removeEventListener("e", both);
      target.dispatchEvent(new Event("a"));
      const results = ["b", "c"].map((type) => target.dispatchEvent(new Event(type, { cancelable: true })));
      const kept = target.dispatchEvent(new Event("c"));
      target.dispatchEvent(new Event("d"));
      controller.abort();
      target.dispatchEvent(new Event("d"));
      target.dispatchEvent(new Event("e"));
      return [seen, results, kept];
    });
    assert.deepEqual(seen, [["d", "both"], [true, false], true]);
  });
  it("listeners added or removed while it dispatches", async () => {
    const seen = await run(() => {
      const target = new EventTarget();
      const seen = [];
      const third = () => seen.push("third");
      target.addEventListener("x", () => {
        seen.push("first");
        target.removeEventListener("x", third);
        target.addEventListener("x", () => seen.push("added"));
      });
      target.addEventListener("x", third);
      target.dispatchEvent(new Event("x"));
      return seen;
    });
    assert.deepEqual(seen, ["first"]);
  });
  it("reports what a listener throws and calls the next", async () => {
    const { result, logs } = await execute(() => {
      const target = new EventTarget();
      let reached = false;
      target.addEventListener("x", () => {
        throw new Error("in a listener");
      });
      target.addEventListener("x", () => (reached = true));
      target.dispatchEvent(new Event("x"));
      return reached;
    });
    assert.equal(result, true);
    assert.match(logs[0].message, /^Uncaught Error: in a listener/);
  });
  it("refuses bad arguments and an event twice", async () => {
    const seen = await run(() => {
      const target = new EventTarget();
      const names = [
        () => target.addEventListener("x", "y"),
        () => target.addEventListener("x"),
        () => target.dispatchEvent({}),
        () => new Event(),
        () => target.addEventListener("x", () => {}, { signal: 1 }),
      ].map((action) => {
        try {
          action();
          return "no error";
        } catch (error) {
          return error.name;
        }
      });
      let twice;
      target.addEventListener("x", (event) => {
        try {
          target.dispatchEvent(event);
        } catch (error) {
          twice = error.name;
        }
      });
      target.dispatchEvent(new Event("x"));
      return [names, twice];
    });
    assert.deepEqual(seen, [Array(5).fill("TypeError"), "InvalidStateError"]);
  });
  it("subclasses work, and CustomEvent has a detail", async () => {
    const seen = await run(() => {
      class Bus extends EventTarget {
        emit(detail) {
          return this.dispatchEvent(new CustomEvent("message", { detail }));
        }
      }
      const bus = new Bus();
      let got;
      bus.addEventListener("message", (event) => (got = event.detail));
      bus.emit({ a: 1 });
      return [
        got,
        new CustomEvent("x").detail,
        Event.AT_TARGET,
        new Event("x").BUBBLING_PHASE,
        Object.prototype.toString.call(new CustomEvent("x")),
      ];
    });
    assert.deepEqual(seen, [{ a: 1 }, null, 2, 3, "[object CustomEvent]"]);
  });
});

describe("Event", () => {
  it("every member, before, during and after a dispatch", async () => {
    const seen = await run(() => {
      const target = new EventTarget();
      const event = new Event("x", { bubbles: true, cancelable: true, composed: true });
      const look = () => ({
        type: event.type,
        bubbles: event.bubbles,
        composed: event.composed,
        cancelable: event.cancelable,
        target: event.target === target,
        srcElement: event.srcElement === target,
        currentTarget: event.currentTarget === target,
        path: event.composedPath().length,
        phase: event.eventPhase,
        prevented: event.defaultPrevented,
        returnValue: event.returnValue,
        cancelBubble: event.cancelBubble,
        trusted: event.isTrusted,
      });
      const seen = [look()];
      target.addEventListener("x", () => {
        event.stopPropagation();
        event.preventDefault();
        event.initEvent("ignored", false, false);
        seen.push(look());
      });
      const result = target.dispatchEvent(event);
      seen.push(look());
      event.initEvent("y", false, true);
      event.returnValue = false;
      event.cancelBubble = true;
      seen.push(look());
      return [seen, result, event.timeStamp >= 0];
    });
    const type = { type: "x", bubbles: true, composed: true, cancelable: true };
    const outside = { currentTarget: false, path: 0, phase: 0, trusted: false };
    const none = { prevented: false, returnValue: true, cancelBubble: false };
    assert.deepEqual(seen, [
      [
        { ...type, ...outside, ...none, target: false, srcElement: false },
        {
          ...type,
          target: true,
          srcElement: true,
          currentTarget: true,
          path: 1,
          phase: 2,
          prevented: true,
          returnValue: false,
          cancelBubble: true,
          trusted: false,
        },
        {
          ...type,
          ...outside,
          target: true,
          srcElement: true,
          prevented: true,
          returnValue: false,
          cancelBubble: false,
        },
        {
          ...outside,
          type: "y",
          bubbles: false,
          composed: true,
          cancelable: true,
          target: false,
          srcElement: false,
          prevented: true,
          returnValue: false,
          cancelBubble: true,
        },
      ],
      false,
      true,
    ]);
  });
  it("constants, and CustomEvent", async () => {
    const seen = await run(() => {
      const custom = new CustomEvent("c", { detail: { a: 1 } });
      const before = custom.detail;
      custom.initCustomEvent("d", true, false, 2);
      return [
        [Event.NONE, Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE],
        [custom.NONE, custom.CAPTURING_PHASE, custom.AT_TARGET, custom.BUBBLING_PHASE],
        before,
        [custom.type, custom.bubbles, custom.detail],
        new CustomEvent("c").detail,
        custom instanceof Event,
      ];
    });
    assert.deepEqual(seen, [[0, 1, 2, 3], [0, 1, 2, 3], { a: 1 }, ["d", true, 2], null, true]);
  });
});

describe("AbortController and AbortSignal", () => {
  it("abort once, tell every listener, keep the reason", async () => {
    const seen = await run(() => {
      const controller = new AbortController();
      const { signal } = controller;
      const seen = [];
      signal.onabort = (event) => seen.push(["on", event.type, event.isTrusted]);
      signal.addEventListener("abort", () => seen.push("listener"));
      controller.abort();
      controller.abort("again");
      let thrown;
      try {
        signal.throwIfAborted();
      } catch (error) {
        thrown = error === signal.reason;
      }
      return [seen, signal.aborted, signal.reason.name, signal.reason.code, thrown, controller.signal === signal];
    });
    assert.deepEqual(seen, [[["on", "abort", true], "listener"], true, "AbortError", 20, true, true]);
  });
  it("abort, timeout and any", async () => {
    const seen = await run(async () => {
      const timeout = AbortSignal.timeout(10);
      const controller = new AbortController();
      const any = AbortSignal.any([controller.signal, timeout]);
      const nested = AbortSignal.any([any, new AbortController().signal]);
      const order = [];
      any.addEventListener("abort", () => order.push("any", nested.aborted));
      nested.addEventListener("abort", () => order.push("nested"));
      await new Promise((resolve) => timeout.addEventListener("abort", resolve));
      return [
        AbortSignal.abort().reason.name,
        AbortSignal.abort(1).reason,
        timeout.reason.name,
        any.reason === timeout.reason,
        nested.reason === any.reason,
        order,
        AbortSignal.any([]).aborted,
        AbortSignal.any([AbortSignal.abort("x")]).reason,
      ];
    });
    assert.deepEqual(seen, ["AbortError", 1, "TimeoutError", true, true, ["any", true, "nested"], false, "x"]);
  });
  it("cannot be made by hand", async () => {
    const seen = await run(() =>
      [
        () => new AbortSignal(),
        () => AbortSignal.timeout(-1),
        () => AbortSignal.timeout(),
        () => AbortSignal.any([1]),
        () => AbortController(),
      ].map((action) => {
        try {
          action();
          return "no error";
        } catch (error) {
          return error.name;
        }
      }),
    );
    assert.deepEqual(seen, Array(5).fill("TypeError"));
  });
});

describe("DOMException", () => {
  it("has name, message, code and constants, and is an Error", async () => {
    const seen = await run(() => {
      const error = new DOMException("m", "NotFoundError");
      const plain = new DOMException();
      return [
        error.name,
        error.message,
        error.code,
        error instanceof Error,
        `${error}`,
        plain.name,
        plain.message,
        plain.code,
        DOMException.DATA_CLONE_ERR,
        error.ABORT_ERR,
        Object.prototype.toString.call(error),
        typeof error.stack,
      ];
    });
    assert.deepEqual(seen, [
      "NotFoundError",
      "m",
      8,
      true,
      "NotFoundError: m",
      "Error",
      "",
      0,
      25,
      20,
      "[object DOMException]",
      "string",
    ]);
  });
  it("has every code and constant of the standard", async () => {
    const seen = await run(() =>
      Object.getOwnPropertyNames(DOMException)
        .filter((name) => name.endsWith("_ERR"))
        .map((name) => [name, DOMException[name], new DOMException()[name]]),
    );
    const names =
      "INDEX_SIZE DOMSTRING_SIZE HIERARCHY_REQUEST WRONG_DOCUMENT INVALID_CHARACTER NO_DATA_ALLOWED NO_MODIFICATION_ALLOWED NOT_FOUND NOT_SUPPORTED INUSE_ATTRIBUTE INVALID_STATE SYNTAX INVALID_MODIFICATION NAMESPACE INVALID_ACCESS VALIDATION TYPE_MISMATCH SECURITY NETWORK ABORT URL_MISMATCH QUOTA_EXCEEDED TIMEOUT INVALID_NODE_TYPE DATA_CLONE";
    assert.deepEqual(
      seen,
      names.split(" ").map((name, index) => [`${name}_ERR`, index + 1, index + 1]),
    );
  });
  it("is what the host tells of it when it is thrown", async () => {
    const error = await fails(function worker() {
      throw new DOMException("stopped", "AbortError");
    });
    assert.deepEqual([error.name, error.message], ["AbortError", "stopped"]);
    assert.match(error.stack, /at worker/);
  });
});
