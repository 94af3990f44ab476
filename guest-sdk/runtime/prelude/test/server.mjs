// A server that is as bad as servers get: it delays, redirects, fails mid-body, sends 10 MB, never ends.
import http from "node:http";
import zlib from "node:zlib";

export const BIG = 10 * 1024 * 1024;

const CODINGS = { gzip: zlib.gzipSync, br: zlib.brotliCompressSync };

/** The URLs of requests whose clients went before they had the whole response. */
const gone = new Set();

const routes = {
  // What was sent, as JSON.
  echo(request, response, url, body) {
    const { method, headers } = request;
    json(response, { method, url: request.url, headers, body: body.toString("latin1") });
  },
  delay: (request, response, url) =>
    setTimeout(() => json(response, { waited: url.searchParams.get("ms") }), Number(url.searchParams.get("ms"))),
  // Whether the client of a request went, by the end of a second.
  async gone(request, response) {
    const wanted = request.url.replace(/^.*?of=/, "");
    for (let i = 0; i < 100 && !gone.has(wanted); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    json(response, { gone: gone.has(wanted) });
  },
  // The text asked for, encoded as asked for; `cut` leaves out the end, `raw` encodes nothing.
  coded(request, response, url) {
    const { coding, text = "", repeat = 1, cut = 0, raw } = Object.fromEntries(url.searchParams);
    const plain = Buffer.from(text.repeat(repeat));
    const bytes = raw === undefined ? CODINGS[coding](plain) : plain;
    response.writeHead(200, { "content-type": "text/plain", "content-encoding": coding });
    response.end(bytes.subarray(0, bytes.length - cut));
  },
  status(request, response, url) {
    const status = Number(url.searchParams.get("code"));
    response.writeHead(status, { "content-type": url.searchParams.get("type") ?? "application/json" });
    response.end(url.searchParams.get("body") ?? "");
  },
  redirect(request, response, url) {
    response.writeHead(Number(url.searchParams.get("code") ?? 302), { location: url.searchParams.get("to") });
    response.end("moved");
  },
  loop(request, response) {
    response.writeHead(302, { location: "/loop" });
    response.end();
  },
  cookies(request, response) {
    response.writeHead(
      200,
      [
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["X-Many", "1"],
        ["X-Many", "2"],
      ].flat(),
    );
    response.end("cookies");
  },
  // Half of what was announced, then the connection goes.
  broken(request, response) {
    response.writeHead(200, { "content-length": "1000" });
    response.write("x".repeat(500), () => setTimeout(() => response.destroy(), 20));
  },
  refused(request) {
    request.socket.destroy();
  },
  big(request, response) {
    response.writeHead(200, { "content-type": "application/octet-stream" });
    const chunk = Buffer.alloc(64 * 1024, 97);
    let sent = 0;
    const more = () => {
      while (sent < BIG) {
        sent += chunk.length;
        if (!response.write(chunk)) return response.once("drain", more);
      }
      response.end();
    };
    more();
  },
  // What was sent, as it came.
  mirror: (request, response, url, body) => response.end(body),
  "delayed-body"(request, response) {
    response.writeHead(200, { "content-type": "text/plain" });
    response.flushHeaders();
    setTimeout(() => response.end("late"), 500);
  },
  endless(request, response) {
    response.writeHead(200, { "content-type": "text/plain" });
    const timer = setInterval(() => response.write("tick\n"), 10);
    response.on("close", () => clearInterval(timer));
  },
  chunks(request, response) {
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
    // A character cut in two.
    const bytes = Buffer.from("grün\n");
    response.write(bytes.subarray(0, 3));
    setTimeout(() => response.end(bytes.subarray(3)), 20);
  },
  form(request, response) {
    response.writeHead(200, { "content-type": 'multipart/form-data; boundary="b"' });
    response.end(
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: text/x\r\n\r\nhello\r\n\r\n--b--\r\n',
    );
  },
};

function json(response, value) {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** Starts it: { url, close }. A second one is another origin. */
export async function serve() {
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    response.on("close", () => response.writableFinished || gone.add(request.url));
    const url = new URL(request.url, "http://localhost");
    const route = routes[url.pathname.split("/").at(-1)] ?? routes.echo;
    route(request, response, url, Buffer.concat(chunks));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
