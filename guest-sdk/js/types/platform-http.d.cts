// context.clients.platformHttp: requests to the platform.

/** An answer of the platform with a status below 400. */
export interface IPlatformHttpResponse<Data = any> {
  /** The HTTP status, 200 to 399. */
  status: number;
  /** The headers by lower-case name; several of one name are joined with `", "`, except `set-cookie`: the last is kept. */
  headers: Record<string, string>;
  /** The body: parsed when the content type is JSON and it parses, else the text; `""` when there was none. */
  data: Data;
}

/** Another name for {@link IPlatformHttpResponse}. */
export type PlatformHttpResponse<Data = any> = IPlatformHttpResponse<Data>;

/**
 * The client for the platform's own APIs. The host knows the address and adds the token, so a worker gives a path.
 *
 * Endpoints are relative (`/artifactory/api/system/ping`; the slash may be missing): anything with a scheme or starting
 * with `//` is a `TypeError`. Data is sent as JSON, with `content-type: application/json` unless `headers` says otherwise; a string
 * goes as it is, and a `Blob`, `FormData`, `URLSearchParams`, stream, buffer or view as its bytes with its own type.
 * `undefined` and `null` send no body. Redirects are followed.
 *
 * Every method rejects with a {@link PlatformHttpClientError} for a status of 400 and over, and with a `TypeError` when
 * there is no answer or the arguments are wrong.
 */
export interface PlatformHttpClient {
  /** Sends a GET request. */
  get<Data = any>(endpoint: string, headers?: Record<string, string>): Promise<IPlatformHttpResponse<Data>>;
  /** Sends a POST request with `requestData`. */
  post<Data = any>(
    endpoint: string,
    requestData?: any,
    headers?: Record<string, string>,
  ): Promise<IPlatformHttpResponse<Data>>;
  /** Sends a PUT request with `requestData`. */
  put<Data = any>(
    endpoint: string,
    requestData?: any,
    headers?: Record<string, string>,
  ): Promise<IPlatformHttpResponse<Data>>;
  /** Sends a PATCH request with `requestData`. */
  patch<Data = any>(
    endpoint: string,
    requestData?: any,
    headers?: Record<string, string>,
  ): Promise<IPlatformHttpResponse<Data>>;
  /** Sends a DELETE request. */
  delete<Data = any>(endpoint: string, headers?: Record<string, string>): Promise<IPlatformHttpResponse<Data>>;
  /**
   * Sends a request with any method but CONNECT, TRACE and TRACK, which are a `TypeError`. The method is written in
   * capitals.
   */
  request<Data = any>(
    method: string,
    endpoint: string,
    headers?: Record<string, string>,
    requestData?: any,
  ): Promise<IPlatformHttpResponse<Data>>;
}

/**
 * What `platformHttp` rejects with for a status of 400 and over: an `Error` with the name `PlatformHttpClientError`.
 * The class cannot be imported by a worker; look at `status`, or at `name`. Tests import it from `…/testing`.
 */
export interface PlatformHttpClientError extends Error {
  /** `"PlatformHttpClientError"`. */
  name: string;
  /** `GET /path answered 404`, followed by the platform's reason where it gave a short one. Without the query. */
  message: string;
  /** The HTTP status, 400 and over. */
  status: number;
  /** What the platform answered. Not enumerable. An addition to `jfrog-workers`. */
  response: IPlatformHttpResponse;
}
