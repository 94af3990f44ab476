// Checks a payload against a JSON schema.
import Ajv from 'ajv';

const ajv = new Ajv({ allErrors: true });
const check = ajv.compile({
  type: 'object',
  properties: { name: { type: 'string', minLength: 2 }, age: { type: 'integer', minimum: 0 } },
  required: ['name', 'age'],
  additionalProperties: false,
});

export default async (_context: unknown, data: unknown): Promise<object> => {
  if (check(data)) return { ok: true };
  return { ok: false, errors: (check.errors ?? []).map((error) => `${error.instancePath} ${error.message}`) };
};
