// context.clients.axios of a mock context: the runtime's own axios, with a fetch that stays in the sandbox.
"use strict";
const { real } = require("host:test/context");
const { answer, record } = require("./answer.cjs");

function makeAxios(source, calls) {
  const { axios } = real("clients.axios of a mock context").clients;
  const fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    calls.push(await record(request, pathname + search));
    return answer(source, request, request.url, "axios");
  };
  return axios.create({ adapter: "fetch", env: { fetch } });
}

module.exports = { makeAxios };
