enum A { B, C = B + 2, D = 'x', E = `${D}y`, F = 'abc'.length }
declare const enum G { H = 7, I = H << 2, J = -1 }
const enum K { L = 1e400 }
export enum M { N = A.C }
export default () => [A, G.I, K.L, M.N];
