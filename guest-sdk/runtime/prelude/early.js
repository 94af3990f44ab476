// Globals that bundled packages look for while they load. Imported before them; `install` defines them anew, properly.
import { DOMException } from "./dom-exception.js";
import { TextDecoder, TextEncoder } from "./text.js";

Object.assign(globalThis, { DOMException, TextDecoder, TextEncoder });
