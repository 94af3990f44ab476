// The Fetch standard's data: URL processor.
import { forgivingDecode } from "./base64.js";
import { parseMime } from "./mime.js";
import { latin1 } from "./text.js";

/** The response to a data URL: [head, { bytes }]. */
export function dataUrl(url) {
  const input = url.slice("data:".length).replace(/#.*$/s, "");
  const comma = input.indexOf(",");
  if (comma < 0) throw new TypeError("fetch failed: the data URL has no comma");
  let type = input.slice(0, comma).trim();
  let bytes = percentDecode(input.slice(comma + 1));
  const base64 = /; *base64$/i;
  if (base64.test(type)) {
    try {
      bytes = forgivingDecode(latin1(bytes));
    } catch (error) {
      throw new TypeError("fetch failed: the data URL is not valid base64", { cause: error });
    }
    type = type.replace(base64, "");
  }
  if (type.startsWith(";")) type = `text/plain${type}`;
  const mime = parseMime(type)?.toString() ?? "text/plain;charset=US-ASCII";
  return [{ status: 200, statusText: "OK", headers: [["content-type", mime]], url }, { bytes }];
}

function percentDecode(string) {
  const bytes = new Uint8Array(string.length);
  let length = 0;
  for (let i = 0; i < string.length; i++) {
    const escaped = string[i] === "%" && /^[0-9A-Fa-f]{2}$/.test(string.slice(i + 1, i + 3));
    bytes[length++] = escaped ? Number.parseInt(string.slice(i + 1, i + 3), 16) : string.charCodeAt(i);
    if (escaped) i += 2;
  }
  return bytes.subarray(0, length);
}
