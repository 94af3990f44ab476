// The HTTP server of what runs in Node.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';

/** The script that contexts evaluate. */
export const core = readFileSync(new URL('./core.js', import.meta.url), 'utf8');

/** Listens on the port in the first argument. `respond(isCpu, body)` is from JSON text to JSON text. */
export function serve(respond) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      let status = 200;
      let body;
      try {
        body = await respond(request.url === '/cpu', Buffer.concat(chunks).toString());
      } catch (error) {
        status = 500;
        body = JSON.stringify({ error: String(error?.stack ?? error) });
      }
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    });
  });
  server.listen(Number(process.argv[2]), '127.0.0.1', 1024);
}

/** Calls functions, at most `places` at once: with 64 isolates at once Node would only run out of memory. */
export function atMost(places) {
  const waiting = [];
  return async (run) => {
    if (places === 0) await new Promise((resolve) => waiting.push(resolve));
    else places--;
    try {
      return await run();
    } finally {
      if (waiting.length > 0) waiting.shift()();
      else places++;
    }
  };
}
