// context.clients.platformHttp, as the runtime's, with requests that stay in the process.
"use strict";
const { isAnyArrayBuffer } = require("node:util/types");
const { answer, readData, record } = require("./answer.cjs");

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FORBIDDEN = ["CONNECT", "TRACE", "TRACK"];

class PlatformHttpClientError extends Error {
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

function toMethod(value) {
  const method = `${value}`.toUpperCase();
  if (!TOKEN.test(method)) throw new TypeError(`${JSON.stringify(method)} is not a method`);
  if (FORBIDDEN.includes(method)) throw new TypeError(`the method ${method} is forbidden`);
  return method;
}

/** The path with one slash in front; what could lead to another host is refused, as the URL standard would read it. */
function toPath(endpoint) {
  if (typeof endpoint !== "string")
    throw new TypeError(
      `platformHttp: the endpoint must be a string, not ${endpoint === null ? "null" : typeof endpoint}`,
    );
  const path = endpoint
    .replace(/^[\0-\x20]+|[\0-\x20]+$|[\t\n\r]+/g, "")
    .replace(/^[\\/]+/, (slashes) => slashes.replaceAll("\\", "/"));
  if (/^[a-z][a-z0-9+.-]*:/i.test(path) || path.startsWith("//"))
    throw new TypeError(
      `platformHttp: the endpoint must be relative, such as /artifactory/api/system/ping, not ${JSON.stringify(endpoint)}; for other hosts use clients.axios or fetch`,
    );
  return path.startsWith("/") ? path : `/${path}`;
}

const hasOwnType = (data) =>
  data instanceof Blob ||
  data instanceof FormData ||
  data instanceof ReadableStream ||
  data instanceof URLSearchParams ||
  ArrayBuffer.isView(data) ||
  isAnyArrayBuffer(data);

/** What fetch takes as a body; sets the content type where fetch would set none or another. */
function toBody(data, headers) {
  if (data === undefined || data === null) return undefined;
  if (hasOwnType(data)) return data;
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  const text = typeof data === "string" ? data : JSON.stringify(data);
  if (text === undefined) throw new TypeError(`platformHttp: the data is a ${typeof data}, which cannot be sent`);
  return text;
}

/** The reason in an error body of the platform: {"errors":[{"message"}]}, or "message", or short plain text. */
function reasonIn(data) {
  const reason = data?.errors?.[0]?.message ?? data?.message ?? data?.error ?? data;
  return typeof reason === "string" && reason !== "" && reason.length <= 200 && !reason.startsWith("<")
    ? reason
    : undefined;
}

function makePlatformHttp({ baseUrl, platformToken }, platform, calls) {
  async function request(method, endpoint, headers, data) {
    // Made here, where the worker's line is on the stack.
    const refused = new PlatformHttpClientError("", 0);
    const verb = toMethod(method);
    const path = toPath(endpoint);
    const list = new Headers(headers ?? undefined);
    const body = toBody(data, list);
    if (!list.has("accept")) list.set("accept", "application/json, text/plain, */*");
    if (platformToken) list.set("authorization", `Bearer ${platformToken}`);
    // Node's Request takes no body with these two; the runtime would send it.
    const init = verb === "GET" || verb === "HEAD" ? {} : { body, duplex: "half" };
    const sent = new Request(baseUrl.replace(/\/$/, "") + path, { method: verb, headers: list, ...init });
    calls.push(await record(sent, path));
    const answered = await answer(platform, sent, path, "platform");
    const response = {
      status: answered.status,
      headers: Object.fromEntries(answered.headers),
      data: await readData(answered),
    };
    if (response.status < 400) return response;
    const reason = reasonIn(response.data);
    refused.message = `${verb} ${path.replace(/[?#].*$/s, "")} answered ${response.status}${reason ? `: ${reason}` : ""}`;
    refused.status = response.status;
    Object.defineProperty(refused, "response", { value: response, writable: true, configurable: true });
    throw refused;
  }
  return {
    get: (endpoint, headers) => request("GET", endpoint, headers),
    delete: (endpoint, headers) => request("DELETE", endpoint, headers),
    post: (endpoint, data, headers) => request("POST", endpoint, headers, data),
    put: (endpoint, data, headers) => request("PUT", endpoint, headers, data),
    patch: (endpoint, data, headers) => request("PATCH", endpoint, headers, data),
    request,
  };
}

module.exports = { PlatformHttpClientError, makePlatformHttp };
