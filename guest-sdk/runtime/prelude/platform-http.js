// context.clients.platformHttp: requests to the platform. The host knows its address and adds the token.
import { extract } from "./body.js";
import { Blob } from "./blob.js";
import { FormData } from "./form-data.js";
import { Headers, rawHeaders } from "./headers.js";
import { parseJson, writeJson } from "./host.js";
import { isJson, mimeType } from "./mime.js";
import { toMethod } from "./request.js";
import { ReadableStream } from "./streams.js";
import { concat, decodeUtf8 } from "./text.js";
import { send } from "./transport.js";
import { isSearchParams } from "./url.js";
import { exactBuffer, isBufferSource } from "./webidl.js";

/** A status of 400 or more. What the platform answered is in `response`. */
export class PlatformHttpClientError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}
Object.defineProperty(PlatformHttpClientError.prototype, "name", {
  value: "PlatformHttpClientError",
  writable: true,
  configurable: true,
});

/** The path with one slash in front, so that the host can only append it to its own address. */
function toPath(endpoint) {
  if (typeof endpoint !== "string")
    throw new TypeError(
      `platformHttp: the endpoint must be a string, not ${endpoint === null ? "null" : typeof endpoint}`,
    );
  // As the URL standard reads it: these characters are dropped, and a backslash is a slash.
  const path = endpoint
    .toWellFormed()
    .replace(/^[\0-\x20]+|[\0-\x20]+$|[\t\n\r]+/g, "")
    .replace(/^[\\/]+/, (slashes) => slashes.replaceAll("\\", "/"));
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || path.startsWith("//")) {
    throw new TypeError(
      `platformHttp: the endpoint must be relative, such as /artifactory/api/system/ping, not ${JSON.stringify(endpoint)}; for other hosts use clients.axios or fetch`,
    );
  }
  return path.startsWith("/") ? path : `/${path}`;
}

const hasOwnType = (data) =>
  data instanceof Blob ||
  data instanceof FormData ||
  data instanceof ReadableStream ||
  isSearchParams(data) ||
  isBufferSource(data);

/** The body as bytes, for a stream a promise of them; sets the content type that goes with it where there is none. */
function toBody(data, headers) {
  if (data === undefined || data === null) return undefined;
  if (hasOwnType(data)) {
    const { content, type } = extract(data);
    if (type && !headers.has("content-type")) headers.set("content-type", type);
    return content.bytes ? exactBuffer(content.bytes) : content.take().then(exactBuffer);
  }
  // The platform's APIs speak JSON; a string goes as it is, and whoever sends another kind of text says so.
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  const text = typeof data === "string" ? data : writeJson(data);
  if (text === undefined) throw new TypeError(`platformHttp: the data is a ${typeof data}, which cannot be sent`);
  return exactBuffer(extract(text).content.bytes);
}

async function readData(incoming, headers) {
  const chunks = [];
  for (let chunk; incoming && (chunk = await incoming.read()) !== undefined;) chunks.push(chunk);
  const text = decodeUtf8(concat(chunks));
  if (text === "" || !isJson(mimeType(headers))) return text;
  try {
    return parseJson(text);
  } catch {
    // Declared as JSON and none: what came is more use than an error about it.
    return text;
  }
}

/** The reason in an error body of the platform: {"errors":[{"message"}]}, or "message", or short plain text. */
function reasonIn(data) {
  const reason = data?.errors?.[0]?.message ?? data?.message ?? data?.error ?? data;
  return typeof reason === "string" && reason !== "" && reason.length <= 200 && !reason.startsWith("<")
    ? reason
    : undefined;
}

async function request(method, endpoint, headers, data) {
  // Both made here, where the worker's line is on the stack.
  const refused = new PlatformHttpClientError("", 0);
  const failure = new TypeError("platformHttp failed");
  const verb = toMethod(`${method}`.toUpperCase());
  const path = toPath(endpoint);
  const list = new Headers(headers ?? undefined);
  // Awaited only where it must be: a request that nobody awaits has begun when the handler returns.
  let body = toBody(data, list);
  if (body instanceof Promise) body = await body;
  if (!list.has("accept")) list.set("accept", "application/json, text/plain, */*");
  const answer = await send(
    { method: verb, url: path, headers: rawHeaders(list), redirect: "follow", platform: true },
    body,
    undefined,
    failure,
  );
  const answered = new Headers(answer.headers);
  const response = {
    status: answer.status,
    headers: Object.fromEntries(answered),
    data: await readData(answer.incoming, answered),
  };
  if (response.status < 400) return response;
  const reason = reasonIn(response.data);
  refused.message = `${verb} ${path.replace(/[?#].*$/s, "")} answered ${response.status}${reason ? `: ${reason}` : ""}`;
  refused.status = response.status;
  Object.defineProperty(refused, "response", { value: response, writable: true, configurable: true });
  throw refused;
}

export const platformHttp = {
  get: (endpoint, headers) => request("GET", endpoint, headers),
  delete: (endpoint, headers) => request("DELETE", endpoint, headers),
  post: (endpoint, data, headers) => request("POST", endpoint, headers, data),
  put: (endpoint, data, headers) => request("PUT", endpoint, headers, data),
  patch: (endpoint, data, headers) => request("PATCH", endpoint, headers, data),
  request,
};
