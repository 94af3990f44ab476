abstract class A<T> { abstract a(): void; #b = 1; static { #b in A } accessor c = 1; constructor(private readonly d: number, public e?: T) {} [f: string]: any; declare g: 1 }
class B extends A<number> { override a() { return super.c; } get x() { return this.d } set x(v) {} }
export default () => new B(1).x;
