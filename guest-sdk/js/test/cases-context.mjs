// What every member of a context but its clients does: { name, options, handler, gives }. A handler's text runs in the
// mock and in the runtime, so it uses nothing from around it but `attempt`.

export const contextCases = [
  {
    name: "secrets, properties and facts",
    handler: (context) => [
      context.secrets.get("s"),
      context.secrets.get("x") === undefined,
      context.secrets.get("__proto__") === undefined,
      context.properties.get("p"),
      context.properties.get("toString") === undefined,
      context.platformToken,
      Object.keys(context),
      JSON.stringify(context).includes("token-1"),
    ],
    gives: [
      "1",
      true,
      true,
      "2",
      true,
      "token-1",
      ["clients", "secrets", "properties", "state", "crypto", "response", "wait", "getRemainingExecutionTime", "baseUrl"],
      false,
    ],
  },
  {
    name: "wait and the remaining time, destructured",
    handler: async ({ wait, getRemainingExecutionTime }) => {
      const before = getRemainingExecutionTime();
      const nothing = await wait(50);
      await wait(-1);
      await wait("x");
      const passed = before - getRemainingExecutionTime();
      return [
        nothing === undefined,
        Number.isInteger(before),
        before > 4000 && before <= 5000,
        passed >= 49 && passed < 1000,
      ];
    },
    gives: [true, true, true, true],
  },
  {
    name: "state keeps strings, other values as JSON",
    options: { state: { old: "1" } },
    handler: ({ state }) => {
      const before = [state.has("old"), state.get("old"), state.get("new") === undefined, state.has("toString")];
      state.set("new", { a: [1] });
      state.set("n", 5);
      state.set("nil", null);
      state.set("__proto__", "x");
      const nothing = [state.delete("old"), state.delete("missing"), state.set("s", "")].every((x) => x === undefined);
      state.getAll().x = "not kept";
      const all = Object.entries(state.getAll());
      state.clear();
      return [before, nothing, all, Object.keys(state.getAll())];
    },
    gives: [
      [true, "1", true, false],
      true,
      [
        ["new", '{"a":[1]}'],
        ["n", "5"],
        ["nil", "null"],
        ["__proto__", "x"],
        ["s", ""],
      ],
      [],
    ],
  },
  {
    name: "state holds to its limits, just, and says which one was passed",
    handler: ({ state }) => {
      const seen = [
        attempt(() => state.set("k".repeat(40), "v".repeat(250))),
        attempt(() => state.set("k".repeat(41), "v")),
        attempt(() => state.set("long", "v".repeat(251))),
        attempt(() => state.set("json", { text: "v".repeat(240) })),
        attempt(() => state.set("undefined", undefined)),
        attempt(() => state.set("function", () => {})),
      ];
      for (let i = 1; i < 10; i++) state.set(`k${i}`, "x");
      return [
        ...seen,
        attempt(() => state.set("eleventh", "x")),
        attempt(() => state.set("k1", "again")),
        state.get("k1"),
      ];
    },
    gives: [
      "nothing",
      `RangeError: state.set: a key has at most 40 characters, and "${"k".repeat(40)}…" has 41`,
      'RangeError: state.set: a value has at most 250 characters, and that of "long" has 251',
      'RangeError: state.set: a value has at most 250 characters, and that of "json" has 251',
      'TypeError: state.set: the value of "undefined" is neither a string nor anything JSON can hold',
      'TypeError: state.set: the value of "function" is neither a string nor anything JSON can hold',
      'RangeError: state.set: a worker keeps at most 10 items, and "eleventh" would be one more',
      "nothing",
      "again",
    ],
  },
  {
    name: "crypto",
    handler: ({ crypto }) => [
      crypto.hash("sha256", "abc"),
      crypto.hash("SHA-256", new Uint8Array([0, 97, 98, 99]).subarray(1), "base64"),
      crypto.hash("sha256", "\ud800"),
      crypto.hash("sha512", new ArrayBuffer(0)).slice(0, 16),
      crypto.hmac("sha256", "Jefe", "what do ya want for nothing?"),
      crypto.hmac("sha512", new Uint8Array([1]), "x", "base64").length,
      crypto.randomBytes(16).length,
      crypto.randomBytes(3, "base64").length,
      crypto.randomBytes(0),
      crypto.randomBytes(16) === crypto.randomBytes(16),
    ],
    gives: [
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
      "83d544ccc223c057d2bf80d3f2a32982c32c3c0db8e2674820da5064783fb097",
      "cf83e1357eefb8bd",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      88,
      32,
      4,
      "",
      false,
    ],
  },
  {
    name: "crypto says what it does not take",
    handler: ({ crypto }) => [
      attempt(() => crypto.hash("md5", "x")),
      attempt(() => crypto.hash("sha256", "x", "utf8")),
      attempt(() => crypto.hash("sha256", 5)),
      attempt(() => crypto.hmac("sha256", undefined, "x")),
      attempt(() => crypto.randomBytes(-1)),
      attempt(() => crypto.randomBytes(65537)),
      attempt(() => crypto.randomBytes(1, "utf8")),
    ],
    gives: [
      'TypeError: crypto.hash: the algorithm must be sha256 or sha512, not "md5"',
      'TypeError: crypto.hash: the encoding must be hex or base64, not "utf8"',
      "TypeError: crypto.hash: the data must be an ArrayBuffer or a view of one",
      "TypeError: crypto.hmac: the key must be an ArrayBuffer or a view of one",
      "RangeError: crypto.randomBytes: the size must be from 0 to 65536, not -1",
      "RangeError: crypto.randomBytes: the size must be from 0 to 65536, not 65537",
      'TypeError: crypto.randomBytes: the encoding must be hex or base64, not "utf8"',
    ],
  },
  {
    name: "response is a document with a type for its body",
    handler: ({ response }) => [
      response(),
      response({ body: "é\ud800", headers: { "X-A": 1 } }),
      response({ body: "<p>", headers: [["Content-Type", "text/html"]] }),
      response({ body: "", headers: new Headers({ b: "1", a: "2" }) }),
      response({ status: 201, body: new Uint8Array([0, 255, 254]).subarray(1) }),
      response({ body: new Uint8Array([97]).buffer, headers: null }),
      response({ status: 404, body: { missing: [true] } }),
      response({ body: 0 }),
      response({ status: 599, body: null }),
      response({ status: 204, headers: {} }),
    ],
    gives: [
      { status: 200, headers: {} },
      { status: 200, headers: { "content-type": "text/plain;charset=utf-8", "x-a": "1" }, body: "é\ufffd" },
      { status: 200, headers: { "content-type": "text/html" }, body: "<p>" },
      { status: 200, headers: { a: "2", b: "1", "content-type": "text/plain;charset=utf-8" }, body: "" },
      { status: 201, headers: { "content-type": "application/octet-stream" }, bodyBase64: "//4=" },
      { status: 200, headers: { "content-type": "application/octet-stream" }, bodyBase64: "YQ==" },
      { status: 404, headers: { "content-type": "application/json" }, body: '{"missing":[true]}' },
      { status: 200, headers: { "content-type": "application/json" }, body: "0" },
      { status: 599, headers: {} },
      { status: 204, headers: {} },
    ].map((httpResponse) => ({ httpResponse })),
  },
  {
    name: "response says what it does not take",
    handler: ({ response }) => [
      ...[
        null,
        "text",
        [],
        new Response("x"),
        { statusCode: 200 },
        { status: 199 },
        { status: 600 },
        { status: "200" },
        { status: 204, body: "" },
        { status: 304, body: "x" },
        { body: Promise.resolve(1) },
        { body: new Blob([]) },
        { body: new ReadableStream() },
        { body: new URLSearchParams() },
        { body: () => {} },
        { body: Symbol("x") },
      ].map((init) => attempt(() => response(init))),
      ...[{ "a b": "x" }, { a: "x\ny" }, { a: "\u0100" }].map((headers) =>
        attempt(() => response({ headers })).slice(0, 9),
      ),
    ],
    gives: [
      "TypeError: context.response: expected an object of status, headers, body",
      "TypeError: context.response: expected an object of status, headers, body",
      "TypeError: context.response: expected an object of status, headers, body",
      "TypeError: context.response: expected an object of status, headers, body",
      'TypeError: context.response: "statusCode" is none of status, headers, body',
      "RangeError: context.response: the status must be a whole number from 200 to 599, not 199",
      "RangeError: context.response: the status must be a whole number from 200 to 599, not 600",
      'RangeError: context.response: the status must be a whole number from 200 to 599, not "200"',
      "TypeError: context.response: status 204 has no body",
      "TypeError: context.response: status 304 has no body",
      "TypeError: context.response: a Promise cannot be the body: await it",
      "TypeError: context.response: a Blob cannot be the body: await its bytes()",
      "TypeError: context.response: a ReadableStream cannot be the body: await all of it",
      "TypeError: context.response: a URLSearchParams cannot be the body: give its toString()",
      "TypeError: context.response: the body is neither text nor bytes nor anything JSON can hold",
      "TypeError: context.response: the body is neither text nor bytes nor anything JSON can hold",
      "TypeError",
      "TypeError",
      "TypeError",
    ],
  },
];
