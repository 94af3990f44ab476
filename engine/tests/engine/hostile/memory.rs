//! Guests that want more memory or more stack than there is.

use super::{attack, attack_with_modules, javascript};
use engine::Outcome;

#[tokio::test]
async fn javascript_that_wants_memory() {
    attack(&[
        ("const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1))", "memory_limit"),
        ("const all = []; for (;;) all.push({})", "memory_limit|cpu_limit"),
        ("const all = new Map(); for (let i = 0;; i++) all.set('key' + i, [i])", "memory_limit|cpu_limit"),
        ("return 'a'.repeat(2 ** 28)", "memory_limit|exception"),
        ("return 'a'.repeat(2 ** 31)", "memory_limit|exception"),
        ("return 'a'.padEnd(2 ** 30 - 1, 'bc')", "memory_limit|exception"),
        ("let s = 'a'; for (;;) s += s", "memory_limit|exception"),
        ("let s = ''; for (;;) s += 'a'", "memory_limit|cpu_limit|exception"),
        ("let s = 'a'; for (let i = 0; i < 25; i++) s += s; return s.at(-1) + s.length", "success|memory_limit"),
        ("return new Array(2 ** 32 - 1).fill(0)", "memory_limit|cpu_limit|exception"),
        ("return Array.from({ length: 2 ** 32 - 1 })", "memory_limit|cpu_limit|exception"),
        ("return [...Array(2 ** 30).keys()]", "memory_limit|cpu_limit|exception"),
        ("return new ArrayBuffer(2 ** 31)", "memory_limit|exception"),
        ("return new ArrayBuffer(8, { maxByteLength: 2 ** 30 })", "success|memory_limit|exception"),
        ("return new Uint8Array(2 ** 53)", "memory_limit|exception"),
        ("const a = []; a.length = 2 ** 32 - 1; return a", "memory_limit|cpu_limit|exception|invalid_output"),
        ("const a = []; a[2 ** 32 - 2] = 1; return a.length", "success"),
        ("const a = []; a[2 ** 32 - 2] = 1; return a", "memory_limit|cpu_limit|exception|invalid_output"),
        ("return Array(1e6).join('x'.repeat(1e6))", "memory_limit|exception|cpu_limit"),
        ("return 'x'.repeat(1e6).split('').map((c) => c.repeat(1e6))", "memory_limit|exception|cpu_limit"),
        ("throw new Error('x'.repeat(100 << 20))", "memory_limit|exception"),
        ("throw new Error('x'.repeat(10 << 20))", "exception|memory_limit|cpu_limit"),
        ("throw Object.assign(new Error('x'), { stack: 'at f\\n'.repeat(1e6) })", "exception|memory_limit"),
        ("throw Object.assign(new Error('x'), { name: 'n'.repeat(1e6) })", "exception"),
        ("let e = new Error('0'); for (let i = 0; i < 1e5; i++) e = new Error('x', { cause: e }); throw e", "exception|memory_limit|cpu_limit"),
        ("let e = new Error('0'); e.cause = e; throw e", "exception"),
        ("throw new AggregateError(Array(1e5).fill(new Error('x')), 'many')", "exception|memory_limit"),
        ("Error.stackTraceLimit = 1e9; const f = (n) => n ? f(n - 1) : null.x; f(5000)", "exception"),
        ("console.log('x'.repeat(10 << 20)); return 1", "success|memory_limit|cpu_limit"),
        ("console.log(Array(1e6).fill({ a: 1 })); return 1", "success|cpu_limit|memory_limit"),
        ("const a = { b: [] }; a.b.push(a); console.log(a, new Map([[a, a]])); return 1", "success"),
        ("let a = {}; for (let i = 0; i < 1e5; i++) a = { a }; console.log(a); return 1", "success"),
        ("console.log(new Proxy({}, { ownKeys: () => Array.from({ length: 1e6 }, (_, i) => 'k' + i) })); return 1", "success|memory_limit|cpu_limit"),
        ("console.table(Array(1e5).fill({ a: 1 })); return 1", "success|memory_limit|cpu_limit"),
        ("for (let i = 0; i < 1e5; i++) console.group('x'); console.log(1); return 1", "success|memory_limit|cpu_limit"),
        ("const r = new FinalizationRegistry(() => {}); for (;;) r.register({}, 'x'.repeat(1000))", "memory_limit|cpu_limit"),
        ("const all = []; for (;;) all.push(new WeakRef({}))", "memory_limit|cpu_limit"),
        ("const all = []; function* g() { const big = new Uint8Array(1 << 16).fill(1); yield big } for (;;) { const i = g(); i.next(); all.push(i) }", "memory_limit"),
        ("const all = []; for (;;) all.push(new Promise(() => {}))", "memory_limit|cpu_limit"),
        ("for (;;) new Promise((_, reject) => reject('x'.repeat(1000)))", "memory_limit|cpu_limit"),
        ("context.state.set('k', 'x'.repeat(1 << 20))", "exception"),
        ("return new Blob(Array(1000).fill('x'.repeat(1 << 20))).size", "memory_limit|exception|success|cpu_limit"),
        ("return structuredClone(Array(1e7).fill(0)).length", "memory_limit|cpu_limit|exception"),
        ("return new TextEncoder().encode('\\u{10ffff}'.repeat(1e7)).length", "memory_limit|exception|cpu_limit"),
        ("return btoa('x'.repeat(3e7)).length", "memory_limit|exception|cpu_limit"),
        ("return 7n ** (2n ** 26n)", "memory_limit|cpu_limit|exception"),
        ("return (1n << (2n ** 33n)).toString()", "memory_limit|exception"),
        ("return JSON.parse('[' + '0,'.repeat(2e7) + '0]').length", "memory_limit|exception|cpu_limit"),
        ("return new RegExp('(a)'.repeat(1000)).exec('a')", "success|exception"),
        ("return new RegExp('a'.repeat(1e6)).source.length", "success|exception|memory_limit|cpu_limit"),
        ("return new RegExp('(?:a{1,1000}){1,1000}').test('b')", "success|exception|cpu_limit"),
        ("return new RegExp('(?:(?:(?:a{999}){999}){999}){999}').test('a'.repeat(1e5))", "success|exception|cpu_limit|memory_limit|stack_overflow"),
    ])
    .await;
}

