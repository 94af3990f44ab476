//! Guests that never end.

use super::{any, attack, attack_with_modules, ended, is_well, limits, longest_hold};
use crate::fixture::{run_with, wat};
use engine::Limits;
use std::time::{Duration, Instant};

#[tokio::test]
async fn javascript_that_never_ends() {
    attack(&[
        ("for (;;) {}", "cpu_limit"),
        ("for (;;) try { throw 1 } catch {} finally { continue }", "cpu_limit"),
        ("return /^(a+)+$/.test('a'.repeat(40) + 'b')", "cpu_limit"),
        ("return /(?<=(a|aa)+)b/.test('a'.repeat(60) + 'c')", "success|cpu_limit"),
        (
            "return 'x'.repeat(1e5).replace(/(x+x+)+y/g, '')",
            "cpu_limit|stack_overflow|exception",
        ),
        ("let n = 3n; for (;;) n **= 3n", "cpu_limit|memory_limit|exception"),
        ("let n = 1n; for (;;) n = n * 7n + 1n", "cpu_limit"),
        (
            "const f = () => { Promise.resolve().then(f) }; f(); await new Promise(() => {})",
            "cpu_limit",
        ),
        ("const f = () => queueMicrotask(f); f(); return 1", "cpu_limit"),
        (
            "const f = () => setTimeout(f, 0); f(); await new Promise(() => {})",
            "host_call_limit",
        ),
        (
            "setInterval(() => {}, 0); await new Promise(() => {})",
            "cpu_limit|host_call_limit|time_limit",
        ),
        ("const t = { then(resolve) { resolve(t) } }; return t", "cpu_limit"),
        ("return { get then() { for (;;) {} } }", "cpu_limit"),
        (
            "async function* g() { for (;;) yield 1 } for await (const x of g()) {}",
            "cpu_limit",
        ),
        (
            "function* g() { for (;;) yield 1 } Array.from(g())",
            "cpu_limit|memory_limit",
        ),
        (
            "[...{ [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) }]",
            "cpu_limit|memory_limit",
        ),
        ("[1, 2].sort(() => { for (;;) {} })", "cpu_limit"),
        ("'a'.replace('a', () => { for (;;) {} })", "cpu_limit"),
        ("new Proxy({}, { get() { for (;;) {} } }).x", "cpu_limit"),
        (
            "const p = Promise.reject(1); for (;;) p.catch(() => {})",
            "cpu_limit|memory_limit",
        ),
        ("for (;;) Promise.reject(new Error('x'))", "cpu_limit|memory_limit"),
        (
            "const k = new Uint8Array(1 << 20); for (;;) await crypto.subtle.digest('SHA-512', k)",
            "cpu_limit",
        ),
        ("for (;;) crypto.getRandomValues(new Uint8Array(65536))", "cpu_limit"),
        ("for (;;) console.log('x')", "cpu_limit"),
        (
            "for (;;) new Date().toLocaleString('de', { timeZone: 'Europe/Berlin' })",
            "cpu_limit|exception",
        ),
        ("for (;;) performance.now()", "cpu_limit"),
        ("new Function('for (;;) {}')()", "cpu_limit"),
        ("for (;;) eval('1')", "cpu_limit|memory_limit"),
        ("for (;;) context.state.getAll()", "cpu_limit"),
        (
            "for (;;) context.wait(1e9).catch(() => {})",
            "cpu_limit|memory_limit|exception",
        ),
        (
            "for (;;) try { context.wait(1e9).catch(() => {}) } catch {}",
            "cpu_limit|memory_limit",
        ),
        (
            "for (;;) fetch('http://10.0.0.1/').catch(() => {})",
            "cpu_limit|memory_limit|exception",
        ),
        ("for (;;) structuredClone({ a: [1, 2, 3] })", "cpu_limit"),
        ("for (;;) { const a = { b: new Array(20) }; a.b[0] = a }", "cpu_limit"),
        ("for (;;) new URL('http://x/' + 'a'.repeat(1000))", "cpu_limit"),
    ])
    .await;
}

