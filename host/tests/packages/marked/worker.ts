// Markdown to HTML.
import { marked } from 'marked';

export default async (_context: unknown, data: { text: string }): Promise<object> => ({
  html: await marked.parse(data.text),
});
