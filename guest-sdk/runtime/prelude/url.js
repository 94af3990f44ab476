// URL, parsed by the host's Rust, and URLSearchParams, which is whatwg-url's.
import "./early.js";
import searchParamsModule from "whatwg-url/lib/URLSearchParams.js";
import urlencoded from "whatwg-url/lib/urlencoded.js";
import whatwgUtils from "whatwg-url/lib/utils.js";
import { isNothing, native, parseJson } from "./host.js";
import { asInterface, needs, platformPrototypes, usvString } from "./webidl.js";

/** whatwg-url installs into a realm; this one is its own, so that nothing of it shows on the global object. */
const realm = { Array, BigInt, Number, Object, Promise, RangeError, String, Symbol, TypeError };
searchParamsModule.install(realm, ["Worker"]);

export const { URLSearchParams } = realm;
platformPrototypes.add(URLSearchParams.prototype);

export const isSearchParams = (value) => searchParamsModule.is(value);

/** The parts of a URL, or null: { href, protocol, username, password, host, hostname, port, pathname, search, hash, origin }. */
export function parseUrl(url, base) {
  const json = native.parseUrl(usvString(url), base === undefined ? undefined : usvString(base));
  return isNothing(json) ? null : parseJson(json);
}

const PARTS = ["protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"];

export class URL {
  #parts;
  /** Made when it is asked for. */
  #searchParams;

  constructor(url, base) {
    needs(arguments.length, 1, "new URL");
    const parts = parseUrl(url, base);
    if (parts === null) throw invalid(url, base);
    this.#parts = parts;
  }
  static parse(url, base) {
    needs(arguments.length, 1, "URL.parse");
    return URL.canParse(url, base) ? new URL(url, base) : null;
  }
  static canParse(url, base) {
    needs(arguments.length, 1, "URL.canParse");
    return !isNothing(native.parseUrl(usvString(url), base === undefined ? undefined : usvString(base)));
  }
  get href() {
    return this.#parts.href;
  }
  set href(value) {
    const parts = parseUrl(value);
    if (parts === null) throw invalid(value);
    this.#parts = parts;
    this.#fillParams();
  }
  get origin() {
    return this.#parts.origin;
  }
  get searchParams() {
    if (!this.#searchParams) {
      this.#searchParams = searchParamsModule.create(realm, [this.#parts.search.slice(1)], { doNotStripQMark: true });
      // What the standard calls the URL object of the parameters; they set `query` when they change.
      const url = this;
      whatwgUtils.implForWrapper(this.#searchParams)._url = {
        _url: {
          set query(query) {
            url.#parts = parseJson(native.setUrl(url.#parts.href, "search", query ?? ""));
          },
        },
      };
    }
    return this.#searchParams;
  }
  toString() {
    return this.#parts.href;
  }
  toJSON() {
    return this.#parts.href;
  }

  #fillParams() {
    if (!this.#searchParams) return;
    whatwgUtils.implForWrapper(this.#searchParams)._list = urlencoded.parseUrlencodedString(
      this.#parts.search.slice(1),
    );
  }
  static {
    for (const part of PARTS) {
      Object.defineProperty(URL.prototype, part, {
        get() {
          return this.#parts[part];
        },
        set(value) {
          this.#parts = parseJson(native.setUrl(this.#parts.href, part, usvString(value)));
          if (part === "search") this.#fillParams();
        },
        enumerable: true,
        configurable: true,
      });
    }
  }
}
asInterface(URL);

/** A TypeError with the properties Node gives it, which npm packages look for. */
function invalid(url, base) {
  const input = usvString(url);
  const error = new TypeError(
    `Invalid URL: ${JSON.stringify(input)}${base === undefined ? "" : ` with the base ${JSON.stringify(`${base}`)}`}`,
  );
  error.code = "ERR_INVALID_URL";
  error.input = input;
  return error;
}
