// URL, URLSearchParams and URLPattern.
// Sources: the URL standard and the URL Pattern standard.

/** A URL in its parts. Setting one changes the others. */
interface URL {
  /** The whole URL. */
  href: string;
  /** Scheme, host and port; `null` as text for schemes that have none. */
  readonly origin: string;
  /** The scheme with its colon. */
  protocol: string;
  /** Percent-encoded. */
  username: string;
  /** Percent-encoded. */
  password: string;
  /** Host name and port. */
  host: string;
  /** The host name; internationalized ones in ASCII. */
  hostname: string;
  /** `""` when it is the scheme's own. */
  port: string;
  /** The path, percent-encoded. */
  pathname: string;
  /** The query with its question mark, or `""`. */
  search: string;
  /** The fragment with its hash sign, or `""`. */
  hash: string;
  /** The query's parameters; changing them changes the URL. */
  readonly searchParams: URLSearchParams;
  /** `href`. */
  toString(): string;
  /** `href`. */
  toJSON(): string;
}
declare var URL: {
  prototype: URL;
  /** @throws TypeError with the code `ERR_INVALID_URL` for what is no URL */
  new (url: string | URL, base?: string | URL): URL;
  /** The URL, or null. */
  parse(url: string | URL, base?: string | URL): URL | null;
  /** Whether it is a URL. */
  canParse(url: string | URL, base?: string | URL): boolean;
};

/** The parameters of a query: pairs of name and value, in order. */
interface URLSearchParams extends Iterable<[string, string]> {
  /** How many pairs there are. */
  readonly size: number;
  /** Adds a pair. */
  append(name: string, value: string): void;
  /** Removes the pairs of this name, and of this value where one is given. */
  delete(name: string, value?: string): void;
  /** The first value, or null. */
  get(name: string): string | null;
  /** All values. */
  getAll(name: string): string[];
  /** Whether there is such a pair. */
  has(name: string, value?: string): boolean;
  /** Sets the first of this name and removes the others. */
  set(name: string, value: string): void;
  /** Sorts by name; pairs of one name keep their order. */
  sort(): void;
  /** The query without a question mark. */
  toString(): string;
  /** Calls back with value, name and this object. */
  forEach(callback: (value: string, name: string, parent: URLSearchParams) => void, thisArg?: any): void;
  /** The pairs. */
  entries(): IterableIterator<[string, string]>;
  /** The names. */
  keys(): IterableIterator<string>;
  /** The values. */
  values(): IterableIterator<string>;
  /** The pairs. */
  [Symbol.iterator](): IterableIterator<[string, string]>;
}
declare var URLSearchParams: {
  prototype: URLSearchParams;
  new (init?: string | Iterable<readonly [string, string]> | Record<string, string> | URLSearchParams): URLSearchParams;
};

/** Patterns for the parts of a URL. */
interface URLPatternInit {
  /** A URL that gives the parts that are missing. */
  baseURL?: string;
  /** The scheme without its colon. */
  protocol?: string;
  /** The user name. */
  username?: string;
  /** The password. */
  password?: string;
  /** The host name. */
  hostname?: string;
  /** The port. */
  port?: string;
  /** The path. */
  pathname?: string;
  /** The query without its question mark. */
  search?: string;
  /** The fragment without its hash sign. */
  hash?: string;
}
/** What a part of a pattern matched. */
interface URLPatternComponentResult {
  /** The part of the URL. */
  input: string;
  /** The groups by name, or by number from `"0"`. */
  groups: Record<string, string | undefined>;
}
/** What a pattern matched. */
interface URLPatternResult {
  /** What `exec` was given. */
  inputs: (URLPatternInit | string)[];
  /** The scheme. */
  protocol: URLPatternComponentResult;
  /** The user name. */
  username: URLPatternComponentResult;
  /** The password. */
  password: URLPatternComponentResult;
  /** The host name. */
  hostname: URLPatternComponentResult;
  /** The port. */
  port: URLPatternComponentResult;
  /** The path. */
  pathname: URLPatternComponentResult;
  /** The query. */
  search: URLPatternComponentResult;
  /** The fragment. */
  hash: URLPatternComponentResult;
}
/** Matches URLs, such as `/users/:id`. */
interface URLPattern {
  /** The pattern of the scheme. */
  readonly protocol: string;
  /** The pattern of the user name. */
  readonly username: string;
  /** The pattern of the password. */
  readonly password: string;
  /** The pattern of the host name. */
  readonly hostname: string;
  /** The pattern of the port. */
  readonly port: string;
  /** The pattern of the path. */
  readonly pathname: string;
  /** The pattern of the query. */
  readonly search: string;
  /** The pattern of the fragment. */
  readonly hash: string;
  /** Whether a part has a group with a regular expression of its own. */
  readonly hasRegExpGroups: boolean;
  /** Whether a URL matches. */
  test(input?: URLPatternInit | string, baseURL?: string): boolean;
  /** What matched, or null. */
  exec(input?: URLPatternInit | string, baseURL?: string): URLPatternResult | null;
}
declare var URLPattern: {
  prototype: URLPattern;
  new (init?: URLPatternInit | string, baseURL?: string, options?: { ignoreCase?: boolean }): URLPattern;
  new (init?: URLPatternInit | string, options?: { ignoreCase?: boolean }): URLPattern;
  /** -1, 0 or 1: which of two patterns is the more specific in a part. An addition of the polyfill. */
  compareComponent(component: Exclude<keyof URLPatternInit, "baseURL">, left: URLPattern, right: URLPattern): number;
};
