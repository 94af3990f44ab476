// Timers, microtasks, concurrency, what is left behind.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { execute, fails, hostOnly, mockOnly, run } from "./run.mjs";
import { serve } from "./server.mjs";

let server;
before(async () => (server = await serve()));
after(() => server.close());

describe("timers", () => {
  it("fire by due time, then in the order they were set", async () => {
    const order = await run(
      () =>
        new Promise((resolve) => {
          const order = [];
          setTimeout(() => order.push("30"), 30);
          setTimeout(() => order.push("10 first"), 10);
          setTimeout(() => order.push("10 second"), 10);
          setTimeout(() => order.push("0"), 0);
          setTimeout(() => resolve(order), 60);
        }),
    );
    assert.deepEqual(order, ["0", "10 first", "10 second", "30"]);
  });
  it("run the microtasks of one callback before the next callback", async () => {
    const order = await run(
      () =>
        new Promise((resolve) => {
          const order = [];
          setTimeout(() => {
            order.push("a");
            queueMicrotask(() => order.push("microtask of a"));
            Promise.resolve()
              .then(() => {})
              .then(() => order.push("promise of a"));
          });
          setTimeout(() => order.push("b"));
          setTimeout(() => resolve(order), 5);
        }),
    );
    assert.deepEqual(order, ["a", "microtask of a", "promise of a", "b"]);
  });
  it("pass arguments, give a number, and are undone by either clear function", async () => {
    const seen = await run(
      () =>
        new Promise((resolve) => {
          const seen = [];
          const id = setTimeout((...args) => seen.push(args), 1, 1, "two");
          clearTimeout(setTimeout(() => seen.push("cleared"), 2));
          clearInterval(setTimeout(() => seen.push("cleared too"), 2));
          clearTimeout(undefined);
          clearTimeout(12345);
          clearTimeout("x");
          setTimeout(() => resolve([typeof id, seen]), 20);
        }),
    );
    assert.deepEqual(seen, ["number", [[1, "two"]]]);
  });
  it("nest", async () => {
    const depth = await run(
      () =>
        new Promise((resolve) => {
          const next = (depth) => (depth === 20 ? resolve(depth) : setTimeout(next, 0, depth + 1));
          next(0);
        }),
    );
    assert.equal(depth, 20);
  });
  it("repeat until they are cleared, also from within", async () => {
    const count = await run(
      () =>
        new Promise((resolve) => {
          let count = 0;
          const id = setInterval(() => {
            if (++count === 5) {
              clearInterval(id);
              setTimeout(() => resolve(count), 20);
            }
          }, 2);
        }),
    );
    assert.equal(count, 5);
  });
  it("repeat beside others, and clear each other, in good order", async () => {
    const seen = await run(
      () =>
        new Promise((resolve) => {
          const seen = { five: 0, ten: 0, cleared: 0 };
          const five = setInterval(() => seen.five++, 5);
          const ten = setInterval(() => seen.ten++, 10);
          const never = setInterval(() => seen.cleared++, 20);
          setTimeout(() => clearInterval(never), 10);
          setTimeout(() => {
            clearInterval(five);
            clearInterval(ten);
            resolve(seen);
          }, 60);
        }),
    );
    assert.ok(seen.five >= 5 && seen.five <= 12, JSON.stringify(seen));
    assert.ok(seen.ten >= 2 && seen.ten <= 6, JSON.stringify(seen));
    assert.equal(seen.cleared, 0);
  });
  it("convert the delay as Web IDL's long: negative, NaN and strings are times too", async () => {
    const order = await run(
      () =>
        new Promise((resolve) => {
          const order = [];
          setTimeout(() => order.push("negative"), -5);
          setTimeout(() => order.push("NaN"), NaN);
          setTimeout(() => order.push("string"), "5");
          setTimeout(() => resolve(order), 20);
        }),
    );
    assert.deepEqual(order, ["negative", "NaN", "string"]);
  });
  it("take functions only", async () => {
    assert.match((await fails(() => setTimeout("alert(1)", 0))).message, /callback must be a function/);
  });
  it("are one sleep of the host, however many", mockOnly("a sleep leaves no trace outside"), async () => {
    const { host } = await execute(async () => {
      await Promise.all(
        Array.from({ length: 50 }, (_, i) => new Promise((resolve) => setTimeout(resolve, 30 + i * 0))),
      );
    });
    const sleeps = host.started.filter(({ op, ms }) => op === "sleep" && ms > 1);
    assert.equal(sleeps.length, 1);
  });
  it("report what a callback throws, and go on", async () => {
    const { result, logs } = await execute(
      () =>
        new Promise((resolve) => {
          setTimeout(() => {
            throw new Error("in a timer");
          });
          setTimeout(() => resolve("went on"), 5);
        }),
    );
    assert.equal(result, "went on");
    assert.equal(logs[0].message, "Uncaught Error: in a timer");
    assert.match(logs[1].message, /^ {4}at /);
  });
  it("wrap around as the standard says, but context.wait does not", async () => {
    const { result, warning } = await execute(async (context) => {
      const first = (...promises) => Promise.race(promises);
      const named = (promise, name) => promise.then(() => name);
      const timeout = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      return [
        await first(named(timeout(2 ** 31), "wrapped"), named(context.wait(30), "30")),
        await first(named(timeout(2 ** 32 + 5), "wrapped"), named(context.wait(60), "60")),
        await first(named(context.wait(2 ** 31), "too early"), named(context.wait(30), "30")),
        await first(named(context.wait(Infinity), "too early"), named(context.wait(30), "30")),
        await first(named(context.wait(-1), "at once"), named(context.wait(30), "30")),
        await first(named(context.wait(NaN), "at once"), named(context.wait(30), "30")),
        await context.wait("1"),
      ].map((each) => each ?? null);
    });
    assert.deepEqual(result, ["wrapped", "wrapped", "30", "30", "at once", "at once", null]);
    assert.match(warning, /sleep 2147483647 ms, sleep 2147483647 ms/);
  });
  it("are refused while the worker is built", async () => {
    const message = await run(() => globalThis.message, {
      top: "try { setTimeout(() => {}) } catch (error) { globalThis.message = error.message }",
    });
    assert.match(message, /^host calls are not available while the worker is built/);
  });
});

