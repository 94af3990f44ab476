//@ worker.ts
import d, { f } from './d'; export default d; export const g = f;
//@ d.ts
import w from './worker'; export default () => w; export function f() { return w }
export * from './e.js';
//@ e.js
export * as d from './d.ts'; export { f as h } from './d.ts';
