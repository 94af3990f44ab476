//@ src/worker.ts
import { b } from './lib'; import x, * as all from 'x'; import data from '../data.json'; import type { T } from './t';
export default async () => [b, x, all, data, await import('./lib')]
//@ src/lib/index.ts
export * from '../index'; export enum E { A }
//@ src/index.ts
import x from 'x/y.cjs'; export const b = [x, 'b']; export default b
//@ data.json
{"a": [1, null, "\u2028"], "__proto__": 2}
//@ node_modules/x/package.json
{"main": "./index", "exports": {".": {"worker": "./index.js"}, "./*": "./*"}, "sideEffects": false}
//@ node_modules/x/index.js
exports.a = require('./y.cjs'); exports.b = exports; typeof require
//@ node_modules/x/y.cjs
module.exports = class Y { constructor() { this.y = 1 } }
