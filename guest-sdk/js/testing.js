// The mock for ES modules; the code is CommonJS, because Jest loads nothing else without a transform.
import testing from "./testing/index.cjs";

export const { PlatformHttpClientError, createMockContext } = testing;
