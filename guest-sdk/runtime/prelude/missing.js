// Node's formatting lists the properties of every built-in when it loads; QuickJS without threads has no Atomics.
// Imported first, and taken away again by console.js.
globalThis.Atomics ??= Object.assign(Object.create(null), { missing: true });
