// A random identifier, and one that is always the same for a name.
import { v4, v5, v7, validate, version } from 'uuid';

export default async (_context: unknown, data: { name: string }): Promise<object> => {
  const random = v4();
  return {
    named: v5(data.name, v5.DNS),
    random: validate(random) && version(random) === 4 && random !== v4(),
    sorted: v7() < v7(),
  };
};
