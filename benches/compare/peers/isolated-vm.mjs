// isolated-vm: an isolate for every request.
import ivm from 'isolated-vm';
import { atMost, core, serve } from './serve.mjs';

const source = `${core};(isCpu, body) => answer(isCpu, JSON.parse(body))`;
const inTurn = atMost(8);

serve((isCpu, body) =>
  inTurn(async () => {
    const isolate = new ivm.Isolate({ memoryLimit: 32 });
    try {
      const context = await isolate.createContext();
      const script = await isolate.compileScript(source);
      const run = await script.run(context, { reference: true });
      return await run.apply(undefined, [isCpu, body], { result: { promise: true, copy: true } });
    } finally {
      isolate.dispose();
    }
  }),
);