#[tokio::test]
async fn javascript_that_wants_stack() {
    let caught = "exception|stack_overflow|cpu_limit|memory_limit";
    attack(&[
        ("const f = () => f() + 1; f()", "exception"),
        ("const f = async () => { await f() }; await f()", caught),
        (
            "class A extends Array { constructor() { super(); new A() } } new A()",
            caught,
        ),
        ("const o = { get a() { return this.a } }; o.a", caught),
        ("const o = {}; o.toString = () => `${o}`; `${o}`", caught),
        (
            "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); return p.x",
            "success|exception|stack_overflow|cpu_limit|memory_limit",
        ),
        (
            "let f = () => 1; for (let i = 0; i < 1e5; i++) f = f.bind(null); return f()",
            "success|exception|stack_overflow|memory_limit",
        ),
        (
            "let o = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); return o.x === undefined",
            "success|cpu_limit|memory_limit",
        ),
        (
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a",
            "stack_overflow|invalid_output|output_too_large|cpu_limit",
        ),
        (
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a.flat(Infinity).length",
            "success|exception|stack_overflow",
        ),
        (
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return String(a)",
            "success|exception|stack_overflow",
        ),
        (
            "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return structuredClone(a).length",
            "success|exception|stack_overflow|memory_limit|cpu_limit",
        ),
        (
            "return JSON.parse('['.repeat(1e6) + ']'.repeat(1e6)).length",
            "exception|stack_overflow|memory_limit",
        ),
        (
            "return JSON.parse('{\"a\":'.repeat(1e5) + '1' + '}'.repeat(1e5))",
            "exception|stack_overflow|invalid_output",
        ),
        ("return eval('('.repeat(1e5) + '1' + ')'.repeat(1e5))", caught),
        ("return eval('['.repeat(1e5) + ']'.repeat(1e5))", caught),
        ("return eval('a=>'.repeat(1e5) + '1')", caught),
        ("return eval('-'.repeat(1e5) + '1')", caught),
        (
            "return eval('1' + '+1'.repeat(1e5))",
            "success|exception|stack_overflow|memory_limit|cpu_limit",
        ),
        ("return eval('`${'.repeat(1e5) + '1' + '}`'.repeat(1e5))", caught),
        (
            "return eval('{'.repeat(1e5) + '}'.repeat(1e5))",
            "success|exception|stack_overflow|memory_limit|cpu_limit",
        ),
        ("return new RegExp('('.repeat(1e5) + ')'.repeat(1e5))", caught),
        (
            "return new RegExp('(?:'.repeat(1e4) + ')'.repeat(1e4)).test('')",
            "success|exception|stack_overflow|cpu_limit",
        ),
        (
            "return new Function('a'.repeat(1e6), '')",
            "success|exception|memory_limit",
        ),
        (
            "Math.max(...Array(1e6).fill(1)); return 1",
            "success|exception|stack_overflow|memory_limit|cpu_limit",
        ),
        (
            "String.fromCharCode.apply(null, Array(1e6).fill(65)); return 1",
            "success|exception|stack_overflow|memory_limit|cpu_limit",
        ),
    ])
    .await;
}