#[tokio::test]
async fn code_that_runs_where_nobody_expects_it() {
    attack(&[
        ("return { get a() { for (;;) {} } }", "cpu_limit"),
        ("return { toJSON() { for (;;) {} } }", "cpu_limit"),
        ("return new Proxy({}, { ownKeys() { for (;;) {} } })", "cpu_limit"),
        ("return new Proxy([], { get() { for (;;) {} } })", "cpu_limit"),
        (
            "Object.prototype.toJSON = () => { for (;;) {} }; return {}",
            "cpu_limit",
        ),
        ("return `${{ [Symbol.toPrimitive]() { for (;;) {} } }}`", "cpu_limit"),
        ("return 1 + { valueOf() { for (;;) {} } }", "cpu_limit"),
        ("throw { get stack() { for (;;) {} } }", "cpu_limit"),
        (
            "throw Object.defineProperty(new Error('x'), 'name', { get() { for (;;) {} } })",
            "cpu_limit",
        ),
        (
            "throw Object.defineProperty(new Error('x'), 'message', { get() { for (;;) {} } })",
            "cpu_limit",
        ),
        (
            "throw Object.defineProperty(new Error('x'), 'cause', { get() { for (;;) {} } })",
            "cpu_limit",
        ),
        (
            "throw new Proxy(new Error('x'), { get() { for (;;) {} } })",
            "cpu_limit",
        ),
        (
            "throw { [Symbol.for('nodejs.util.inspect.custom')]() { for (;;) {} } }",
            "cpu_limit",
        ),
        (
            "Error.prepareStackTrace = () => { for (;;) {} }; throw new Error('x')",
            "cpu_limit|exception",
        ),
        (
            "console.log({ [Symbol.for('nodejs.util.inspect.custom')]() { for (;;) {} } })",
            "cpu_limit",
        ),
        ("console.log({ get a() { for (;;) {} } })", "success"),
        (
            "console.log(new Proxy({}, { get() { for (;;) {} }, ownKeys() { for (;;) {} } }))",
            "success|cpu_limit",
        ),
        (
            "Promise.reject({ [Symbol.for('nodejs.util.inspect.custom')]() { for (;;) {} } }); return 1",
            "cpu_limit",
        ),
        (
            "Array.prototype[Symbol.iterator] = () => { for (;;) {} }; const [a] = [1]; return a",
            "cpu_limit",
        ),
        (
            "Promise.prototype.then = () => { for (;;) {} }; await Promise.resolve(1); return 1",
            "success|cpu_limit",
        ),
        (
            "Function.prototype.call = Function.prototype.apply = () => { for (;;) {} }; return 1",
            "success|cpu_limit",
        ),
        // Whatever is collected at the end, nobody is called for it.
        (
            "new FinalizationRegistry(() => { for (;;) {} }).register({}, 1); return 1",
            "success|cpu_limit",
        ),
        (
            "function* g() { try { yield 1 } finally { for (;;) {} } } g().next(); return 1",
            "success",
        ),
        (
            "function* g() { try { yield 1 } finally { for (;;) {} } } const i = g(); i.next(); i.return()",
            "cpu_limit",
        ),
    ])
    .await;
}

#[tokio::test]
async fn modules_that_never_end() {
    let memory = "(memory (export \"memory\") 1024)";
    let start = |code: &str| format!("{memory} (func (export \"_start\") {code})");
    let cases = [
        start("(loop br 0)"),
        start("(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864)) (br 0))"),
        start("(loop (memory.copy (i32.const 0) (i32.const 65536) (i32.const 60000000)) (br 0))"),
        start("(loop (drop (memory.grow (i32.const 0))) (br 0))"),
        format!(
            "(table $t 60000 funcref) {}",
            start("(loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 60000)) (br 0))")
        ),
        format!(
            "(table $t 60000 funcref) {}",
            start("(loop (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 59999)) (br 0))")
        ),
        format!(
            "(table $t 1 60000 funcref) {}",
            start("(loop (drop (table.grow $t (ref.null func) (i32.const 0))) (br 0))")
        ),
        format!(
            "(data $d \"x\") {}",
            start("(loop (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (br 0))")
        ),
        format!("{memory} (func $f (loop br 0)) (start $f) (func (export \"_start\"))"),
        // Two functions that call each other by the table, for ever but not deep.
        format!(
            "(table funcref (elem $f)) (func $f) {}",
            start("(loop (call_indirect (i32.const 0)) (br 0))")
        ),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|case| (case.as_str(), "cpu_limit")).collect();
    attack_with_modules(&cases).await;
}

#[tokio::test]
async fn a_sleep_ends_at_the_wall_limit() {
    let limits = Limits {
        timeout: Duration::from_millis(150),
        ..Limits::default()
    };
    for body in [
        "await context.wait(3_600_000)",
        "await new Promise((resolve) => setTimeout(resolve, 2 ** 31 - 1))",
        "await Promise.all(Array.from({ length: 900 }, () => context.wait(3_600_000)))",
        "setInterval(() => {}, 50); await new Promise(() => {})",
    ] {
        let began = Instant::now();
        let execution = run_with(any().await, &serde_json::to_string(body).unwrap(), limits.clone()).await;
        assert_eq!(ended(body, &execution, "time_limit"), None);
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{body}: {:?}",
            began.elapsed()
        );
        is_well().await;
    }
}

/// How long a guest may hold its thread: the promise is 20 ms for those who wait.
const HOLD: Duration = Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 10 });

#[tokio::test]
async fn nobody_holds_a_thread() {
    let cases = [
        ("", "(loop br 0)"),
        (
            "",
            "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 1048576)) (br 0))",
        ),
        ("", "(loop (drop (memory.grow (i32.const 0))) (br 0))"),
        ("sched_yield (result i32)", "(loop (drop (call $call)) (br 0))"),
    ];
    for (import, code) in cases {
        let import = import.split_once(' ').map_or(String::new(), |(name, ty)| {
            format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func $call {ty}))")
        });
        let text = format!("(module {import} (memory (export \"memory\") 16) (func (export \"_start\") {code}))");
        let worker = wat(&text);
        let limits = Limits {
            fuel: 200_000_000,
            ..limits()
        };
        let (execution, hold) = longest_hold(run_with(&worker, "", limits)).await;
        assert_eq!(ended(&text, &execution, "cpu_limit"), None);
        assert!(hold < HOLD, "{text} held its thread for {hold:?}");
    }
}
