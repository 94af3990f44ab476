// context.response, as the runtime has it.
"use strict";
const { isAnyArrayBuffer } = require("node:util/types");

const WHAT = "context.response";
const MEMBERS = ["status", "headers", "body"];

/** Statuses of answers that have no body. */
const WITHOUT_BODY = [204, 205, 304];

/** What is no JSON, though JSON.stringify would make `{}` of it, and what to do instead. */
const NOT_JSON = {
  __proto__: null,
  Blob: "await its bytes()",
  File: "await its bytes()",
  FormData: "give text or bytes",
  Promise: "await it",
  ReadableStream: "await all of it",
  Response: "await its bytes()",
  URLSearchParams: "give its toString()",
};

function response(init = {}) {
  if (!isPlain(init)) throw new TypeError(`${WHAT}: expected an object of ${MEMBERS.join(", ")}`);
  for (const name of Object.keys(init)) {
    if (!MEMBERS.includes(name))
      throw new TypeError(`${WHAT}: ${JSON.stringify(name)} is none of ${MEMBERS.join(", ")}`);
  }
  const { status = 200, body } = init;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    const given = typeof status === "string" ? JSON.stringify(status) : String(status);
    throw new RangeError(`${WHAT}: the status must be a whole number from 200 to 599, not ${given}`);
  }
  const headers = new Headers(init.headers ?? undefined);
  const content = toContent(body);
  if (content && WITHOUT_BODY.includes(status)) throw new TypeError(`${WHAT}: status ${status} has no body`);
  if (content && !headers.has("content-type")) headers.set("content-type", content.type);
  return { httpResponse: { status, headers: Object.fromEntries(headers), ...content?.members } };
}

/** The body as members of the document, and its type; undefined if there is none. */
function toContent(body) {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string") return { members: { body: body.toWellFormed() }, type: "text/plain;charset=utf-8" };
  const bytes = toBytes(body);
  if (bytes) return { members: { bodyBase64: bytes.toString("base64") }, type: "application/octet-stream" };
  const tag = Object.prototype.toString.call(body).slice(8, -1);
  if (tag in NOT_JSON) throw new TypeError(`${WHAT}: a ${tag} cannot be the body: ${NOT_JSON[tag]}`);
  const json = JSON.stringify(body);
  if (json === undefined)
    throw new TypeError(`${WHAT}: the body is neither text nor bytes nor anything JSON can hold`);
  return { members: { body: json }, type: "application/json" };
}

function toBytes(body) {
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return isAnyArrayBuffer(body) ? Buffer.from(body) : undefined;
}

/** Made by `{…}`: a Response or a Request has no members of its own, and would be an empty answer. */
function isPlain(value) {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

module.exports = { response };
