//! JSON.parse and JSON.stringify, which read every payload and write every answer: `guest-sdk/runtime/quickjs-json.h`
//! does the usual, QuickJS the rest, and nobody can tell which.

use crate::fixture::{ENGINE, run, worker};

/// What to evaluate (`p(text)` parses and writes; braces are a function's body), and what it gives: a text as it is, lists
/// and objects spelled out, an error as its name and message. But for the messages Node.js says the same.
const CASES: &[(&str, &str)] = &[
    // parsing: members and their order
    (r#"p('{"a":1,"b":2,"a":3}')"#, r#"{"a":3,"b":2}"#),
    (
        r#"p('[{"a":1,"b":2},{"a":1,"b":2,"a":3},{"b":1,"a":2},{"a":1},{"a":1,"b":2,"c":3},{}]')"#,
        r#"[{"a":1,"b":2},{"a":3,"b":2},{"b":1,"a":2},{"a":1},{"a":1,"b":2,"c":3},{}]"#,
    ),
    (
        r#"p('{"b":0,"2":1,"a":2,"1":3,"-1":4,"01":5,"4294967294":6,"4294967295":7}')"#,
        r#"{"1":3,"2":1,"4294967294":6,"b":0,"a":2,"-1":4,"01":5,"4294967295":7}"#,
    ),
    (
        r#"p('[{"a":1,"2":1,"1":1},{"a":1,"2":1,"1":1},{"a":1,"1":1,"2":1}]')"#,
        r#"[{"1":1,"2":1,"a":1},{"1":1,"2":1,"a":1},{"1":1,"2":1,"a":1}]"#,
    ),
    (
        r#"{ const v = JSON.parse('{"__proto__":{"x":1},"constructor":2}'); return [Object.keys(v), v.x, Object.getPrototypeOf(v) === Object.prototype] }"#,
        "[[__proto__,constructor],undefined,true]",
    ),
    (
        r#"{ const v = JSON.parse('[{"__proto__":null},{"__proto__":null}]')[1]; return [Object.keys(v), v.__proto__, v instanceof Object] }"#,
        "[[__proto__],null,true]",
    ),
    (
        r#"{ const d = Object.getOwnPropertyDescriptor(JSON.parse('[{"a":1},{"a":2}]')[1], 'a'); return d }"#,
        "{value=2,writable=true,enumerable=true,configurable=true}",
    ),
    (
        r#"{ const [a, b] = JSON.parse('[{"a":1,"b":2},{"a":3,"b":4}]'); delete a.a; b.c = 5; Object.freeze(a); return [a, b] }"#,
        "[{b=2},{a=3,b=4,c=5}]",
    ),
    (r#"p('{"":{"":1}}')"#, r#"{"":{"":1}}"#),
    (
        r#"p('[{"\\u0061":1},{"a":2},{"\\u0061":3,"a":4}]')"#,
        r#"[{"a":1},{"a":2},{"a":4}]"#,
    ),
    (
        r#"p('[{"é":1,"日":2},{"é":3,"日":4}]')"#,
        r#"[{"é":1,"日":2},{"é":3,"日":4}]"#,
    ),
    (
        r#"{ Object.defineProperty(Object.prototype, 'a', { set() { throw 1 }, configurable: true }); try { return p('[{"a":1},{"a":2}]') } finally { delete Object.prototype.a } }"#,
        r#"[{"a":1},{"a":2}]"#,
    ),
    (
        "{ Object.defineProperty(Array.prototype, 0, { set() { throw 1 }, configurable: true }); try { return p('[1,[2]]') } finally { delete Array.prototype[0] } }",
        "[1,[2]]",
    ),
    // parsing: numbers
    (
        "JSON.parse('[-0,0,-0.0,0e5,-0e-5]').map((n) => 1 / n)",
        "[-Infinity,Infinity,-Infinity,Infinity,-Infinity]",
    ),
    (
        "JSON.parse('[2147483647,2147483648,-2147483648,-2147483649,9007199254740991,9007199254740993,18446744073709551616]')",
        "[2147483647,2147483648,-2147483648,-2147483649,9007199254740991,9007199254740992,18446744073709552000]",
    ),
    (
        "JSON.parse('[0.1,19.99,1.10,123456.789,0.30000000000000004,1.7976931348623157e308,5e-324,2.4703282292062327e-324,1e400,-1e400]').map(String)",
        "[0.1,19.99,1.1,123456.789,0.30000000000000004,1.7976931348623157e+308,5e-324,0,Infinity,-Infinity]",
    ),
    (
        "JSON.parse('[4.35,0.000001,0.0000001,9007199254740993.0,900719925474099.3,0.1234567890123456789,1e22,1e23,8.41E+21]').map(String)",
        "[4.35,0.000001,1e-7,9007199254740992,900719925474099.2,0.12345678901234568,1e+22,1e+23,8.41e+21]",
    ),
    (
        "JSON.parse('[1,1.0,1e0,10e-1]').every((n) => n === 1 && Object.is(n | 0, n))",
        "true",
    ),
    // parsing: texts
    (
        r#"JSON.parse('"\\u00e9\\ud83d\\ude00\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000"').split('').map((c) => c.charCodeAt(0))"#,
        "[233,55357,56832,34,92,47,8,12,10,13,9,0]",
    ),
    (
        r#"JSON.parse('["\\ud800","\\udc00\\ud800","a\\ud83d","\ud800"]').map((s) => [...s].map((c) => c.codePointAt(0)))"#,
        "[[55296],[56320,55296],[97,55357],[55296]]",
    ),
    (r#"JSON.parse('"\u2028\u2029\x7f\x80\xff\u0100\ufeff"').length"#, "7"),
    (
        r#"JSON.parse('"' + 'x'.repeat(15) + '\\n' + 'y'.repeat(16) + 'é' + 'z'.repeat(17) + '"')"#,
        "xxxxxxxxxxxxxxx\u{a}yyyyyyyyyyyyyyyyézzzzzzzzzzzzzzzzz",
    ),
    // parsing: mistakes, told by name and place
    ("JSON.parse('')", "SyntaxError: Unexpected end of JSON input"),
    ("JSON.parse('  ')", "SyntaxError: Unexpected end of JSON input"),
    (
        r#"JSON.parse('{"a":1,}')"#,
        "SyntaxError: Expected property name or '}' in JSON at position 7 (line 1 column 8)",
    ),
    ("JSON.parse('[1,]')", "SyntaxError: unexpected token: ']'"),
    (
        "JSON.parse('[1 2]')",
        "SyntaxError: Expected ',' or ']' after array element in JSON at position 3 (line 1 column 4)",
    ),
    (
        r#"JSON.parse('{"a" 1}')"#,
        "SyntaxError: Expected ':' after property name in JSON at position 5 (line 1 column 6)",
    ),
    (
        "JSON.parse('{a:1}')",
        "SyntaxError: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
    ),
    (r#"JSON.parse("['a']")"#, "SyntaxError: unexpected token: '''"),
    (
        "JSON.parse('[01]')",
        "SyntaxError: Unexpected number in JSON at position 1 (line 1 column 2)",
    ),
    (
        "JSON.parse('[1.]')",
        "SyntaxError: Unterminated fractional number in JSON at position 3 (line 1 column 4)",
    ),
    ("JSON.parse('[.5]')", "SyntaxError: unexpected token: '.'"),
    (
        "JSON.parse('[1e]')",
        "SyntaxError: Exponent part is missing a number in JSON at position 3 (line 1 column 4)",
    ),
    ("JSON.parse('[+1]')", "SyntaxError: unexpected token: '+'"),
    (
        "JSON.parse('[-]')",
        "SyntaxError: No number after minus sign in JSON at position 1 (line 1 column 2)",
    ),
    (
        "JSON.parse('[-a]')",
        "SyntaxError: No number after minus sign in JSON at position 1 (line 1 column 2)",
    ),
    ("JSON.parse('nul')", "SyntaxError: unexpected token: 'nul'"),
    ("JSON.parse('nulll')", "SyntaxError: unexpected token: 'nulll'"),
    ("JSON.parse('truefalse')", "SyntaxError: unexpected token: 'truefalse'"),
    ("JSON.parse('NaN')", "SyntaxError: unexpected token: 'NaN'"),
    ("JSON.parse('1 2')", "SyntaxError: unexpected data at the end"),
    (r#"JSON.parse('{"a":1}}')"#, "SyntaxError: unexpected data at the end"),
    (
        "JSON.parse('[1')",
        "SyntaxError: Expected ',' or ']' after array element in JSON at position 2 (line 1 column 3)",
    ),
    (
        r#"JSON.parse('{"a"')"#,
        "SyntaxError: Expected ':' after property name in JSON at position 4 (line 1 column 5)",
    ),
    (r#"JSON.parse('{"a":')"#, "SyntaxError: Unexpected end of JSON input"),
    (r#"JSON.parse('"a')"#, "SyntaxError: Unexpected end of JSON input"),
    (r#"JSON.parse('"a\\')"#, "SyntaxError: Unexpected end of JSON input"),
    (
        r#"JSON.parse('"a\\x41"')"#,
        "SyntaxError: Bad escaped character in JSON at position 3 (line 1 column 4)",
    ),
    (
        r#"JSON.parse('"\\u12g4"')"#,
        "SyntaxError: Bad Unicode escape in JSON at position 5 (line 1 column 6)",
    ),
    (
        r#"JSON.parse('"\n"')"#,
        "SyntaxError: Bad control character in string literal in JSON at position 1 (line 1 column 2)",
    ),
    (
        r#"JSON.parse('{"a":\n  1,\n  "b": tru }')"#,
        "SyntaxError: unexpected token: 'tru'",
    ),
    (
        r#"JSON.parse('{"a":\n  1,\r\n  "b": "\t" }')"#,
        "SyntaxError: Bad control character in string literal in JSON at position 20 (line 3 column 9)",
    ),
    (r"JSON.parse('[1,\x0b2]')", "SyntaxError: unexpected token: '\u{b}'"),
    (
        r"JSON.parse('[1,\xa02]')",
        r"SyntaxError: Unexpected token '\u00a0' in JSON",
    ),
    (
        r"JSON.parse('[1,\ufeff2]')",
        r"SyntaxError: Unexpected token '\ufeff' in JSON",
    ),
    (
        r"JSON.parse('[1\x00]')",
        "SyntaxError: Expected ',' or ']' after array element in JSON at position 2 (line 1 column 3)",
    ),
    ("JSON.parse('/**/1')", "SyntaxError: unexpected token: '/'"),
    (
        r#"JSON.parse('[{"a":1},{"a":1},{"a":x}]')"#,
        "SyntaxError: unexpected token: 'x'",
    ),
    (
        r#"JSON.parse('[{"a":1,"b":2},{"a":1,"b":2')"#,
        "SyntaxError: Expected ',' or '}' after property value in JSON at position 27 (line 1 column 28)",
    ),
    ("JSON.parse(undefined)", "SyntaxError: unexpected token: 'undefined'"),
    ("JSON.parse(Symbol())", "TypeError: cannot convert symbol to string"),
    ("JSON.parse({ toString() { return '[7]' } })", "[7]"),
    // parsing: nothing of it runs the author's code
    (
        r#"{ let calls = 0; Error.prepareStackTrace = (e, s) => { calls++; return 'x' }; try { JSON.parse('["\\x"]') } catch {} finally { delete Error.prepareStackTrace } return calls }"#,
        "1",
    ),
    // parsing with a reviver
    (
        r#"JSON.parse('{"a":[1,{"b":2}],"__proto__":3}', function (k, v) { return k === 'b' ? undefined : v })"#,
        "{a=[1,{}],__proto__=3}",
    ),
    (
        r#"JSON.parse('[1.0,-0,"x",{"a":1e1}]', (k, v, c) => c.source ?? v)"#,
        r#"[1.0,-0,"x",{a=1e1}]"#,
    ),
    (
        r#"{ const keys = []; JSON.parse('{"b":1,"1":[2],"a":1}', (k, v) => { keys.push(k); return v }); return keys }"#,
        "[0,1,b,a,]",
    ),
    // writing: numbers
    (
        "JSON.stringify([0, -0, 1, -1, 2147483647, -2147483648, 4294967296, 1e15, 1e20, 1e21, 123456789012345680000])",
        "[0,0,1,-1,2147483647,-2147483648,4294967296,1000000000000000,100000000000000000000,1e+21,123456789012345680000]",
    ),
    (
        "JSON.stringify([0.1, -0.5, 19.99, 0.05, 0.000001, 0.0000015, 1e-7, 100.25, 999999999999999.9, 99999999999999.98, 1 / 3, 0.1 + 0.2])",
        "[0.1,-0.5,19.99,0.05,0.000001,0.0000015,1e-7,100.25,999999999999999.9,99999999999999.98,0.3333333333333333,0.30000000000000004]",
    ),
    (
        "JSON.stringify([5e-324, 1.7976931348623157e308, 4.35, 1.005, 8.2, 123456.789, 1e5 + 0.1, NaN, Infinity, -Infinity])",
        "[5e-324,1.7976931348623157e+308,4.35,1.005,8.2,123456.789,100000.1,null,null,null]",
    ),
    // writing: texts
    (
        r#"JSON.stringify('"\\/\b\f\n\r\t\x00\x1f\x7f\x80\xe9\u2028\u2029\ufeff')"#,
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\u{80}é\u{2028}\u{2029}\u{feff}\"",
    ),
    (
        r"JSON.stringify(['\ud800', '\udc00', '\ud83d\ude00', 'a\ud800b', '\udc00\ud800', '\u{1f600}\ud83d'])",
        r#"["\ud800","\udc00","😀","a\ud800b","\udc00\ud800","😀\ud83d"]"#,
    ),
    (
        r#"JSON.stringify('x'.repeat(15) + '\ud83d' + 'y'.repeat(20) + '"' + 'z'.repeat(9) + '\n')"#,
        r#""xxxxxxxxxxxxxxx\ud83dyyyyyyyyyyyyyyyyyyyy\"zzzzzzzzz\n""#,
    ),
    (
        r#"JSON.stringify({ 'a"b': 1, 'ü\n': 2, '日\ud800': 3, '': 4 })"#,
        r#"{"a\"b":1,"ü\n":2,"日\ud800":3,"":4}"#,
    ),
    (
        r#"{ let s = ''; for (let i = 0; i < 1000; i++) s += 'ab"'; return JSON.stringify([s, s]).length }"#,
        "8007",
    ),
    (
        "JSON.stringify('x'.repeat(100).slice(10, 40) + 'é')",
        r#""xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxé""#,
    ),
    (
        r#"JSON.stringify('0123456789"abcdefghijklmnopqrstuvwxyz'.slice(3))"#,
        r#""3456789\"abcdefghijklmnopqrstuvwxyz""#,
    ),
    // writing: what is left out, and in which order
    (
        "JSON.stringify({ b: 1, 2: 1, a: undefined, 1: 1, f() {}, [Symbol('s')]: 1, n: null })",
        r#"{"1":1,"2":1,"b":1,"n":null}"#,
    ),
    (
        "JSON.stringify([undefined, () => 1, Symbol(), , null])",
        "[null,null,null,null,null]",
    ),
    (
        "JSON.stringify(Object.defineProperty({ a: 1, c: 3 }, 'b', { value: 2 }))",
        r#"{"a":1,"c":3}"#,
    ),
    (
        "JSON.stringify(Object.create({ inherited: 1 }, { own: { value: 1, enumerable: true } }))",
        r#"{"own":1}"#,
    ),
    (
        "{ const o = { a: 1, b: 2, c: 3 }; delete o.b; o.d = 4; return JSON.stringify(o) }",
        r#"{"a":1,"c":3,"d":4}"#,
    ),
    (
        "{ const o = {}; for (let i = 0; i < 40; i++) o['k' + i] = i; for (let i = 1; i < 39; i++) delete o['k' + i]; return JSON.stringify(o) }",
        r#"{"k0":0,"k39":39}"#,
    ),
    (
        "JSON.stringify([undefined]) + JSON.stringify(undefined) + JSON.stringify(() => 1) + JSON.stringify(Symbol())",
        "[null]undefinedundefinedundefined",
    ),
    ("JSON.stringify(Object.assign([1, 2], { a: 1 }))", "[1,2]"),
    (
        "JSON.stringify(new Array(3)) + JSON.stringify(Object.assign(new Array(2), { 1: 1 }))",
        "[null,null,null][null,1]",
    ),
    (
        "{ const a = [1, 2, 3]; a.length = 5; a[4] = 5; return JSON.stringify(a) }",
        "[1,2,3,null,5]",
    ),
    (
        "{ Array.prototype[1] = 'inherited'; try { return JSON.stringify([1, , 3]) } finally { delete Array.prototype[1] } }",
        r#"[1,"inherited",3]"#,
    ),
    // writing: objects of other kinds
    (
        r#"JSON.stringify([new Number(1.5), new String('x"'), new Boolean(false), Object(Symbol()), new Date(0), /r/, new Map([[1, 2]]), new Error('e')])"#,
        r#"[1.5,"x\"",false,{},"1970-01-01T00:00:00.000Z",{},{},{}]"#,
    ),
    (
        "JSON.stringify([new Date(NaN), new Uint8Array(2), new ArrayBuffer(2), (function () { return arguments })(1, 2), Object.create(null), new (class A { x = 1; #y = 2; get z() { return 3 } })()])",
        r#"[null,{"0":0,"1":0},{},{"0":1,"1":2},{},{"x":1}]"#,
    ),
    (
        "JSON.stringify(new Proxy({ a: 1, b: [2] }, {})) + JSON.stringify(new Proxy([1, { a: 2 }], {}))",
        r#"{"a":1,"b":[2]}[1,{"a":2}]"#,
    ),
    (
        "{ const log = []; const t = (n) => new Proxy({ a: 1, b: 2 }, { get: (o, k) => { log.push(`${n}.${String(k)}`); return o[k] }, ownKeys: (o) => { log.push(n); return Reflect.ownKeys(o) } }); JSON.stringify([t('x'), { y: t('y') }]); return log }",
        "[x.toJSON,x,x.a,x.b,y.toJSON,y,y.a,y.b]",
    ),
    (
        "JSON.stringify({ get a() { return 1 }, b: { get c() { return [1] } } })",
        r#"{"a":1,"b":{"c":[1]}}"#,
    ),
    (
        "JSON.stringify({ get a() { throw new RangeError('mine') } })",
        "RangeError: mine",
    ),
    (
        r#"JSON.stringify([JSON.rawJSON('1.50'), { a: JSON.rawJSON('"x"') }])"#,
        r#"[1.50,{"a":"x"}]"#,
    ),
    (
        "JSON.stringify(Object.setPrototypeOf({ a: 1 }, new Proxy({}, { get: (o, k) => k === 'toJSON' ? () => 'trapped' : undefined })))",
        r#""trapped""#,
    ),
    // writing: toJSON
    (
        "JSON.stringify({ a: { toJSON(k) { return [k, typeof k] } }, b: [{ toJSON(k) { return [k, typeof k] } }], c: { toJSON: 1 } })",
        r#"{"a":["a","string"],"b":[["0","string"]],"c":{"toJSON":1}}"#,
    ),
    (
        "JSON.stringify({ toJSON() { return undefined } }) + JSON.stringify([{ toJSON() {} }, { a: { toJSON() {} } }])",
        "undefined[null,{}]",
    ),
    (
        "{ Object.prototype.toJSON = function () { return Array.isArray(this) ? this : 'all' }; try { return JSON.stringify([{ a: 1 }, [1, {}]]) } finally { delete Object.prototype.toJSON } }",
        r#"["all",[1,"all"]]"#,
    ),
    (
        "{ Array.prototype.toJSON = function (k) { return `list ${k}` }; try { return JSON.stringify({ a: [1], b: { c: [] } }) } finally { delete Array.prototype.toJSON } }",
        r#"{"a":"list a","b":{"c":"list c"}}"#,
    ),
    (
        "{ String.prototype.toJSON = () => 1; Number.prototype.toJSON = () => 2; try { return JSON.stringify(['a', 5, new String('b')]) } finally { delete String.prototype.toJSON; delete Number.prototype.toJSON } }",
        r#"["a",5,1]"#,
    ),
    (
        "{ BigInt.prototype.toJSON = function () { return `${this}n` }; try { return JSON.stringify([1n, { a: 2n }]) } finally { delete BigInt.prototype.toJSON } }",
        r#"["1n",{"a":"2n"}]"#,
    ),
    (
        "{ Object.defineProperty(Object.prototype, 'toJSON', { get() { return () => 'got' }, configurable: true }); try { return JSON.stringify([{ a: 1 }]) } finally { delete Object.prototype.toJSON } }",
        r#""got""#,
    ),
    // writing: what changes under way
    (
        "{ const o = { a: { toJSON() { delete o.b; o.d = 4; return 1 } }, b: 2, c: 3 }; return JSON.stringify(o) }",
        r#"{"a":1,"c":3}"#,
    ),
    (
        "{ const o = { a: { toJSON() { o.b = 'new'; Object.defineProperty(o, 'c', { get: () => 'got', enumerable: false }); return 1 } }, b: 2, c: 3 }; return JSON.stringify(o) }",
        r#"{"a":1,"b":"new","c":"got"}"#,
    ),
    (
        "{ const o = { a: { toJSON() { delete o.b; Object.prototype.b = 'up'; return 1 } }, b: 2 }; try { return JSON.stringify(o) } finally { delete Object.prototype.b } }",
        r#"{"a":1,"b":"up"}"#,
    ),
    (
        "{ const a = [{ toJSON() { a.length = 2; return 1 } }, 2, 3]; return JSON.stringify(a) }",
        "[1,2,null]",
    ),
    (
        "{ const a = [{ toJSON() { a.push(9); a[1] = 'new'; return 1 } }, 2]; return JSON.stringify(a) }",
        r#"[1,"new"]"#,
    ),
    (
        "{ const a = [{ toJSON() { Object.defineProperty(a, 1, { get: () => 'got' }); return 1 } }, 2]; return JSON.stringify(a) }",
        r#"[1,"got"]"#,
    ),
    (
        "{ const o = { a: { toJSON() { Object.prototype.toJSON = () => 'late'; return 1 } }, b: { c: 1 } }; try { return JSON.stringify(o) } finally { delete Object.prototype.toJSON } }",
        r#"{"a":1,"b":"late"}"#,
    ),
    (
        "{ const inner = { x: 1 }; const o = { a: { toJSON: () => JSON.stringify(inner) }, inner, again: inner }; return JSON.stringify(o) }",
        r#"{"a":"{\"x\":1}","inner":{"x":1},"again":{"x":1}}"#,
    ),
    // writing: cycles and BigInt
    (
        "{ const o = { a: 1 }; o.o = o; return JSON.stringify(o) }",
        "TypeError: circular reference",
    ),
    (
        "{ const a = [1]; a.push({ a }); return JSON.stringify(a) }",
        "TypeError: circular reference",
    ),
    (
        "{ const o = { a: { toJSON() { return o } } }; return JSON.stringify(o) }",
        "TypeError: circular reference",
    ),
    (
        "{ const o = { d: new Map() }; o.d.o = o; return JSON.stringify(o) }",
        "TypeError: circular reference",
    ),
    (
        "{ const shared = [1]; return JSON.stringify([shared, shared, { shared }]) }",
        r#"[[1],[1],{"shared":[1]}]"#,
    ),
    (
        "JSON.stringify({ a: [1n] })",
        "TypeError: BigInt are forbidden in JSON.stringify",
    ),
    (
        "JSON.stringify(Object(1n))",
        "TypeError: BigInt are forbidden in JSON.stringify",
    ),
    // writing: replacer and indent
    (
        "JSON.stringify({ a: [1, {}], b: {}, c: [] }, null, 2)",
        "{\u{a}  \"a\": [\u{a}    1,\u{a}    {}\u{a}  ],\u{a}  \"b\": {},\u{a}  \"c\": []\u{a}}",
    ),
    (
        "JSON.stringify({ a: [1, { b: 2 }], t: new Date(0) }, null, '--')",
        "{\u{a}--\"a\": [\u{a}----1,\u{a}----{\u{a}------\"b\": 2\u{a}----}\u{a}--],\u{a}--\"t\": \"1970-01-01T00:00:00.000Z\"\u{a}}",
    ),
    (r#"JSON.stringify([[1.5, 'ü"'], { a: 1 }], null, 20).length"#, "130"),
    (
        "JSON.stringify({ a: 1, b: { a: 2, c: 3 }, 1: 4 }, ['b', 'a', 1, 'a'])",
        r#"{"b":{"a":2},"a":1,"1":4}"#,
    ),
    (
        "JSON.stringify({ a: 1, b: [1, 'x'] }, function (k, v) { return typeof v === 'number' ? [k, this === v].join() : v })",
        r#"{"a":"a,false","b":["0,false","x"]}"#,
    ),
    (
        "JSON.stringify({ a: { toJSON() { return 1 } } }, (k, v) => (k === 'a' ? { v } : v))",
        r#"{"a":{"v":1}}"#,
    ),
    // depth
    (
        "{ let v = 1; for (let i = 0; i < 1500; i++) v = i % 2 ? [v] : { v }; const s = JSON.stringify(v); return [s.length, JSON.stringify(JSON.parse(s)) === s] }",
        "[6001,true]",
    ),
    (
        r#"{ const s = '['.repeat(300) + '{"a":1,"a":2}' + ']'.repeat(300); return JSON.stringify(JSON.parse(s)).length }"#,
        "607",
    ),
    (
        "JSON.parse('['.repeat(300) + ']'.repeat(299))",
        "SyntaxError: Expected ',' or ']' after array element in JSON at position 599 (line 1 column 600)",
    ),
];

#[tokio::test]
async fn every_case_gives_what_is_written() {
    let cases: String = CASES
        .iter()
        .map(|(case, _)| match case.starts_with('{') {
            true => format!("() => {case},\n"),
            false => format!("() => ({case}),\n"),
        })
        .collect();
    let source = format!(
        "const p = (t) => JSON.stringify(JSON.parse(t));
        const cases = [\n{cases}];
        const show = (v) => typeof v === 'string' ? v
            : Array.isArray(v) ? `[${{v.map(show).join(',')}}]`
            : Object.is(v, -0) ? '-0'
            : v !== null && typeof v === 'object' ? `{{${{Object.keys(v).map((k) => `${{k}}=${{show(v[k])}}`).join(',')}}}}`
            : String(v);
        const told = (e) => e instanceof Error ? `${{e.name}}: ${{e.message}}` : `thrown: ${{e}}`;
        export default () => cases.map((c) => {{ try {{ return show(c()) }} catch (e) {{ return told(e) }} }});"
    );
    let source = engine::Source::alone("worker.js", &source);
    let module = ENGINE
        .build(&source, false)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    let execution = run(&ENGINE.load(&module).unwrap(), "").await;
    let found: Vec<String> = serde_json::from_slice(&execution.output).unwrap();
    assert_eq!(found.len(), CASES.len());
    for ((case, expected), found) in CASES.iter().zip(found) {
        assert_eq!(found, *expected, "{case}");
    }
}

/// The same texts as payloads: they are parsed as in JavaScript, objects that are alike and those that are not.
#[tokio::test]
async fn a_list_of_objects_comes_back_whatever_they_have_in_common() {
    let worker = worker("export default (context: unknown, data: unknown) => data").await;
    let objects = [
        r#"{"a":1,"b":"x","c":[1,2]}"#,
        r#"{"a":1.5,"b":{"d":null},"c":[]}"#,
        r#"{"a":1,"b":2}"#,
        r#"{"a":1,"b":2,"c":3,"d":4}"#,
        r#"{"b":1,"a":2,"c":3}"#,
        r#"{"a":1,"1":2}"#,
        r#"{"a":1,"\u00e9":2,"日":"日本"}"#,
        r#"{"a":"","":{"":{"a":true}}}"#,
        "{}",
        "[[{\"a\":1},{\"a\":2}],[{\"b\":1}]]",
        "1",
    ];
    for first in objects {
        for second in objects {
            let text = format!("[{first},{second},{first}]");
            let expected = text
                .replace(r#"{"a":1,"1":2}"#, r#"{"1":2,"a":1}"#)
                .replace("\\u00e9", "é");
            let execution = run(&worker, &text).await;
            assert_eq!(std::str::from_utf8(&execution.output), Ok(expected.as_str()));
        }
    }
}
