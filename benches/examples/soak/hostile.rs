//! Workers that mean harm, and what is to become of each.

use crate::client::Answer;
use crate::workers::{Right, Work, data, nothing};
use serde_json::json;
use std::sync::LazyLock;

/// A name, the code, and whether an answer is right, by the word for it.
type Hostile = (&'static str, &'static str, fn(&str, &Answer) -> bool);

/// JavaScript.
const SCRIPTS: &[Hostile] = &[
    ("spin", "export default () => { for (;;); }", cpu),
    (
        "spin in a finally",
        "export default () => { for (;;) try { throw 1 } finally { continue } }",
        cpu,
    ),
    ("microtasks", "export default async () => { for (;;) await null }", cpu),
    (
        "microtask flood",
        "export default () => { const f = () => [f, f].map(queueMicrotask); f() }",
        memory,
    ),
    (
        "redos",
        "export default () => /^(a+)+$/.test('a'.repeat(40) + 'b')",
        cpu,
    ),
    (
        "bigint",
        "export default () => { let x = 3n; for (;;) x = x * x }",
        any_failure,
    ),
    (
        "string",
        "export default () => { let s = 'x'; for (;;) s += s }",
        any_failure,
    ),
    (
        "allocate",
        "export default () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)) }",
        memory,
    ),
    (
        "objects",
        "export default () => { let o = {}; for (;;) o = { o, p: [1, 2, 3] } }",
        memory,
    ),
    (
        "garbage",
        "export default () => { for (;;) { const a = {}, b = { a }; a.b = b } }",
        cpu,
    ),
    (
        "sort",
        "export default () => Array.from({ length: 1e6 }, (_, i) => -i).sort(() => 1).length",
        any_failure,
    ),
    (
        "recurse",
        "const f = (n) => f(n + 1) + 1; export default () => f(0)",
        |word, _| stack(word),
    ),
    (
        "parse deep",
        "export default () => JSON.parse('['.repeat(100000))",
        |word, _| stack(word),
    ),
    (
        "stringify deep",
        "export default () => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a }",
        |word, _| stack(word) || word == "200 invalid_output",
    ),
    // Others stop it.
    ("sleep", "export default ({ wait }) => wait(3600000)", |word, _| {
        word == "200 cancelled"
    }),
    (
        "timers",
        "export default async () => { for (let i = 0; i < 1e5; i++) setTimeout(() => {}, 1e6); return 1 }",
        any,
    ),
    ("never", "export default () => new Promise(() => {})", |word, _| {
        word == "200 unsettled"
    }),
    ("large", "export default () => 'x'.repeat(2 << 20)", |word, _| {
        word == "200 output_too_large"
    }),
    ("bigint result", "export default () => 1n", |word, _| {
        word == "200 invalid_output"
    }),
    (
        "cycle",
        "export default () => { const a = []; a.push(a); return a }",
        |word, _| word == "200 invalid_output",
    ),
    ("function", "export default () => () => 1", |_, answer| {
        answer.body == br#"{"executionStatus":"STATUS_SUCCESS"}"#
    }),
    (
        "logs",
        "export default () => { for (let i = 3e3; i--;) console.log('\\x1b[31m\\r\\n' + 'x'.repeat(1e3)); return 1 }",
        |word, answer| cpu(word, answer) || data(answer) == Some(json!(1)),
    ),
    (
        "forge",
        "export default () => { console.error('<0>{\"data\":\"forged\",\"executionStatus\":\"STATUS_SUCCESS\"}');
         console.log('\\n\\0{\"name\":\"forged\"}\\n'); return 'real' }",
        |_, answer| data(answer) == Some(json!("real")),
    ),
    (
        "overwrite",
        "export default () => { JSON.stringify = () => '\"forged\"'; Object.prototype.toJSON = () => 'forged';
         Promise.prototype.then = () => {}; Array.prototype[Symbol.iterator] = null; return 'real' }",
        |word, answer| word != "200" || data(answer) == Some(json!("real")),
    ),
    (
        "prototypes",
        "export default (c) => { Object.prototype.status = 1; delete globalThis.Object; c.__proto__ = null;
         return 'real' }",
        |word, answer| word != "200" || data(answer) == Some(json!("real")),
    ),
    (
        "reach inside",
        "export default async () => { const at = ['http://127.0.0.1/', 'http://169.254.169.254/latest/',
         'http://[::1]:22/',
         'http://0x7f.1/', 'http://[::ffff:10.0.0.1]/', 'file:///etc/passwd']; const out = [];
         for (const url of at) out.push(await fetch(url).then(() => 'REACHED', () => 'denied')); return out.join() }",
        |_, answer| data(answer) == Some(json!(["denied"; 6].join(","))),
    ),
    (
        "many requests",
        "export default async () => (await Promise.all(Array.from({ length: 500 }, () => fetch('http://127.0.0.1:1/')
         .then(() => 1, () => 0)))).reduce((a, b) => a + b)",
        |word, answer| any_failure(word, answer) || data(answer) == Some(json!(0)),
    ),
    (
        "random",
        "export default () => { const a = new Uint8Array(65536); for (;;) crypto.getRandomValues(a) }",
        cpu,
    ),
    (
        "state flood",
        "export default ({ state }) => { for (let i = 0; i < 1e4; i++) state.set('k' + i, 'x'.repeat(200)); return 1 }",
        any,
    ),
];

