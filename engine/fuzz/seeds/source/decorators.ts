function d(...a: any[]): any {}
@d class A { @d a = 1; @d() b(@d c: any) {} @d static s = 1; @d get g() { return 1 } static { this.s; } }
export default A;
