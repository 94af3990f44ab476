// Of node:util/types what the mock context asks for.
"use strict";

const isAnyArrayBuffer = (value) => Object.prototype.toString.call(value) === "[object ArrayBuffer]";

module.exports = { isAnyArrayBuffer };