#[tokio::test]
async fn modules_at_the_edge_of_their_memory() {
    let grow = |pages: u32, then: &str| {
        format!(
            "(memory (export \"memory\") 1) (func (export \"_start\")
               (if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable)) {then})"
        )
    };
    // 64 MiB are 1024 pages.
    let last = "(i32.store8 (i32.const 67108863) (i32.const 1))";
    let cases = [
        (grow(1023, last), "success"),
        (grow(1023, "(i32.store8 (i32.const 67108864) (i32.const 1))"), "trap"),
        (grow(1023, "(i64.store (i32.const 67108860) (i64.const 1))"), "trap"),
        (grow(1023, "(i32.store8 offset=4294967295 (i32.const -1) (i32.const 1))"), "trap"),
        (grow(1023, "(memory.fill (i32.const 67108863) (i32.const 1) (i32.const 2))"), "trap"),
        (grow(1023, "(memory.copy (i32.const -1) (i32.const 0) (i32.const 1))"), "trap"),
        (grow(1024, ""), "memory_limit"),
        (grow(65535, ""), "memory_limit"),
        // One that can live without is none the worse for the denial.
        (
            "(memory (export \"memory\") 1) (func (export \"_start\") (drop (memory.grow (i32.const 65535))))".into(),
            "success",
        ),
        ("(memory (export \"memory\") 1025) (func (export \"_start\"))".into(), "memory_limit"),
        ("(memory (export \"memory\") 0) (func (export \"_start\") (drop (i32.load8_u (i32.const 0))))".into(), "trap"),
        (
            "(memory (export \"memory\") 1) (table $t 1 funcref) (func (export \"_start\")
               (if (i32.ne (table.grow $t (ref.null func) (i32.const 65536)) (i32.const -1)) (then unreachable)))"
                .into(),
            "success",
        ),
        (
            "(memory (export \"memory\") 1) (func $f (param i64 i64 i64 i64) (call $f (local.get 0) (local.get 1) (local.get 2)
               (i64.const 0)) (drop (i64.const 1))) (func (export \"_start\")
               (call $f (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)))"
                .into(),
            "stack_overflow",
        ),
        (
            "(memory (export \"memory\") 1) (table 1 funcref) (func $f (call_indirect (i32.const 0))) (elem (i32.const 0) $f)
               (func (export \"_start\") (call $f))"
                .into(),
            "stack_overflow",
        ),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(fields, code)| (fields.as_str(), *code)).collect();
    attack_with_modules(&cases).await;
}

#[tokio::test]
async fn what_is_thrown_is_told_in_little() {
    let body = "let e = new Error('0'); for (let i = 0; i < 50; i++) {
        e = Object.assign(new Error('m'.repeat(5e4), { cause: e }), { name: 'n'.repeat(5e4), stack: 'at f (a:1:1)\\n'.repeat(1e3) }) } throw e";
    let Outcome::Exception(thrown) = javascript(body).await.outcome else {
        panic!("no exception")
    };
    let told = serde_json::to_string(&thrown).unwrap().len();
    assert!(told < 300 << 10, "{told} bytes");
}
