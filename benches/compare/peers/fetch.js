// workerd and Deno: one isolate for all requests.
import { answer } from './core.mjs';

export default {
  async fetch(request) {
    const body = await answer(request.url.endsWith('/cpu'), await request.json());
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  },
};
