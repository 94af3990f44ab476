// StarlingMonkey, behind core.js in one file: wasmtime serve makes an instance for every request.
addEventListener('fetch', (event) => event.respondWith(respond(event.request)));

async function respond(request) {
  const body = await answer(request.url.endsWith('/cpu'), await request.json());
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}
