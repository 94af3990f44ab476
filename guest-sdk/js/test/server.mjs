// The platform and the rest of the world, for tests that compare clients.
import http from "node:http";

const routes = {
  // What was sent, as JSON.
  echo(request, response, url, body) {
    const { method, headers } = request;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ method, url: request.url, headers, body }));
  },
  status(request, response, url) {
    const query = url.searchParams;
    response.writeHead(Number(query.get("code")), { "content-type": query.get("type") ?? "application/json" });
    response.end(query.get("body") ?? "");
  },
  delay: (request, response, url) => setTimeout(() => response.end(), Number(url.searchParams.get("ms"))),
  refused: (request) => request.socket.destroy(),
};

/** Starts it: { url, close }. */
export async function serve() {
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("latin1")) body += chunk;
    const url = new URL(request.url, "http://server");
    routes[url.pathname.split("/").at(-1)](request, response, url, body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
