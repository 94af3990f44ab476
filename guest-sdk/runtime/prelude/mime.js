// MIME types: the Fetch standard's "extract a MIME type", on whatwg-mimetype.
import MIMEType from "whatwg-mimetype/lib/mime-type.js";

/** The type that `headers` declare, or null. */
export function mimeType(headers) {
  const value = headers.get("content-type");
  return value === null ? null : parseMime(value);
}

/** The last valid type of a header's value; one without a charset takes it from an equal one before it. */
export function parseMime(value) {
  let found = null;
  // Split at commas that are not in quotes: several headers are one value.
  for (const part of value.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []) {
    const type = MIMEType.parse(part);
    if (type === null || type.essence === "*/*") continue;
    const charset = found?.essence === type.essence ? found.parameters.get("charset") : undefined;
    if (charset !== undefined && charset !== null && !type.parameters.has("charset"))
      type.parameters.set("charset", charset);
    found = type;
  }
  return found;
}

/** "JSON MIME type" of the MIME Sniffing standard. */
export const isJson = (type) =>
  type !== null && (/\+json$/.test(type.subtype) || /^(application|text)\/json$/.test(type.essence));
