// What a unit test of a worker may write, with Node's types.
import type { PlatformContext } from "jfrog-workers";
import { createMockContext, PlatformHttpClientError, type MockContext, type MockRoutes } from "jfrog-workers/testing";

const routes: MockRoutes = {
  "GET /a": { data: [1] },
  "GET /b": { status: 404 },
  "POST /c": async (request) => ({ data: await request.text() }),
  "PUT /d": () => new Response("x", { status: 201 }),
};
const context: MockContext = createMockContext({
  secrets: { a: "1" },
  properties: { b: "2" },
  state: { c: { d: 3 } },
  platform: routes,
  axios: (request) => ({ data: request.url }),
  platformToken: null,
});
const asAWorkerSeesIt: PlatformContext = context;
const method: string | undefined = context.calls.platformHttp[0]?.method;

context.clients.platformHttp.get("/b").catch((error: unknown) => {
  if (error instanceof PlatformHttpClientError) return [error.status, error.response.data];
  return error;
});
createMockContext();
// @ts-expect-error: no such option
createMockContext({ secret: {} });
// @ts-expect-error: secrets are strings
createMockContext({ secrets: { a: 1 } });
// @ts-expect-error: a route answers with an object
createMockContext({ platform: { "GET /a": 200 } });
export { asAWorkerSeesIt, method };
