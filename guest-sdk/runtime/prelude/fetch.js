// fetch: over the host for http and https, here for data URLs.
import { onAbort } from "./abort.js";
import { dataUrl } from "./data-url.js";
import { rawHeaders } from "./headers.js";
import { Request, requestParts } from "./request.js";
import { networkResponse } from "./response.js";
import { send } from "./transport.js";
import { exactBuffer, needs } from "./webidl.js";

export async function fetch(input, init) {
  needs(arguments.length, 1, "fetch");
  // Made here, where the worker's line is on the stack; thrown when the network fails.
  const failure = new TypeError("fetch failed");
  const { method, url, protocol, redirect, integrity, headers, content, signal } = requestParts(
    new Request(input, init),
  );
  signal?.throwIfAborted();
  if (integrity !== "")
    throw new TypeError("fetch failed: integrity is not checked by this runtime; compare a digest of the body");
  if (protocol === "data:") return networkResponse(...dataUrl(url));
  if (protocol !== "http:" && protocol !== "https:") {
    throw new TypeError(
      `fetch failed: URLs of the kind ${protocol} are not supported; only http:, https: and data: are`,
    );
  }
  const list = rawHeaders(headers);
  if (!headers.has("accept")) list.push(["accept", "*/*"]);
  // Awaited only where it must be: a request that nobody awaits has begun when the handler returns.
  let body = content?.bytes;
  if (content && !body) {
    body = await readBody(content, signal);
    signal?.throwIfAborted();
  }
  const { incoming, ...head } = await send(
    { method, url, headers: list, redirect, platform: false },
    body && exactBuffer(body),
    signal,
    failure,
  );
  if (method === "HEAD") {
    incoming?.close();
    return networkResponse(head, {});
  }
  return networkResponse(head, { incoming });
}

/** The host takes whole bodies, so a stream is read to its end first. */
function readBody(content, signal) {
  return new Promise((resolve, reject) => {
    onAbort(signal, reject);
    content.take().then(resolve, reject);
  });
}
