interface A { a: 1 } type B = A['a']; declare let c: number;
const a = { b: 1 } as const satisfies object; a!.b;
let d!: number; const b = <any>a;
function f(a: string): void; function f(a?: any, ...b: any[]) {}
export default <T extends A>(context: T, data?: B[]): asserts data is any => { f('x'); }
