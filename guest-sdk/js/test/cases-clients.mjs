// What the clients of a context do, in the form of cases-context.mjs. They are answered by server.mjs.

export const clientCases = [
  {
    name: "platformHttp sends the token, and JSON by default",
    handler: async ({ clients: { platformHttp } }) => {
      const answers = [
        await platformHttp.get("/echo?y=1", { "X-A": "b" }),
        await platformHttp.delete("echo"),
        await platformHttp.post("/echo", { a: 1 }),
        await platformHttp.put("/echo", "text", { "Content-Type": "text/plain" }),
        await platformHttp.patch("/echo", '{"s":1}'),
        await platformHttp.post("/echo"),
        await platformHttp.post("/echo", null),
        await platformHttp.post("/echo", 0),
        await platformHttp.post("/echo", new URLSearchParams({ q: "1" })),
        await platformHttp.post("/echo", new Uint8Array([104, 105])),
        await platformHttp.post("/echo", new Blob(["b"], { type: "text/x" })),
        await platformHttp.request("options", "\\echo\t", { a: "1" }, [1]),
      ];
      return answers.map(({ status, data: { method, url, headers, body } }) =>
        [
          status,
          method,
          url,
          headers["content-type"] ?? "-",
          body,
          headers.authorization,
          headers.accept.slice(0, 16),
        ].join(" "),
      );
    },
    gives: [
      "200 GET /base/echo?y=1 -  Bearer token-1 application/json",
      "200 DELETE /base/echo -  Bearer token-1 application/json",
      '200 POST /base/echo application/json {"a":1} Bearer token-1 application/json',
      "200 PUT /base/echo text/plain text Bearer token-1 application/json",
      '200 PATCH /base/echo application/json {"s":1} Bearer token-1 application/json',
      "200 POST /base/echo -  Bearer token-1 application/json",
      "200 POST /base/echo -  Bearer token-1 application/json",
      "200 POST /base/echo application/json 0 Bearer token-1 application/json",
      "200 POST /base/echo application/x-www-form-urlencoded;charset=UTF-8 q=1 Bearer token-1 application/json",
      "200 POST /base/echo - hi Bearer token-1 application/json",
      "200 POST /base/echo text/x b Bearer token-1 application/json",
      "200 OPTIONS /base/echo application/json [1] Bearer token-1 application/json",
    ],
  },
  {
    name: "platformHttp parses what is JSON, and gives the text of the rest",
    handler: async ({ clients: { platformHttp } }) => {
      const get = async (query) => (await platformHttp.get(`/status?${new URLSearchParams(query)}`)).data;
      return [
        await get({ code: 200, body: "[1]" }),
        await get({ code: 200, body: '{"a":1}', type: "application/vnd.x+json; charset=utf-8" }),
        await get({ code: 200, body: "[1]", type: "text/plain" }),
        await get({ code: 200, body: "{" }),
        await get({ code: 204 }),
      ];
    },
    gives: [[1], { a: 1 }, "[1]", "{", ""],
  },
  {
    name: "platformHttp throws from 400 on",
    handler: async ({ clients: { platformHttp } }) => {
      const seen = [];
      for (const query of [
        { code: 404, body: '{"errors":[{"status":404,"message":"no such repo"}]}' },
        { code: 400, body: '{"message":"bad"}' },
        { code: 409, body: '{"error":"conflict"}' },
        { code: 500, body: "plain", type: "text/plain" },
        { code: 503, body: "<html>", type: "text/html" },
        { code: 500, body: "x".repeat(201), type: "text/plain" },
        { code: 403 },
      ]) {
        const error = await platformHttp.get(`/status?${new URLSearchParams(query)}`).catch((error) => error);
        seen.push([
          error instanceof Error,
          error.name,
          error.message,
          error.status,
          Object.keys(error),
          error.response.status,
        ]);
      }
      return seen;
    },
    gives: [
      [404, ": no such repo"],
      [400, ": bad"],
      [409, ": conflict"],
      [500, ": plain"],
      [503, ""],
      [500, ""],
      [403, ""],
    ].map(([status, reason]) => [
      true,
      "PlatformHttpClientError",
      `GET /status answered ${status}${reason}`,
      status,
      ["status"],
      status,
    ]),
  },
  {
    name: "platformHttp takes relative endpoints and proper methods only",
    handler: ({ clients: { platformHttp } }) =>
      Promise.all([
        ...[
          "https://x.example/",
          "//x.example/",
          "\\\\x.example",
          " https://x.example",
          "/\t/x.example",
          "ht\ntps://x.example",
          undefined,
          null,
          1,
        ].map((endpoint) => attempt(() => platformHttp.get(endpoint))),
        ...["GET / HTTP/1.1\r\nX: y", "", "CONNECT", "trace", {}].map((method) =>
          attempt(() => platformHttp.request(method, "/echo")),
        ),
        attempt(() => platformHttp.post("/echo", () => {})),
        attempt(() => platformHttp.post("/echo", Symbol("x"))),
      ]),
    gives: [
      ...[
        "https://x.example/",
        "//x.example/",
        "\\\\x.example",
        " https://x.example",
        "/\t/x.example",
        "ht\ntps://x.example",
      ].map(
        (endpoint) =>
          `TypeError: platformHttp: the endpoint must be relative, such as /artifactory/api/system/ping, not ${JSON.stringify(endpoint)}; for other hosts use clients.axios or fetch`,
      ),
      ...["undefined", "null", "number"].map(
        (type) => `TypeError: platformHttp: the endpoint must be a string, not ${type}`,
      ),
      'TypeError: "GET / HTTP/1.1\\r\\nX: Y" is not a method',
      'TypeError: "" is not a method',
      "TypeError: the method CONNECT is forbidden",
      "TypeError: the method TRACE is forbidden",
      'TypeError: "[OBJECT OBJECT]" is not a method',
      "TypeError: platformHttp: the data is a function, which cannot be sent",
      "TypeError: platformHttp: the data is a symbol, which cannot be sent",
    ],
  },
  {
    name: "axios",
    handler: async ({ clients: { axios }, secrets }) => {
      const url = secrets.get("url");
      const seen = [];
      for (const response of [
        await axios.get(`${url}/echo`, { params: { a: "b c" }, headers: { "x-h": "1" } }),
        await axios.post(`${url}/echo`, { a: 1 }),
        await axios.put(`${url}/echo`, "text"),
        await axios.patch(`${url}/echo`, new URLSearchParams({ q: "1" })),
        await axios.delete(`${url}/echo`),
        await axios.request({ url: "/echo", baseURL: url, method: "POST", data: [1] }),
      ]) {
        const { method, url: path, body, headers } = response.data;
        seen.push([response.status, method, path, body, headers["content-type"] ?? null].join(" "));
      }
      const head = await axios.head(`${url}/echo`);
      return [...seen, head.status];
    },
    gives: [
      "200 GET /echo?a=b+c  ",
      '200 POST /echo {"a":1} application/json',
      "200 PUT /echo text application/x-www-form-urlencoded",
      "200 PATCH /echo q=1 application/x-www-form-urlencoded;charset=utf-8",
      "200 DELETE /echo  ",
      "200 POST /echo [1] application/json",
      200,
    ],
  },
  {
    name: "axios rejects as axios does",
    handler: async ({ clients: { axios }, secrets }) => {
      const url = secrets.get("url");
      const code = (promise) =>
        promise.then(
          () => "no error",
          (error) => [error.name, error.code, error.isAxiosError === true, error.response?.status ?? null],
        );
      return [
        await code(axios.get(`${url}/status?code=418`)),
        await code(axios.get(`${url}/status?code=500`)),
        await code(axios.get(`${url}/refused`)),
        await code(axios.get(`${url}/delay?ms=500`, { timeout: 20 })),
        await code(axios.get(`${url}/delay?ms=500`, { signal: AbortSignal.timeout(20) })),
        (await axios.get(`${url}/status?code=404`, { validateStatus: () => true })).status,
      ];
    },
    gives: [
      ["AxiosError", "ERR_BAD_REQUEST", true, 418],
      ["AxiosError", "ERR_BAD_RESPONSE", true, 500],
      ["AxiosError", "ERR_NETWORK", true, null],
      ["AxiosError", "ETIMEDOUT", true, null],
      ["CanceledError", "ERR_CANCELED", true, null],
      404,
    ],
  },
];
