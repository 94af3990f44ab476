// YAML to JSON and back.
import { parse, stringify } from 'yaml';

export default async (_context: unknown, data: { text: string }): Promise<object> => {
  const value = parse(data.text);
  return { value, text: stringify(value) };
};