/// A module with these imports and this `_start`.
macro_rules! module {
    ($start:literal) => {
        module!("", $start)
    };
    ($before:literal, $start:literal) => {
        concat!(
            "(module
            (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))
            (import \"wasi_snapshot_preview1\" \"random_get\" (func $random (param i32 i32) (result i32)))
            (import \"wasi_snapshot_preview1\" \"poll_oneoff\" (func $poll (param i32 i32 i32 i32) (result i32)))
            (import \"wasi_snapshot_preview1\" \"path_open\" (func $open
                (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))
            (memory (export \"memory\") 16) 
            (data (i32.const 0) \"\\10\\00\\00\\00\\01\\00\\00\\00x\") ",
            $before,
            "(func (export \"_start\") ",
            $start,
            "))"
        )
    };
}

const MODULES: &[Hostile] = &[
    ("wasm: loop", module!("(loop br 0)"), cpu),
    (
        "wasm: loop at start",
        module!("(func $f (loop br 0)) (start $f)", ""),
        cpu,
    ),
    (
        "wasm: fill",
        module!("(loop (memory.fill (i32.const 64) (i32.const 1) (i32.const 65536)) (br 0))"),
        cpu,
    ),
    (
        "wasm: grow by none",
        module!("(loop (drop (memory.grow (i32.const 0))) (br 0))"),
        cpu,
    ),
    (
        "wasm: grow",
        module!("(loop (br_if 0 (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) unreachable"),
        memory,
    ),
    (
        "wasm: random",
        module!("(loop (drop (call $random (i32.const 64) (i32.const 900000))) (br 0))"),
        any_failure,
    ),
    (
        "wasm: logs",
        module!("(loop (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 32))) (br 0))"),
        cpu,
    ),
    (
        "wasm: output",
        module!("(loop (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))) (br 0))"),
        any_failure,
    ),
    (
        "wasm: sleep",
        module!(
            "(data (i32.const 144) \"\\01\\00\\00\\00\\00\\00\\00\\00\\00\\00\\ff\\ff\\ff\\ff\\00\\00\")",
            "(drop (call $poll (i32.const 128) (i32.const 512) (i32.const 1) (i32.const 32)))"
        ),
        any,
    ),
    (
        "wasm: files",
        module!(
            "(loop (drop (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 9) (i32.const 0)
             (i64.const 0)
             (i64.const 0) (i32.const 0) (i32.const 32))) (br 0))"
        ),
        any_failure,
    ),
    ("wasm: recurse", module!("(func $f call $f)", "call $f"), |word, _| {
        word == "200 stack_overflow"
    }),
    ("wasm: trap", module!("unreachable"), |word, _| word == "200 trap"),
    ("wasm: exit", module!("(call $exit (i32.const 99))"), |word, _| {
        word == "200 exit"
    }),
];

/// All of them. What computes has an eighth of a second for it, so that there is time for the others.
pub static HOSTILE: LazyLock<Vec<Work>> = LazyLock::new(|| {
    let all = SCRIPTS.iter().chain(MODULES).enumerate();
    all.map(|(number, (name, code, right))| Work {
        // Known for the whole time of the program.
        key: Box::leak(format!("bad-{}", name.replace([' ', ':'], "-")).into_boxed_str()),
        code,
        // A few have the host's own limits.
        millis: if number % 12 == 0 { (0, 0) } else { (125, 4000) },
        payload: nothing,
        right: Right::Hostile(*right),
    })
    .collect()
});

/// Any failure of the worker.
fn any_failure(word: &str, _: &Answer) -> bool {
    word.starts_with("200 ")
}

/// A failure or none.
fn any(word: &str, _: &Answer) -> bool {
    word.starts_with("200")
}

/// It computed too long, in one way or the other.
fn cpu(word: &str, _: &Answer) -> bool {
    matches!(word, "200 cpu_limit" | "200 time_limit")
}

/// It had all the memory that it may have, or on a busy machine no time to get it.
fn memory(word: &str, answer: &Answer) -> bool {
    word == "200 memory_limit" || cpu(word, answer)
}

/// The stack came to its end, whichever.
fn stack(word: &str) -> bool {
    matches!(
        word,
        "200 exception" | "200 stack_overflow" | "200 cpu_limit" | "200 time_limit"
    )
}
