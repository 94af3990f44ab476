import type { HttpRequest, HttpResponse, PlatformContext } from "jfrog-workers";

const COLORS = new Map([
  ["green", "#2c7a2c"],
  ["red", "#b32424"],
  ["gray", "#555555"],
]);

const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** Roughly how wide a text is in 11 pixels of a sans-serif font, with room at both ends. */
const width = (text: string): number => Math.round([...text].length * 6.8) + 12;

export default async (context: PlatformContext, request: HttpRequest): Promise<HttpResponse> => {
  if (request.method !== "GET") {
    return context.response({ status: 405, headers: { allow: "GET" }, body: "Use GET" });
  }
  const parts = request.path.split("/").slice(1);
  if (parts.length !== 2 || parts.includes("")) {
    return context.response({ status: 404, body: "Expected /{label}/{message}" });
  }
  let texts: string[];
  try {
    texts = parts.map(decodeURIComponent);
  } catch {
    return context.response({ status: 400, body: "The path is not encoded as UTF-8" });
  }
  const [label = "", message = ""] = texts;
  const color = COLORS.get(String(request.query.color ?? "gray"));
  if (color === undefined) {
    return context.response({ status: 400, body: { error: "unknown color", known: [...COLORS.keys()] } });
  }
  const [left, all] = [width(label), width(label) + width(message)];
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${all}" height="20" role="img">` +
    `<rect width="${all}" height="20" rx="3" fill="${color}"/><rect width="${left}" height="20" rx="3" fill="#333333"/>` +
    `<g fill="#ffffff" font-family="sans-serif" font-size="11">` +
    `<text x="6" y="14">${escape(label)}</text><text x="${left + 6}" y="14">${escape(message)}</text></g></svg>`;
  return context.response({
    headers: { "content-type": "image/svg+xml", "cache-control": "max-age=60" },
    body: svg,
  });
};