describe("concurrency", () => {
  it("ten fetches of 100 ms take about 100 ms", async () => {
    const { result, elapsed } = await execute(
      async (context, url) =>
        (await Promise.all(Array.from({ length: 10 }, () => fetch(`${url}/delay?ms=100`).then((r) => r.json()))))
          .length,
      { data: server.url },
    );
    assert.equal(result, 10);
    assert.ok(elapsed >= 99 && elapsed < 400, `${elapsed} ms`);
  });
  it("Promise.race gives the first, allSettled all", async () => {
    const { result } = await execute(
      async (context, url) => {
        const first = await Promise.race([fetch(`${url}/delay?ms=500`), fetch(`${url}/delay?ms=10`)]);
        const all = await Promise.allSettled([fetch(`${url}/refused`), fetch(`${url}/echo`), context.wait(1)]);
        return [(await first.json()).waited, all.map(({ status }) => status)];
      },
      { data: server.url },
    );
    assert.deepEqual(result, ["10", ["rejected", "fulfilled", "fulfilled"]]);
  });
  it("Promise.any gives the first that succeeds, and the losers of a race are named", async () => {
    const { result, warning } = await execute(
      async (context, url) => {
        const any = await Promise.any([fetch(`${url}/refused`), fetch(`${url}/delay?ms=20`)]);
        await any.text();
        const raced = await Promise.race([fetch(`${url}/delay?ms=3000`), context.wait(20)]);
        return [any.status, raced === undefined];
      },
      { data: server.url },
    );
    assert.deepEqual(result, [200, true]);
    assert.equal(warning, `1 operation was not awaited: GET ${server.url}/delay`);
  });
  it("what finishes first is delivered first", async () => {
    const order = await run(
      async (context, url) => {
        const order = [];
        await Promise.all(
          [250, 50, 150].map(async (ms) => {
            await fetch(`${url}/delay?ms=${ms}`);
            order.push(ms);
          }),
        );
        return order;
      },
      { data: server.url },
    );
    assert.deepEqual(order, [50, 150, 250]);
  });
  it("for await, async generators and thenables", async () => {
    const seen = await run(async (context) => {
      async function* count() {
        for (let i = 0; i < 3; i++) {
          await context.wait(1);
          yield i;
        }
      }
      const seen = [];
      for await (const i of count()) seen.push(i);
      return { then: (resolve) => setTimeout(resolve, 5, seen) };
    });
    assert.deepEqual(seen, [0, 1, 2]);
  });
  it(
    "a rejection that nobody catches is in the log, and fails only what awaits it",
    hostOnly("it would end Node"),
    async () => {
      const { result, logs } = await execute(async (context) => {
        Promise.reject(new Error("nobody"));
        await context.wait(5);
        return "went on";
      });
      assert.equal(result, "went on");
      assert.deepEqual(logs[0], { level: "error", message: "Uncaught (in promise) Error: nobody" });
    },
  );
  it("a hundred in flight", async () => {
    const { result, elapsed } = await execute(
      async (context, url) =>
        (
          await Promise.all(
            Array.from({ length: 100 }, (_, i) => fetch(`${url}/delay?ms=${50 + (i % 7)}`).then((r) => r.text())),
          )
        ).length,
      { data: server.url },
    );
    assert.equal(result, 100);
    assert.ok(elapsed < 3000, `${elapsed} ms`);
  });
  it("a promise nothing can settle is unsettled at once", async () => {
    const { unsettled, elapsed } = await execute(() => new Promise(() => {}));
    assert.ok(unsettled);
    assert.ok(elapsed < 500);
  });
  it("also after timers were cleared", async () => {
    const { unsettled, elapsed } = await execute(() => {
      clearTimeout(setTimeout(() => {}, 60_000));
      clearInterval(setInterval(() => {}, 60_000));
      return new Promise(() => {});
    });
    assert.ok(unsettled);
    assert.ok(elapsed < 500);
  });
});

