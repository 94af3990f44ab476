// Answers to requests, from a table of routes or a function, and the list of what was asked.
"use strict";

const isJson = (type) => /^(application|text)\/json$|\+json$/i.test((type ?? "").replace(/;.*$/s, "").trim());

/** The body of a request or response: parsed when it is JSON, else its text. */
async function readData(message) {
  const text = await message.text();
  if (text === "" || !isJson(message.headers.get("content-type"))) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What is kept of a request. */
async function record(request, path) {
  const data = request.body ? await readData(request.clone()) : undefined;
  return { method: request.method, url: request.url, path, headers: Object.fromEntries(request.headers), data };
}

function toResponse(answer, asked) {
  if (typeof answer?.arrayBuffer === "function") return answer;
  if (typeof answer !== "object" || answer === null)
    throw new TypeError(
      `createMockContext: the answer to ${asked} is neither a Response nor { status, headers, data }`,
    );
  const { status = 200, headers: given, data } = answer;
  const headers = new Headers(given);
  if (data === undefined) return new Response(null, { status, headers });
  if (typeof data === "string") return new Response(data, { status, headers });
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return new Response(JSON.stringify(data), { status, headers });
}

/**
 * The Response that `source` has for `request`; `address` is how its table calls it, `option` where `source` came from.
 */
async function answer(source, request, address, option) {
  const asked = `${request.method} ${address}`;
  if (source === undefined)
    throw new Error(`createMockContext: the worker sent ${asked}, but the option "${option}" is not set`);
  if (typeof source === "function") return toResponse(await source(request), asked);
  const key = [asked, asked.replace(/[?#].*$/s, "")].find((each) => Object.hasOwn(source, each));
  if (key === undefined)
    throw new Error(
      `createMockContext: the worker sent ${asked}, but "${option}" answers only ${Object.keys(source).join(", ") || "nothing"}`,
    );
  const found = source[key];
  return toResponse(typeof found === "function" ? await found(request) : found, asked);
}

module.exports = { answer, readData, record };
