// quickjs-emscripten: a context for every request, in one runtime and one WebAssembly instance.
import { getQuickJS } from 'quickjs-emscripten';
import { core, serve } from './serve.mjs';

const runtime = (await getQuickJS()).newRuntime();
const source = `${core};answer(isCpu, JSON.parse(body)).then((text) => { globalThis.answered = text; });`;

serve((isCpu, body) => {
  const context = runtime.newContext();
  try {
    context.newString(body).consume((text) => context.setProp(context.global, 'body', text));
    context.setProp(context.global, 'isCpu', isCpu ? context.true : context.false);
    context.unwrapResult(context.evalCode(source)).dispose();
    const settled = runtime.executePendingJobs();
    if (settled.error) throw new Error(JSON.stringify(settled.error.consume((error) => context.dump(error))));
    return context.getProp(context.global, 'answered').consume((text) => context.getString(text));
  } finally {
    context.dispose();
  }
});
