// Whether two values are deeply equal: strictly, or as `==` has it.

const OWN = (value) => Reflect.ownKeys(value).filter((key) => Object.getOwnPropertyDescriptor(value, key)?.enumerable);
const tag = (value) => Object.prototype.toString.call(value);

/** Compares; pairs that are being compared already count as equal, so that circles end. */
export function isDeepEqual(a, b, strict, pairs = []) {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) {
    if (strict) return Object.is(a, b);
    const primitive = (value) => typeof value !== "object" || value === null;
    return primitive(a) && primitive(b) && (a == b || (a !== a && b !== b));
  }
  if (a === b || pairs.some(([one, other]) => one === a && other === b)) return true;
  if (strict && Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (tag(a) !== tag(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const inner = [...pairs, [a, b]];
  const same = (one, other) => isDeepEqual(one, other, strict, inner);
  return sameContent(a, b, same) && sameKeys(a, b, strict, same);
}

function sameContent(a, b, same) {
  if (a instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp) return `${a}` === `${b}` && a.lastIndex === b.lastIndex;
  if (a instanceof Error)
    return a.name === b.name && a.message === b.message && same(a.cause, b.cause) && same(a.errors, b.errors);
  if (a instanceof URL) return a.href === b.href;
  if (a instanceof Number || a instanceof String || a instanceof Boolean) return Object.is(a.valueOf(), b.valueOf());
  if (a instanceof ArrayBuffer) return same(new Uint8Array(a), new Uint8Array(b));
  if (ArrayBuffer.isView(a))
    return a.byteLength === b.byteLength && bytes(a).every((byte, at) => byte === bytes(b)[at]);
  if (Array.isArray(a)) return a.length === b.length;
  if (a instanceof Map)
    return sameMembers(a, b, ([key, item], [other, found]) => same(key, other) && same(item, found));
  if (a instanceof Set) return sameMembers(a, b, same);
  return true;
}

const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** In any order. */
function sameMembers(a, b, same) {
  if (a.size !== b.size) return false;
  const left = [...b];
  return [...a].every((item) => {
    const at = left.findIndex((other) => same(item, other));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function sameKeys(a, b, strict, same) {
  if (ArrayBuffer.isView(a)) return true;
  const keys = strict ? OWN : (value) => OWN(value).filter((key) => typeof key !== "symbol");
  const [left, right] = [keys(a), keys(b)];
  return left.length === right.length && left.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
}

/** Whether everything that is in `expected` is in `actual`. */
export function isPartlyEqual(actual, expected) {
  const plain = (value) =>
    typeof value === "object" && value !== null && /^\[object (Object|Array)\]$/.test(tag(value));
  if (!plain(actual) || !plain(expected)) return isDeepEqual(actual, expected, true);
  return OWN(expected).every((key) => Object.hasOwn(actual, key) && isPartlyEqual(actual[key], expected[key]));
}
