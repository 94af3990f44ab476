// context.crypto of a mock context: the runtime's own.
"use strict";
const { real } = require("host:test/context");

const own =
  (name) =>
  (...values) =>
    real(`crypto.${name} of a mock context`).crypto[name](...values);

module.exports = { crypto: { hash: own("hash"), hmac: own("hmac"), randomBytes: own("randomBytes") } };
