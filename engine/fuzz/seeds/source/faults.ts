let a, a; const b;
enum E { a = x, 1 }
export default <b>c</b>;
import c = require('c'); export = c;
@d class { }
let x: number = ;
