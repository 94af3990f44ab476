// Validates a JSON value against a JSON Schema subset and reports every fault with its JSON Pointer (RFC 6901).
import type { PlatformContext } from 'jfrog-workers';

type Json = null | boolean | number | string | Json[] | JsonObject;
type JsonObject = { [key: string]: Json };
type TypeName = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'array' | 'object';
type Schema = boolean | Rules;

/** Keywords that look at one value and say what is wrong with it. */
interface Assertions {
  type: TypeName | TypeName[];
  enum: Json[];
  const: Json;
  minimum: number;
  maximum: number;
  minLength: number;
  maxLength: number;
  pattern: string;
  minItems: number;
  maxItems: number;
}

/** Keywords that apply further schemas to the value or to its members. */
interface Applicators {
  $ref: string;
  allOf: Schema[];
  anyOf: Schema[];
  oneOf: Schema[];
  not: Schema;
  properties: Record<string, Schema>;
  required: string[];
  additionalProperties: Schema;
  items: Schema;
}

type Rules = Partial<Assertions & Applicators>;

interface Fault {
  /** Where in the value; the empty string is the value itself. */
  pointer: string;
  message: string;
}

type Report = { valid: boolean; faults: Fault[] };

class SchemaError extends Error {
  override name = 'SchemaError';

  constructor(reason: string) {
    super(`The schema cannot be used: ${reason}.`);
  }
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function typeOf(value: Json): TypeName {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : (typeof value as TypeName);
}

const hasType = (names: TypeName[], value: Json): boolean =>
  names.includes(typeOf(value)) || (names.includes('integer') && Number.isInteger(value));

/** Equal values give equal text, whatever the order of their keys. */
const canonical = (value: Json): string =>
  JSON.stringify(value, (_, member: Json) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );

const escape = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
const unescape = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');

function expression(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch {
    throw new SchemaError(`"${source}" is not a regular expression`);
  }
}

/** Each says what is wrong, or false; a keyword has no opinion on a value of another type. */
const assertions = {
  type: (rule, value) =>
    !hasType([rule].flat(), value) && `is of type ${typeOf(value)}, expected ${[rule].flat().join(' or ')}`,
  enum: (rule, value) => !rule.map(canonical).includes(canonical(value)) && `is not one of ${canonical(rule)}`,
  const: (rule, value) => canonical(rule) !== canonical(value) && `is not ${canonical(rule)}`,
  minimum: (rule, value) => typeof value === 'number' && value < rule && `is below the minimum of ${rule}`,
  maximum: (rule, value) => typeof value === 'number' && value > rule && `is above the maximum of ${rule}`,
  minLength: (rule, value) => typeof value === 'string' && [...value].length < rule && `is shorter than ${rule}`,
  maxLength: (rule, value) => typeof value === 'string' && [...value].length > rule && `is longer than ${rule}`,
  pattern: (rule, value) => typeof value === 'string' && !expression(rule).test(value) && `does not match ${rule}`,
  minItems: (rule, value) => Array.isArray(value) && value.length < rule && `has fewer than ${rule} items`,
  maxItems: (rule, value) => Array.isArray(value) && value.length > rule && `has more than ${rule} items`,
} satisfies { [K in keyof Assertions]: (rule: Assertions[K], value: Json) => string | false };

class Validator {
  constructor(private readonly root: Schema) {}

