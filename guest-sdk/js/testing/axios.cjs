// context.clients.axios: the real axios on its fetch adapter, as in the runtime, with a fetch that stays in the process.
"use strict";
const { answer, record } = require("./answer.cjs");

function makeAxios(source, calls) {
  const axios = require("axios");
  const fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    calls.push(await record(request, pathname + search));
    return answer(source, request, request.url, "axios");
  };
  return axios.create({ adapter: "fetch", env: { fetch } });
}

module.exports = { makeAxios };
