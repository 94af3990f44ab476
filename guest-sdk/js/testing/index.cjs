// createMockContext: a PlatformContext for unit tests of workers in Node.js, made to fail as the runtime's does.
"use strict";
const { makeAxios } = require("./axios.cjs");
const { crypto } = require("./crypto.cjs");
const { response } = require("./http-response.cjs");
const { PlatformHttpClientError, makePlatformHttp } = require("./platform-http.cjs");
const { makeState } = require("./state.cjs");

/** The runtime's time limit by default. */
const EXECUTION_MS = 5000;

const reader = (values) => ({
  get: (key) => (Object.hasOwn(values, `${key}`) ? values[key] : undefined),
});

/** Web IDL's `long`, and never negative, as the runtime's timers have it. */
const toDelay = (value) => Math.max(0, value | 0);

function createMockContext(options = {}) {
  const {
    secrets = {},
    properties = {},
    state = {},
    baseUrl = "https://platform.example",
    platformToken = "mock-platform-token",
    executionTimeMs = EXECUTION_MS,
    platform,
    axios,
  } = options;
  const calls = { platformHttp: [], axios: [] };
  const began = performance.now();
  const context = {
    clients: {
      platformHttp: makePlatformHttp({ baseUrl, platformToken }, platform, calls.platformHttp),
      // Made when it is touched: most workers do not use it, and it takes a while to load.
      get axios() {
        const value = makeAxios(axios, calls.axios);
        Object.defineProperty(this, "axios", { value });
        return value;
      },
    },
    secrets: reader(secrets),
    properties: reader(properties),
    state: makeState(state),
    crypto,
    response,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, toDelay(ms))),
    getRemainingExecutionTime: () => Math.max(0, Math.floor(executionTimeMs - (performance.now() - began))),
    get baseUrl() {
      return baseUrl;
    },
  };
  Object.defineProperty(context, "platformToken", { get: () => platformToken ?? undefined, configurable: true });
  Object.defineProperty(context, "calls", { value: calls });
  return context;
}

module.exports = { PlatformHttpClientError, createMockContext };