  /** `trail` holds the references followed at this very value: meeting one twice would never end. */
  *faults(schema: Schema, value: Json, pointer = '', trail: readonly string[] = []): Generator<Fault> {
    if (typeof schema === 'boolean') {
      if (!schema) yield { pointer, message: 'is not allowed' };
      return;
    }
    for (const keyword of Object.keys(assertions) as (keyof Assertions)[]) {
      if (!Object.hasOwn(schema, keyword)) continue;
      // TypeScript cannot see that a keyword and its own rule go together.
      const assertion = assertions[keyword] as (rule: unknown, value: Json) => string | false;
      const message = assertion(schema[keyword], value);
      if (message) yield { pointer, message };
    }
    const accepts = (part: Schema) => this.faults(part, value, pointer, trail).next().done === true;
    if (schema.$ref !== undefined) {
      if (trail.includes(schema.$ref)) throw new SchemaError(`${schema.$ref} leads back to itself`);
      yield* this.faults(this.#resolve(schema.$ref), value, pointer, [...trail, schema.$ref]);
    }
    for (const part of schema.allOf ?? []) yield* this.faults(part, value, pointer, trail);
    if (schema.anyOf && !schema.anyOf.some(accepts)) yield { pointer, message: 'fits none of the alternatives' };
    const fitting = schema.oneOf?.filter(accepts).length ?? 1;
    if (fitting !== 1) yield { pointer, message: `fits ${fitting} of the alternatives, expected exactly one` };
    if (schema.not !== undefined && accepts(schema.not)) yield { pointer, message: 'fits what it must not' };
    if (isObject(value)) yield* this.#members(schema, value, pointer);
    if (Array.isArray(value) && schema.items !== undefined) {
      for (const [i, item] of value.entries()) yield* this.faults(schema.items, item, `${pointer}/${i}`);
    }
  }

  *#members(schema: Rules, value: JsonObject, pointer: string): Generator<Fault> {
    const { properties = {}, required = [], additionalProperties = true } = schema;
    for (const key of required) {
      if (!Object.hasOwn(value, key)) yield { pointer, message: `lacks the property "${key}"` };
    }
    for (const [key, member] of Object.entries(value)) {
      const rule = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
      yield* this.faults(rule, member, `${pointer}/${escape(key)}`);
    }
  }

  /** References within the schema only: `#` or `#/$defs/name`. */
  #resolve(reference: string): Schema {
    const keys = reference.split('/').map(unescape);
    let found: unknown = keys.shift() === '#' ? this.root : undefined;
    for (const key of keys) found = (found as Record<string, unknown> | undefined)?.[key];
    if (typeof found === 'boolean' || typeOf((found ?? null) as Json) === 'object') return found as Schema;
    throw new SchemaError(`${reference} leads nowhere`);
  }
}

const typeName: Rules = { enum: ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] };
const anySchema: Rules = { $ref: '#' };
const each = (rule: Schema, ...keywords: string[]) => Object.fromEntries(keywords.map((keyword) => [keyword, rule]));

/** The schema of schemas. A keyword missing here is refused: ignoring it would let bad values pass. */
const META: Rules = {
  type: ['object', 'boolean'],
  properties: {
    ...each(true, 'const', 'default', 'examples'),
    ...each({ type: 'string' }, '$ref', 'pattern', '$schema', '$id', '$comment', 'title', 'description'),
    ...each({ type: 'number' }, 'minimum', 'maximum'),
    ...each({ type: 'integer', minimum: 0 }, 'minLength', 'maxLength', 'minItems', 'maxItems'),
    ...each({ type: 'array' }, 'enum'),
    ...each({ type: 'array', items: { type: 'string' } }, 'required'),
    ...each({ type: 'array', items: anySchema, minItems: 1 }, 'allOf', 'anyOf', 'oneOf'),
    ...each({ type: 'object', additionalProperties: anySchema }, 'properties', '$defs'),
    ...each(anySchema, 'not', 'items', 'additionalProperties'),
    ...each({ anyOf: [typeName, { type: 'array', items: typeName }] }, 'type'),
  },
  additionalProperties: false,
};

export default async (context: PlatformContext, data?: { schema?: Json; value?: Json }): Promise<Report> => {
  if (data?.schema === undefined) throw new SchemaError('the payload has no "schema"');
  if (data.value === undefined) throw new TypeError('The payload needs a "value" to check.');
  const misuse = [...new Validator(META).faults(META, data.schema)].map((it) => `#${it.pointer} ${it.message}`);
  if (misuse.length > 0) throw new SchemaError(misuse.join('; '));
  const schema = data.schema as Schema;
  const faults = [...new Validator(schema).faults(schema, data.value)];
  return { valid: faults.length === 0, faults };
};
