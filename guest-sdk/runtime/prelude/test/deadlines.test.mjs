// The heap of timers, against a sorted list.
import assert from "node:assert/strict";
import { it } from "node:test";
import { Deadlines } from "../deadlines.js";

it("gives timers by due time, then by order, whatever was removed between", () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 16807) % 2147483647) % n;
  for (let round = 0; round < 200; round++) {
    const deadlines = new Deadlines();
    let expected = [];
    for (let order = 0; order < 100; order++) {
      const timer = { due: random(20), order };
      deadlines.add(timer);
      expected.push(timer);
      if (random(3) === 0) {
        const [gone] = expected.splice(random(expected.length), 1);
        deadlines.remove(gone);
        deadlines.remove(gone);
      }
      if (random(5) === 0) {
        expected.sort((a, b) => a.due - b.due || a.order - b.order);
        assert.equal(deadlines.first(), expected[0]);
        if (expected.length > 0) assert.equal(deadlines.takeFirst(), expected.shift());
      }
    }
    const seen = new Set();
    deadlines.forEach((timer) => seen.add(timer));
    assert.equal(seen.size, expected.length);
    expected.sort((a, b) => a.due - b.due || a.order - b.order);
    for (const timer of expected) assert.equal(deadlines.takeFirst(), timer);
    assert.equal(deadlines.first(), undefined);
  }
});
it("a timer that is taken out can come back", () => {
  const deadlines = new Deadlines();
  const [repeating, other] = [
    { due: 1, order: 1 },
    { due: 5, order: 2 },
  ];
  deadlines.add(repeating);
  deadlines.add(other);
  deadlines.takeFirst();
  Object.assign(repeating, { due: 7, order: 3 });
  deadlines.add(repeating);
  assert.equal(deadlines.takeFirst(), other);
  assert.equal(deadlines.takeFirst(), repeating);
  assert.equal(deadlines.first(), undefined);
});
