// fetch, Request, Response, Headers.
// Source: the Fetch standard, as far as it makes sense on a server. The host sends the requests: to public addresses that
// the operator allows, within limits of count, size and time.

/**
 * Sends a request over http or https, or reads a data URL.
 *
 * Resolves when the response's head is there, whatever its status. A body that is a stream is read to its end first.
 * Rejects with a TypeError when the network fails, the operator does not allow the host, or `integrity` is set; and with
 * the signal's reason when it aborts.
 */
declare function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;

/** What a body is made of. Streams must give `Uint8Array` chunks. */
type BodyInit = string | BufferSource | Blob | FormData | URLSearchParams | ReadableStream<Uint8Array>;
/** What headers are made of. */
type HeadersInit = Headers | Record<string, string> | Iterable<readonly [string, string]>;

/** Header fields. Names are not case-sensitive and shown in lower case; iteration is sorted by name. */
interface Headers extends Iterable<[string, string]> {
  /** Adds a value. @throws TypeError for what cannot be in a header, and for headers of a response from the network */
  append(name: string, value: string): void;
  /** Removes all values of this name. */
  delete(name: string): void;
  /** The values joined with `", "`, or null. */
  get(name: string): string | null;
  /** The `set-cookie` values, one by one. */
  getSetCookie(): string[];
  /** Whether there is a value. */
  has(name: string): boolean;
  /** Sets the only value of this name. */
  set(name: string, value: string): void;
  /** Calls back with value, name and this object. */
  forEach(callback: (value: string, name: string, parent: Headers) => void, thisArg?: any): void;
  /** The pairs. */
  entries(): IterableIterator<[string, string]>;
  /** The names. */
  keys(): IterableIterator<string>;
  /** The values. */
  values(): IterableIterator<string>;
  /** The pairs. */
  [Symbol.iterator](): IterableIterator<[string, string]>;
}
declare var Headers: {
  prototype: Headers;
  new (init?: HeadersInit): Headers;
};

/** What requests and responses share. A body can be read once; `clone` before to read it twice. */
interface Body {
  /** The body as a stream, or null. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** Whether it was read. */
  readonly bodyUsed: boolean;
  /** The bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /** The bytes, with the content type. */
  blob(): Promise<Blob>;
  /** The bytes. */
  bytes(): Promise<Uint8Array>;
  /** The entries of a `multipart/form-data` or `application/x-www-form-urlencoded` body. */
  formData(): Promise<FormData>;
  /** The parsed JSON. Rejects with a SyntaxError for what is none. */
  json(): Promise<any>;
  /** The bytes as UTF-8. */
  text(): Promise<string>;
}

/** `default` and others of HTTP caching; kept, and without effect: there is no cache. */
type RequestCache = "default" | "no-store" | "reload" | "no-cache" | "force-cache" | "only-if-cached";
/** Kept, and without effect: there are no cookies. */
type RequestCredentials = "same-origin" | "omit" | "include";
/** Kept, and without effect: there is no origin. */
type RequestMode = "cors" | "same-origin" | "no-cors" | "navigate";
/** `error`: a redirect rejects; `manual`: it is the response. */
type RequestRedirect = "follow" | "error" | "manual";
/** Kept, and without effect. */
type ReferrerPolicy =
  | ""
  | "no-referrer"
  | "no-referrer-when-downgrade"
  | "same-origin"
  | "origin"
  | "strict-origin"
  | "origin-when-cross-origin"
  | "strict-origin-when-cross-origin"
  | "unsafe-url";

/** Options of a request. */
interface RequestInit {
  /** `GET` by default; not CONNECT, TRACE or TRACK. */
  method?: string;
  /** Header fields. */
  headers?: HeadersInit;
  /** The body; not for GET and HEAD. */
  body?: BodyInit | null;
  /** Must be `half` when the body is a stream. */
  duplex?: "half";
  /** `follow` by default. */
  redirect?: RequestRedirect;
  /** Stops the request, and the reading of the response's body. */
  signal?: AbortSignal | null;
  /** Without effect. */
  cache?: RequestCache;
  /** Without effect. */
  credentials?: RequestCredentials;
  /** Without effect. `navigate` is a TypeError. */
  mode?: Exclude<RequestMode, "navigate">;
  /** Without effect. */
  referrer?: string;
  /** Without effect. */
  referrerPolicy?: ReferrerPolicy;
  /** Not checked by this runtime: `fetch` rejects when it is set to more than `""`. */
  integrity?: "";
  /** Without effect. */
  keepalive?: boolean;
  /** Without effect. */
  priority?: "auto" | "high" | "low";
  /** Can only be null. */
  window?: null;
}

/** A request, sent by `fetch`. */
interface Request extends Body {
  /** The method; the usual ones in capitals. */
  readonly method: string;
  /** The absolute URL. */
  readonly url: string;
  /** Header fields. */
  readonly headers: Headers;
  /** `""`. */
  readonly destination: string;
  /** `about:client`, or what was given. */
  readonly referrer: string;
  /** What was given. */
  readonly referrerPolicy: ReferrerPolicy;
  /** What was given. */
  readonly mode: RequestMode;
  /** What was given. */
  readonly credentials: RequestCredentials;
  /** What was given. */
  readonly cache: RequestCache;
  /** How redirects are treated. */
  readonly redirect: RequestRedirect;
  /** What was given. */
  readonly integrity: string;
  /** What was given. */
  readonly keepalive: boolean;
  /** Follows the signal that was given. */
  readonly signal: AbortSignal;
  /** `half`. */
  readonly duplex: "half";
  /** A second request with the same body. @throws TypeError when the body was read */
  clone(): Request;
}
declare var Request: {
  prototype: Request;
  /** @throws TypeError for a relative URL (a worker has no address), one with credentials, and what `init` may not say */
  new (input: string | URL | Request, init?: RequestInit): Request;
};

/** `basic`: from the network. */
type ResponseType = "basic" | "default" | "error";
/** Options of a response. */
interface ResponseInit {
  /** 200 to 599; 200 by default. */
  status?: number;
  /** `""` by default. */
  statusText?: string;
  /** Header fields. */
  headers?: HeadersInit;
}
/** An answer. */
interface Response extends Body {
  /** Where it comes from. */
  readonly type: ResponseType;
  /** The URL after redirects, without fragment; `""` for one made here. */
  readonly url: string;
  /** Whether there was a redirect. */
  readonly redirected: boolean;
  /** The HTTP status. */
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  /** The text beside the status, where the server sent one. */
  readonly statusText: string;
  /** Header fields; of a response from the network they cannot be changed. */
  readonly headers: Headers;
  /** A second response with the same body. @throws TypeError when the body was read */
  clone(): Response;
}
declare var Response: {
  prototype: Response;
  /** @throws RangeError for a status outside 200 to 599 @throws TypeError for a body with a status that has none */
  new (body?: BodyInit | null, init?: ResponseInit): Response;
  /** A response of type `error`. */
  error(): Response;
  /** A redirect to an absolute URL; 302 by default. */
  redirect(url: string | URL, status?: number): Response;
  /** A response with the value as JSON. @throws TypeError for what JSON cannot hold */
  json(data: any, init?: ResponseInit): Response;
};
