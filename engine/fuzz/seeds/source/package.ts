//@ worker.ts
import { a } from '@s/p/sub'; import b from 'c'; import '#i'; export default () => [a, b]
//@ package.json
{"imports": {"#i": "./i.js"}, "name": "w", "type": "module"}
//@ i.js
export {}; top: { break top }
//@ node_modules/@s/p/package.json
{"exports": {"./sub": [{"node": "./n.js", "default": "./d.mjs"}], ".": null}}
//@ node_modules/@s/p/d.mjs
export * from 'c'; export const a = 1; export default await a;
//@ node_modules/c/package.json
{"browser": {"./index.js": "./browser.js"}, "module": "./index.js"}
//@ node_modules/c/index.js
import '@s/p'
//@ node_modules/c/browser.js
module.exports = 1; global.x || process.env.NODE_ENV
