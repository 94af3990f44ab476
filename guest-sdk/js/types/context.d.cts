// PlatformContext, the first argument of every handler.
import type { AxiosInstance } from "axios";
import type { PlatformCrypto } from "./crypto.cjs";
import type { HttpResponse, HttpResponseInit } from "./http.cjs";
import type { PlatformHttpClient } from "./platform-http.cjs";
import type { StateManager } from "./state.cjs";

/**
 * A worker: the default export of its module, called once per request in a fresh sandbox.
 *
 * `payload` is the parsed JSON body of the request, `undefined` when there was none.
 * What it returns (or its promise resolves to) is answered as JSON; `undefined` means no data.
 * An error it throws makes the execution fail, and the state is not saved.
 *
 * @example
 * const handler: Handler<{ name: string }, { greeting: string }> = async (context, { name }) => ({ greeting: `Hello ${name}` });
 * export default handler;
 */
export type Handler<Payload = any, Result = any> = (
  context: PlatformContext,
  payload: Payload,
) => Result | Promise<Result>;

/** Everything a worker gets besides its payload. All members can be destructured. */
export interface PlatformContext {
  /** HTTP clients for the platform and for other hosts. */
  clients: PlatformClients;
  /** The secrets stored with the worker. */
  secrets: PlatformSecrets;
  /** The properties (plain settings) stored with the worker. */
  properties: PlatformProperties;
  /** The platform's address, such as `https://platform.example`; what `platformHttp` puts before its endpoints. */
  readonly baseUrl: string;
  /**
   * The token that `platformHttp` sends. `undefined` at run time where the operator does not show it.
   * Not enumerable: a context that is logged or returned as a whole does not give it away.
   */
  readonly platformToken: string;
  /** Strings kept from one execution to the next. */
  state: StateManager;
  /** Hashes, HMACs and random bytes as text. For keys and ciphers use the global `crypto.subtle`. */
  crypto: PlatformCrypto;
  /**
   * An answer over HTTP, for the handler to return: {@link HttpRequest} has an example. `data` of an answer that is not
   * over HTTP is the document that stands for it.
   * @throws TypeError or RangeError for what cannot be answered
   */
  response(init?: HttpResponseInit): HttpResponse;
  /**
   * Waits; the time counts against the execution's time limit (5000 ms by default), not against its CPU time.
   * @param delayMs milliseconds, cut to whole ones; negative is 0
   */
  wait(delayMs: number): Promise<void>;
  /** Whole milliseconds left until the execution is stopped; never negative. */
  getRemainingExecutionTime(): number;
}

/** The HTTP clients of a context. */
export interface PlatformClients {
  /** For the platform: relative endpoints, and the host adds the token. */
  platformHttp: PlatformHttpClient;
  /**
   * For other hosts: the real axios on its fetch adapter. Absolute URLs, and only to hosts that the operator allows.
   * Rejects with an `AxiosError`, as axios does: code `ERR_BAD_REQUEST` or `ERR_BAD_RESPONSE` for a status outside
   * 200–299, `ERR_NETWORK` when there was no answer, `ECONNABORTED` or `ETIMEDOUT` after `timeout` milliseconds.
   * Of the options only those of the fetch adapter work: no `httpAgent`, `proxy` or `maxRedirects`.
   */
  axios: Pick<AxiosInstance, "get" | "put" | "post" | "delete" | "head" | "patch" | "request">;
}

/** Read access to the worker's secrets. */
export interface PlatformSecrets {
  /**
   * The secret's value. `undefined` at run time when the worker has no such secret; the type says `string` as that of
   * `jfrog-workers` does, so that code written for it compiles.
   */
  get(secretKey: string): string;
}

/** Read access to the worker's properties. */
export interface PlatformProperties {
  /** The property's value. `undefined` at run time when the worker has no such property; typed as in `jfrog-workers`. */
  get(propertyKey: string): string;
}