describe("what the handler leaves behind", () => {
  it("nothing, when everything was awaited", async () => {
    const { warning } = await execute(
      async (context, url) => {
        await context.wait(1);
        await (await fetch(`${url}/echo`)).text();
        clearTimeout(setTimeout(() => {}, 1000));
      },
      { data: server.url },
    );
    assert.equal(warning, undefined);
  });
  it("one operation, by name", async () => {
    const left = await execute(
      (context) => void context.clients.platformHttp.get("/api/delay?ms=1000&secret=1").catch(() => {}),
      { baseUrl: server.url },
    );
    assert.equal(left.warning, "1 operation was not awaited: GET /api/delay");
  });
  it("several, in the order they were started, at most five by name", async () => {
    const { warning } = await execute(
      (context, url) => {
        context.wait(1000);
        fetch(`${url}/delay?ms=1000`).catch(() => {});
        setTimeout(() => {}, 2000);
        setInterval(() => {}, 3000);
        context.wait(4000);
        context.wait(5000);
        context.wait(6000);
      },
      { data: server.url },
    );
    assert.equal(
      warning,
      "7 operations were not awaited: sleep 1000 ms, sleep 2000 ms, sleep 3000 ms, sleep 4000 ms, sleep 5000 ms and 2 more"
        .replace("sleep 2000 ms", `GET ${server.url}/delay, sleep 2000 ms`)
        .replace(", sleep 5000 ms", ""),
    );
  });
  it("no timeout of an AbortSignal", async () => {
    const { warning } = await execute(
      async (context, url) => {
        await (await fetch(`${url}/echo`, { signal: AbortSignal.timeout(4000) })).text();
      },
      { data: server.url },
    );
    assert.equal(warning, undefined);
  });
  it("no credentials and no query in the names", async () => {
    const { warning } = await execute(
      async (context, url) =>
        void context.clients.axios.get(url.replace("//", "//user:pass@") + "/delay?ms=1000&key=1").catch(() => {}) ??
        context.wait(50),
      { data: server.url },
    );
    assert.equal(warning, `1 operation was not awaited: GET ${server.url}/delay`);
  });
});
