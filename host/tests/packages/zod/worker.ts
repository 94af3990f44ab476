// Checks an order with a schema and answers with what is wrong.
import { z } from 'zod';

const Order = z.object({
  id: z.uuid(),
  email: z.email(),
  items: z.array(z.object({ sku: z.string().min(1), count: z.number().int().positive() })).min(1),
});

export default async (_context: unknown, data: unknown): Promise<object> => {
  const parsed = Order.safeParse(data);
  if (parsed.success) return { ok: true, count: parsed.data.items.reduce((sum, item) => sum + item.count, 0) };
  return { ok: false, issues: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`) };
};
