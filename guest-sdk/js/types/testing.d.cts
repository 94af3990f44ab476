// createMockContext: a PlatformContext for unit tests of workers in Node.js.
import type { IPlatformHttpResponse, PlatformHttpClientError as ClientError } from "./platform-http.cjs";
import type { PlatformContext } from "./context.cjs";

/** An answer in short. */
export interface MockAnswer {
  /** The HTTP status; 200 by default. */
  status?: number;
  /** Headers of the answer. */
  headers?: Record<string, string>;
  /** The body: a string as it is (`text/plain`), anything else as JSON (`application/json`), `undefined` for none. */
  data?: unknown;
}

/** Answers a request, whose `url` is absolute. What it throws, the worker's call rejects with. */
export type MockResponder = (request: Request) => MockAnswer | Response | Promise<MockAnswer | Response>;

/**
 * Answers by `"METHOD address"`, such as `"GET /artifactory/api/system/ping"`; for axios with the whole URL. An address
 * without a query matches requests with any; one with a query is looked for first. What is not in the table rejects
 * with an error that lists it.
 */
export type MockRoutes = Record<string, MockAnswer | MockResponder>;

/** What a mock context is made of; every member has a default. */
export interface MockContextOptions {
  /** The worker's secrets; none by default. */
  secrets?: Record<string, string>;
  /** The worker's properties; none by default. */
  properties?: Record<string, string>;
  /** What an earlier execution left in the state; the limits hold for it too. Empty by default. */
  state?: Record<string, unknown>;
  /** `https://platform.example` by default. */
  baseUrl?: string;
  /** `mock-platform-token` by default. Sent by `platformHttp` as `Authorization: Bearer …`; `null`: there is none. */
  platformToken?: string | null;
  /** Milliseconds from the making of the context to the end of the execution; 5000 by default. Nothing is stopped. */
  executionTimeMs?: number;
  /** Answers what `clients.platformHttp` sends. Without it every such call rejects. */
  platform?: MockRoutes | MockResponder;
  /** Answers what `clients.axios` sends. Without it every such call rejects. */
  axios?: MockRoutes | MockResponder;
}

/** A request that a client has sent. */
export interface RecordedCall {
  /** In capitals. */
  method: string;
  /** The absolute URL. */
  url: string;
  /** For `platformHttp` the endpoint with its slash in front and its query; for axios path and query of the URL. */
  path: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** The body: parsed when it is JSON, else its text; `undefined` when there was none. */
  data: any;
}

/** A context, and what was done with it. */
export interface MockContext extends PlatformContext {
  /** The requests that were sent, in order. Not enumerable. */
  readonly calls: { readonly platformHttp: RecordedCall[]; readonly axios: RecordedCall[] };
}

/**
 * Makes a context that behaves as the runtime's: the same limits, errors and messages; hashes and random bytes from
 * `node:crypto`; `wait` by the global `setTimeout`, so that fake timers work; the real axios with its requests handed to
 * `options.axios`. No request leaves the process.
 *
 * Not simulated: limits of time, CPU and memory; the operator's allow list; the global `fetch`, which stays Node's; and
 * the rule that a failed execution keeps no state (`context.state` shows what the worker did).
 *
 * @throws RangeError or TypeError when `options.state` is over a limit of the state
 */
export function createMockContext(options?: MockContextOptions): MockContext;

/** What `platformHttp` of a mock context rejects with; of the runtime's class it has name, message and members. */
export const PlatformHttpClientError: {
  new (message: string, status: number): PlatformHttpClientError;
  prototype: PlatformHttpClientError;
};
export interface PlatformHttpClientError extends ClientError {
  response: IPlatformHttpResponse;
}
