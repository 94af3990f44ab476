// What every peer runs, as a plain script: each of them wraps it in its own way, as a module, a context or a component.

function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/** Some of everything a worker does with a CPU: calls, objects, a sort, JSON and back. `sum` is 36193285. */
function cpu() {
  const items = [];
  let seed = 12345;
  for (let id = 0; id < 200; id++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    items.push({ id, v: seed % 100000, name: 'item-' + id });
  }
  items.sort((a, b) => a.v - b.v);
  const text = JSON.stringify(items);
  let sum = 0;
  JSON.parse(text).forEach((item, index) => {
    sum += item.v * (index & 7);
  });
  return { fib: fib(25), len: text.length, sum };
}

/** Runs one of the two workers, and wraps what it returned. */
async function answer(isCpu, data) {
  const worker = isCpu ? async () => cpu() : async (payload) => payload;
  return JSON.stringify({ data: await worker(data), executionStatus: 'STATUS_SUCCESS' });
}
