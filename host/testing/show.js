// Values as text, for what an assertion says: one property a line, in the order of their names, so that lines compare.

const DEEPEST = 8;
const MOST = 200;

/** Shows a value; short lists and objects in one line if `flat`. */
export function show(value) {
  return lines(value, "", []).join("\n");
}

function lines(value, indent, around) {
  if (typeof value !== "object" || value === null) return [indent + primitive(value)];
  if (around.includes(value)) return [`${indent}[Circular]`];
  if (around.length >= DEEPEST) return [`${indent}[${tagOf(value)}]`];
  const whole = asWhole(value);
  if (whole !== undefined) return [indent + whole];
  const inner = [...around, value];
  const [open, close, parts] = partsOf(value, inner, `${indent}  `);
  if (parts.length === 0) return [`${indent}${open}${close}`];
  const shown = parts.slice(0, MOST);
  const more = parts.length > MOST ? [`${indent}  … ${parts.length - MOST} more`] : [];
  const comma = (part, at) => (at < parts.length - 1 ? [...part.slice(0, -1), `${part.at(-1)},`] : part);
  return [indent + open, ...shown.flatMap(comma), ...more, indent + close];
}

function primitive(value) {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function")
    return `[${/^class\b/.test(`${value}`) ? "class" : "Function"}: ${value.name || "(anonymous)"}]`;
  return Object.is(value, -0) ? "-0" : String(value);
}

/** What has no parts. */
function asWhole(value) {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return `${value}`;
  if (value instanceof Error && Object.keys(value).length === 0) return `[${value.name}: ${value.message}]`;
  if (value instanceof URL) return `URL ${value.href}`;
  if (value instanceof Number || value instanceof String || value instanceof Boolean)
    return `[${tagOf(value)}: ${primitive(value.valueOf())}]`;
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) return `${tagOf(value)} {}`;
  return undefined;
}

/** How it begins and ends, and the lines of each part. */
function partsOf(value, around, indent) {
  const named = (name, part) => {
    const [first, ...rest] = lines(part, indent, around);
    return [`${indent}${name}${first.slice(indent.length)}`, ...rest];
  };
  const own = () =>
    Reflect.ownKeys(value)
      .filter((key) => Object.getOwnPropertyDescriptor(value, key)?.enumerable)
      .map((key) => [
        typeof key === "symbol" ? `[${String(key)}]` : /^[\w$]+$/.test(key) ? key : JSON.stringify(key),
        key,
      ])
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, key]) => named(`${name}: `, value[key]));
  const tag = tagOf(value);
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, at) => (at in value ? lines(item, indent, around) : [`${indent}<empty>`]));
    return [`${tag === "Array" ? "" : `${tag} `}[`, "]", items];
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return [`${tag}(${value.length}) [`, "]", Array.from(value, (item) => [indent + primitive(item)])];
  if (value instanceof ArrayBuffer)
    return ["ArrayBuffer {", "}", Array.from(new Uint8Array(value), (byte) => [`${indent}${byte}`])];
  if (value instanceof Map)
    return [`Map(${value.size}) {`, "}", [...value].map(([key, item]) => named(`${show(key)} => `, item))];
  if (value instanceof Set) return [`Set(${value.size}) {`, "}", [...value].map((item) => lines(item, indent, around))];
  if (value instanceof Error) return [`[${value.name}: ${value.message}] {`, "}", own()];
  return [`${tag === "Object" ? "" : `${tag} `}{`, "}", own()];
}

function tagOf(value) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null) return "[Object: null prototype]";
  return prototype.constructor?.name || Object.prototype.toString.call(value).slice(8, -1);
}
