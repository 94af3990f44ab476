// What a worker may write, under `strict`; a line after @ts-expect-error must not compile.
import { Handler, HttpRequest, HttpResponse, IPlatformHttpResponse, PlatformContext, PlatformHttpClientError } from "jfrog-workers";
import type {
  PlatformClients,
  PlatformCrypto,
  PlatformHttpClient,
  PlatformHttpResponse,
  PlatformProperties,
  PlatformSecrets,
  StateManager,
} from "jfrog-workers";

interface Payload {
  repo: string;
}

export default async (context: PlatformContext, data: Payload): Promise<{ status: number; message: string }> => {
  const response = await context.clients.platformHttp.get(`/artifactory/api/repositories/${data.repo}`);
  const { key } = response.data;
  return { status: response.status, message: `${key}` };
};

export const handler: Handler<Payload, { ok: boolean }> = async ({ state }, { repo }) => ({ ok: state.has(repo) });
export const synchronous: Handler = (_context, payload) => payload.anything;
// @ts-expect-error: a number is not what the handler promised
export const wrong: Handler<Payload, string> = () => 1;

export const endpoint: Handler<HttpRequest, HttpResponse> = ({ response }, { method, path, query, headers, body }) => {
  const texts: (string | undefined)[] = [path, headers.accept, body];
  // @ts-expect-error: a name may have come several times
  query.name.trim();
  // @ts-expect-error: the host takes no other methods
  if (method === "PUT") return response();
  // @ts-expect-error: the status is a number
  response({ status: "200" });
  // @ts-expect-error: no such member
  response({ statusCode: 200 });
  return response({ status: 201, headers: new Headers({ a: "b" }), body: { texts } });
};

export async function members(context: PlatformContext) {
  const clients: PlatformClients = context.clients;
  const http: PlatformHttpClient = clients.platformHttp;
  const answers: IPlatformHttpResponse[] = [
    await http.get("/x"),
    await http.get("/x", { "X-A": "1" }),
    await http.delete("/x", { "X-A": "1" }),
    await http.post("/x"),
    await http.post("/x", { a: 1 }, { "X-A": "1" }),
    await http.put("/x", "text"),
    await http.patch("/x", new Uint8Array(1)),
    await http.request("OPTIONS", "/x", { "X-A": "1" }, [1]),
  ];
  const typed: PlatformHttpResponse<{ repos: string[] }> = await http.get<{ repos: string[] }>("/x");
  const repos: string[] = typed.data.repos;
  // @ts-expect-error: the data has no such member
  typed.data.missing;
  // @ts-expect-error: an endpoint is a string
  await http.get(new URL("https://x.example"));
  // @ts-expect-error: the endpoint comes second
  await http.request("/x");
  // @ts-expect-error: no such method
  await http.head("/x");

  const { data } = await clients.axios.get<{ id: number }>("https://x.example", { params: { a: 1 }, timeout: 100 });
  const id: number = data.id;
  await clients.axios.post("https://x.example", { a: 1 }, { headers: { "x-a": "1" } });
  await clients.axios.put("https://x.example");
  await clients.axios.patch("https://x.example");
  await clients.axios.delete("https://x.example");
  await clients.axios.head("https://x.example");
  await clients.axios.request({ url: "https://x.example", method: "POST", signal: AbortSignal.timeout(10) });
  // @ts-expect-error: not one of the seven methods
  clients.axios.interceptors;

  const secrets: PlatformSecrets = context.secrets;
  const properties: PlatformProperties = context.properties;
  const texts: string[] = [secrets.get("a"), properties.get("b"), context.baseUrl, context.platformToken];
  // @ts-expect-error: secrets cannot be set by a worker
  secrets.set("a", "b");
  // @ts-expect-error: read only
  context.baseUrl = "https://other.example";

  const state: StateManager = context.state;
  state.set("a", { b: 1 });
  const kept: string = state.get("a");
  const all: Record<string, string> = state.getAll();
  const has: boolean = state.has("a");
  state.delete("a");
  state.clear();
  // @ts-expect-error: keys are strings
  state.get(1);

  const { crypto }: { crypto: PlatformCrypto } = context;
  const hashes: string[] = [
    crypto.hash("sha256", "x"),
    crypto.hash("sha512", new Uint8Array(1), "base64"),
    crypto.hmac("sha256", "key", new ArrayBuffer(1), "hex"),
    crypto.randomBytes(16),
    crypto.randomBytes(16, "base64"),
  ];
  // @ts-expect-error: not one of the two hashes
  crypto.hash("md5", "x");
  // @ts-expect-error: not one of the two encodings
  crypto.randomBytes(16, "utf8");

  const waited: void = await context.wait(10);
  const left: number = context.getRemainingExecutionTime();
  return [answers, repos, id, texts, kept, all, has, hashes, waited, left];
}

export function caught(error: unknown): number | undefined {
  const { status, response } = error as PlatformHttpClientError;
  const name: string = (error as PlatformHttpClientError).name;
  // @ts-expect-error: workers have no such class, only its type
  if (error instanceof PlatformHttpClientError) return 0;
  return name && response.status === status ? status : undefined;
}
