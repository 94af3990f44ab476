// Compiles the prelude with the runtime's own QuickJS: compile.mjs COMPILER.wasm SOURCE BYTECODE
import fs from "node:fs";
import { WASI } from "node:wasi";

const [compiler, source, bytecode] = process.argv.slice(2);
const [stdin, stdout] = [fs.openSync(source, "r"), fs.openSync(bytecode, "w")];
const wasi = new WASI({ version: "preview1", stdin, stdout });
const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(fs.readFileSync(compiler)), wasi.getImportObject());
// `start` wants a _start, which must not run here.
wasi.start({ exports: { memory: exports.memory, _start: exports.compile } });
