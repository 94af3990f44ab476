// Two identifiers: they have the form, and differ.
import { customAlphabet, nanoid } from 'nanoid';

const digits = customAlphabet('0123456789', 12);

export default async (): Promise<object> => {
  const ids = [nanoid(), nanoid(), digits(), digits()];
  return {
    form: /^[\w-]{21}$/.test(ids[0]) && /^\d{12}$/.test(ids[2]),
    differ: new Set(ids).size === 4,
  };
};
