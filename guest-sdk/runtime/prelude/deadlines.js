// A heap of timers, the one to fire first on top. Loops and indexes only: whatever the worker did to arrays, the event
// loop goes on.

/** By due time, then in the order they were set. */
const isBefore = (a, b) => a.due < b.due || (a.due === b.due && a.order < b.order);

export class Deadlines {
  #heap = [];
  /** Removed timers stay until they come to the top. */
  #live = 0;

  /** The first timer, undefined when there is none. */
  first() {
    while (this.#heap.length > 0 && !this.#heap[0].queued) this.#dropTop();
    return this.#heap[0];
  }
  /** Takes the first timer out. */
  takeFirst() {
    const timer = this.first();
    timer.queued = false;
    this.#live--;
    this.#dropTop();
    return timer;
  }
  add(timer) {
    timer.queued = true;
    this.#live++;
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = timer;
  }
  remove(timer) {
    if (!timer.queued) return;
    timer.queued = false;
    // Nothing left to wait for: what was removed needs no more time.
    if (--this.#live === 0) this.#heap.length = 0;
  }
  /** Calls `visit` with every timer, in no order. */
  forEach(visit) {
    for (let i = 0; i < this.#heap.length; i++) if (this.#heap[i].queued) visit(this.#heap[i]);
  }

  #dropTop() {
    const heap = this.#heap;
    const timer = heap[heap.length - 1];
    const length = --heap.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], timer)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = timer;
  }
}
