await using a = { [Symbol.asyncDispose]: async () => {} };
label: for (const [x, { y = 1, ...z }] of [[1, {}]]) { if (x) continue label; else break; }
const t = `a${1}b${`c${2n}`}`, r = /(?<a>b)[\p{L}--[a-z]]/dgv, n = 1_000.5e-3 ** 2;
try { throw t } catch { r?.exec?.(t) ?? n } finally { }
export default async function* (c, d) { yield* [d &&= c, c ||= 1, new.target, import.meta]; for await (const x of d) ; }
