// workerd's worker loader: an isolate for every request.
import core from 'core';
import fetch from 'fetch';

export default {
  fetch(request, env) {
    const worker = env.LOADER.load({
      compatibilityDate: '2026-01-01',
      mainModule: 'fetch.js',
      modules: { 'fetch.js': fetch, 'core.mjs': { js: core } },
      globalOutbound: null,
    });
    return worker.getEntrypoint().fetch(request);
  },
};
