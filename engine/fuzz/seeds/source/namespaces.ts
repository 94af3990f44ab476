namespace N.M { export let a = 1; a++; ({ a }); [a] = [2]; export namespace O { export const b = a } }
namespace N { export import P = N.M; let c = M.a; (a: any) => a; }
declare namespace Q { let r: 1 }
export default N;
