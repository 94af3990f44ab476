// atob and btoa: the engine's own where it has them (JS_AddIntrinsicAToB), otherwise on Uint8Array's base64, which is
// slower for btoa by the loop over the characters. The errors are ours either way, so that instanceof holds.
import { DOMException } from "./dom-exception.js";
import { latin1 } from "./text.js";
import { needs } from "./webidl.js";

const engine = { atob: globalThis.atob, btoa: globalThis.btoa };

const invalid = (message) => new DOMException(message, "InvalidCharacterError");

export function btoa(data) {
  needs(arguments.length, 1, "btoa");
  const string = `${data}`;
  // The only thing that can be wrong, so that nothing else is caught below.
  if (/[^\0-\xff]/.test(string))
    throw invalid("btoa: a character is above U+00FF; encode the text with TextEncoder first");
  if (engine.btoa) return engine.btoa(string);
  const bytes = new Uint8Array(string.length);
  for (let i = 0; i < string.length; i++) bytes[i] = string.charCodeAt(i);
  return bytes.toBase64();
}

export function atob(data) {
  needs(arguments.length, 1, "atob");
  const string = `${data}`;
  if (!engine.atob) return latin1(forgivingDecode(string));
  try {
    return engine.atob(string);
  } catch (cause) {
    throw notBase64(cause);
  }
}

const notBase64 = (cause) =>
  Object.defineProperty(invalid("atob: the string is not valid base64"), "cause", { value: cause, configurable: true });

/** "Forgiving-base64 decode" of the Infra standard, which is the loose mode of fromBase64. */
export function forgivingDecode(string) {
  try {
    return Uint8Array.fromBase64(string);
  } catch (cause) {
    throw notBase64(cause);
  }
}
