// Node: one realm for all requests.
import { answer } from './core.mjs';
import { serve } from './serve.mjs';

serve((isCpu, body) => answer(isCpu, JSON.parse(body)));
