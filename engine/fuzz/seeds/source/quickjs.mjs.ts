//@ worker.mjs
let type, as, declare, namespace; ({ async *[Symbol.iterator]() {}, get a() { return 1 }, set a(b) {} });
var { a = 1, ...b } = globalThis; with_ = (c) => c
export { a as default, b };
