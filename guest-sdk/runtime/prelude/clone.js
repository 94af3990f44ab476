// structuredClone, as the HTML standard's StructuredSerialize and StructuredDeserialize in one walk. By hand because
// @ungap/structured-clone keeps neither buffers shared by views nor transfer, and core-js brings 99 kB for it.
import { Blob, File, blobBytes, blobOver } from "./blob.js";
import { DOMException } from "./dom-exception.js";
import { dictionary, isObject, needs, platformPrototypes } from "./webidl.js";

const refuse = (what) => {
  throw new DOMException(`structuredClone: ${what} cannot be cloned`, "DataCloneError");
};

export function structuredClone(value, options) {
  needs(arguments.length, 1, "structuredClone");
  const { transfer = [] } = dictionary(options, "structuredClone");
  const buffers = [...transfer];
  buffers.forEach((buffer, index) => {
    if (!isObject(buffer)) throw new TypeError("structuredClone: transfer must be a list of objects");
    if (!(buffer instanceof ArrayBuffer) || buffer.detached)
      throw new DOMException(
        "structuredClone: only an ArrayBuffer that is not detached can be transferred",
        "DataCloneError",
      );
    if (buffers.indexOf(buffer) !== index)
      throw new DOMException("structuredClone: a buffer is transferred twice", "DataCloneError");
  });
  const clone = cloneOf(value, new Map());
  // The contents were copied with everything else; what is left of a transfer is that the source loses them.
  for (const buffer of buffers) buffer.transfer();
  return clone;
}

// Without a prototype: an error can be called "constructor".
const ERRORS = { __proto__: null, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const VIEWS = new Set([
  "DataView",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "BigInt64Array",
  "BigUint64Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
]);
/** Built-in objects that hold what no copy can have. */
const REFUSED = [Promise, WeakMap, WeakSet, WeakRef];

function cloneOf(value, seen) {
  if (typeof value === "symbol") refuse("a symbol");
  if (typeof value === "function") refuse(`the function ${value.name || "without a name"}`);
  if (!isObject(value)) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = (clone) => {
    seen.set(value, clone);
    return clone;
  };
  if (Array.isArray(value)) return properties(value, keep(new Array(value.length)), seen);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return properties(value, keep({}), seen);
  if (ArrayBuffer.isView(value)) return keep(cloneView(value, seen));
  if (value instanceof ArrayBuffer) return keep(cloneBuffer(value));
  if (isPlatformObject(value)) return keep(clonePlatform(value));
  const primitive = unboxed(value);
  if (primitive !== undefined) return keep(Object(primitive));
  if (value instanceof Date) return keep(new Date(Date.prototype.getTime.call(value)));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if (value instanceof Map) return cloneMap(value, keep(new Map()), seen);
  if (value instanceof Set) return cloneSet(value, keep(new Set()), seen);
  if (value instanceof Error) return cloneError(value, keep, seen);
  if (REFUSED.some((Class) => value instanceof Class)) refuse(`a ${value.constructor?.name}`);
  return properties(value, keep({}), seen);
}

function properties(from, to, seen) {
  for (const key of Object.keys(from)) {
    // A getter can have removed it.
    if (!Object.hasOwn(from, key)) continue;
    Object.defineProperty(to, key, {
      value: cloneOf(from[key], seen),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return to;
}

/** The primitive in a Boolean, Number, String or BigInt object; undefined in any other. */
function unboxed(value) {
  for (const Class of [Boolean, Number, String, BigInt]) {
    if (value instanceof Class) {
      try {
        return Class.prototype.valueOf.call(value);
      } catch {
        return undefined;
      }
    }
  }
  if (value instanceof Symbol) refuse("a symbol");
  return undefined;
}

function cloneBuffer(buffer) {
  if (buffer.detached) refuse("a detached ArrayBuffer");
  if (!buffer.resizable) return buffer.slice(0);
  const clone = new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength });
  new Uint8Array(clone).set(new Uint8Array(buffer));
  return clone;
}

function cloneView(view, seen) {
  const { buffer, byteOffset } = view;
  if (!seen.has(buffer)) seen.set(buffer, cloneBuffer(buffer));
  // The name of a subclass is not that of its view.
  const name =
    view instanceof DataView
      ? "DataView"
      : Reflect.get(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag, view);
  if (!VIEWS.has(name)) refuse(`a ${name}`);
  return new globalThis[name](seen.get(buffer), byteOffset, name === "DataView" ? view.byteLength : view.length);
}

function cloneMap(map, clone, seen) {
  // A snapshot: what cloning a key or value adds is not part of it.
  for (const [key, value] of [...Map.prototype.entries.call(map)]) clone.set(cloneOf(key, seen), cloneOf(value, seen));
  return clone;
}

function cloneSet(set, clone, seen) {
  for (const value of [...Set.prototype.values.call(set)]) clone.add(cloneOf(value, seen));
  return clone;
}

function cloneError(error, keep, seen) {
  const Class = ERRORS[error.name] ?? Error;
  const clone = keep(new Class());
  const define = (key, value) => Object.defineProperty(clone, key, { value, writable: true, configurable: true });
  const message = Object.getOwnPropertyDescriptor(error, "message");
  if (message && "value" in message) define("message", `${message.value}`);
  if (typeof error.stack === "string") define("stack", error.stack);
  if (Object.hasOwn(error, "cause")) define("cause", cloneOf(error.cause, seen));
  return clone;
}

function isPlatformObject(value) {
  for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    if (platformPrototypes.has(at)) return true;
  }
  return false;
}

function clonePlatform(value) {
  if (value instanceof File) {
    return new File([value], value.name, { type: value.type, lastModified: value.lastModified });
  }
  if (value instanceof Blob) return blobOver(blobBytes(value), value.type);
  if (value instanceof DOMException) {
    const clone = new DOMException(value.message, value.name);
    if (typeof value.stack === "string") clone.stack = value.stack;
    return clone;
  }
  return refuse(`a ${value[Symbol.toStringTag]}`);
}
