// context.clients.axios: the real axios on its fetch adapter. Loaded by `install`, when the globals it looks for are
// there, and kept in the snapshot with its instance: an execution pays nothing for it, and nothing to load it.

import { FormData } from "./form-data.js";

/** axios gives a form the type of a URL-encoded one, and its fetch adapter leaves it there: fetch knows the boundary. */
function withoutFormType(config) {
  if (!(config?.data instanceof FormData)) return config;
  const headers = Object.entries(config.headers ?? {}).filter(([name]) => name.toLowerCase() !== "content-type");
  return { ...config, headers: { ...Object.fromEntries(headers), "Content-Type": false } };
}

/** Gives the instance. */
export function makeAxios() {
  // Not an import: that would be evaluated before the globals are defined.
  const { default: axios } = require("axios");
  const { request } = axios.Axios.prototype;
  // An error made when the answer comes has no line of the worker on its stack; the call has.
  axios.Axios.prototype.request = function (...args) {
    const { stack } = new Error();
    args = args.map((config) => withoutFormType(config));
    return request.apply(this, args).catch((error) => {
      const frames = /^ *at [^]*/m.exec(stack)?.[0];
      if (error?.isAxiosError && frames && typeof error.stack === "string" && !error.stack.includes(frames))
        error.stack += `\n${frames}`;
      throw error;
    });
  };
  return axios.create({ adapter: "fetch" });
}
