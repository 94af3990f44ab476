// context.response of a mock context: the runtime's own.
"use strict";
const { real } = require("host:test/context");

const response = (...values) => real("response of a mock context").response(...values);

module.exports = { response };
