// What a worker with the setting `httpResponses` gets and answers under /worker/api/v2/http/{its key}/…

/**
 * The payload of a request over HTTP.
 *
 * @example
 * const handler: Handler<HttpRequest, HttpResponse> = (context, { method, path }) => {
 *   if (path !== "/greeting") return context.response({ status: 404, body: `There is no ${path}` });
 *   if (method !== "GET") return context.response({ status: 405, headers: { allow: "GET" } });
 *   return context.response({ headers: { "cache-control": "max-age=60" }, body: { greeting: "Hello" } });
 * };
 * export default handler;
 */
export interface HttpRequest {
  method: "GET" | "POST";
  /** What follows the worker's key in the path, as it was sent: `/` at least, not decoded. */
  path: string;
  /** The query, decoded. A name that came several times has all its values, in order. */
  query: Record<string, string | string[]>;
  /**
   * By lower-case name; several of one name are joined with `, `. Without `authorization` and `cookie`, which are not the
   * worker's, and without those of the connection.
   */
  headers: Record<string, string>;
  /** The body, if there was one and it is UTF-8. */
  body?: string;
  /** The body, if it is not UTF-8. */
  bodyBase64?: string;
}

/** What `context.response` makes an answer of. */
export interface HttpResponseInit {
  /** From 200 to 599; 200 by default. */
  status?: number;
  /**
   * The host refuses those that would speak for more than this answer, such as `set-cookie` and `connection`: the client
   * gets 502 then.
   */
  headers?: Record<string, string> | Iterable<readonly [string, string]>;
  /**
   * Text (`text/plain;charset=utf-8` unless the headers have another `content-type`), an ArrayBuffer or a view of one
   * (`application/octet-stream`), or anything else that JSON can hold (`application/json`). `undefined` and `null` are
   * none.
   */
  body?: unknown;
}

/** What `context.response` makes: the document that the host answers with. */
export interface HttpResponse {
  httpResponse: { status: number; headers: Record<string, string>; body?: string; bodyBase64?: string };
}
