// Puts the global object right for the packages that load after this. Imported first.

/** What is there only while packages load. */
const standIns = [];

function standIn(name, value) {
  if (name in globalThis) return;
  globalThis[name] = value;
  standIns.push(name);
}

// Node's formatting lists the properties of every built-in, and webidl-conversions takes a getter. QuickJS has
// SharedArrayBuffer also where it is built without threads, but no Atomics; the tests' V8 has neither of the two.
standIn("Atomics", Object.create(null));
class SharedMemory {
  get byteLength() {
    throw new TypeError("there is no shared memory");
  }
  get growable() {
    throw new TypeError("there is no shared memory");
  }
}
standIn("SharedArrayBuffer", SharedMemory);

// Those of javy know too little; packages that find them would build on them.
delete globalThis.TextDecoder;
delete globalThis.TextEncoder;

/** Takes the stand-ins away again, and the real SharedArrayBuffer: a worker has nobody to share it with. */
export function removeStandIns() {
  for (const name of standIns) delete globalThis[name];
  delete globalThis.SharedArrayBuffer;
}
