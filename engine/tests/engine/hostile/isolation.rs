//! Guests that look for what others have left, and that leave something for others.

use super::limits;
use crate::fixture::{ENGINE, output, run_with, wat, worker};
use engine::{Limits, Outcome, Request};
use std::collections::HashSet;

/// Writes all memory it can get, then ends so.
fn writer(end: &str) -> String {
    format!(
        "(module (memory (export \"memory\") 1) (func (export \"_start\")
           (drop (memory.grow (i32.const 255)))
           (memory.fill (i32.const 0) (i32.const 170) (i32.const 16777216)) {end}))"
    )
}

/// Takes as much and exits with 7 if any of it was written.
const READER: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $at i32)
        (drop (memory.grow (i32.const 255)))
        (loop
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (call $exit (i32.const 7))))
            (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 16777216))))))"#;

#[tokio::test]
async fn memory_of_others_is_never_seen() {
    let reader = wat(READER);
    let writers = ["", "unreachable", "(loop br 0)", "(drop (i32.load (i32.const -1)))"].map(|end| wat(&writer(end)));
    for _ in 0..10 {
        for writer in &writers {
            let few = Limits {
                fuel: 30_000_000,
                ..limits()
            };
            run_with(writer, "", few).await;
            assert_eq!(run_with(&reader, "", limits()).await.outcome, Outcome::Success);
        }
    }
}

#[tokio::test]
async fn globals_and_tables_begin_anew() {
    // Exits with 7 if it finds what it does itself, and then ends in one of three ways.
    let text = |end: &str| {
        format!(
            "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))
               (memory (export \"memory\") 1) (data (i32.const 8) \"a\")
               (global $g (mut i32) (i32.const 1)) (table $t 2 10 funcref) (elem (i32.const 0) $f)
               (func $f) (func (export \"_start\")
                 (if (i32.or (i32.or (i32.ne (global.get $g) (i32.const 1)) (ref.is_null (table.get $t (i32.const 0))))
                             (i32.or (i32.ne (table.size $t) (i32.const 2)) (i32.ne (i32.load8_u (i32.const 8)) (i32.const 97))))
                     (then (call $exit (i32.const 7))))
                 (global.set $g (i32.const 2)) (table.set $t (i32.const 0) (ref.null func))
                 (drop (table.grow $t (ref.null func) (i32.const 5))) (i32.store8 (i32.const 8) (i32.const 98)) {end}))"
        )
    };
    for end in ["", "unreachable", "(loop br 0)"] {
        let worker = wat(&text(end));
        for _ in 0..200 {
            let few = Limits {
                fuel: 100_000,
                ..limits()
            };
            let outcome = run_with(&worker, "", few).await.outcome;
            assert_ne!(outcome, Outcome::Exit(7, None), "{end}");
        }
    }
}

#[tokio::test]
async fn random_numbers_are_never_the_same() {
    let worker = worker(
        "Math.random(); export default async () => {\n\
           const bytes = new Uint8Array(16); crypto.getRandomValues(bytes);\n\
           return [Math.random(), bytes.join(), crypto.randomUUID()] }",
    )
    .await;
    let mut seen = HashSet::new();
    for _ in 0..1000 {
        let execution = run_with(&worker, "", limits()).await;
        let values: Vec<serde_json::Value> = serde_json::from_slice(&execution.output).unwrap();
        for value in values {
            assert!(seen.insert(value.to_string()), "{value} twice");
        }
    }
}

#[tokio::test]
async fn the_world_of_a_guest_is_what_it_was_given() {
    // Nothing of the process: no arguments, no variables, no preopened folder.
    let worker = wat(r#"(module
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $arguments (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (local $fd i32)
            (drop (call $environ (i32.const 0) (i32.const 4)))
            (drop (call $arguments (i32.const 8) (i32.const 12)))
            (if (i32.or (i32.ne (i32.load (i32.const 0)) (i32.const 1)) (i32.ne (i32.load (i32.const 8)) (i32.const 0)))
                (then (call $exit (i32.const 7))))
            (loop
                (if (i32.eqz (call $prestat (local.get $fd) (i32.const 16))) (then (call $exit (i32.const 8))))
                (br_if 0 (i32.lt_u (local.tee $fd (i32.add (local.get $fd) (i32.const 1))) (i32.const 100))))))"#);
    let request = Request {
        environment: vec![("WORKER_KEY".into(), "w".into())],
        ..Request::default()
    };
    let execution = ENGINE.run(&worker, request, std::future::pending()).await.unwrap();
    assert_eq!(execution.outcome, Outcome::Success);
}

#[tokio::test]
async fn javascript_has_no_way_out() {
    let names = [
        "std",
        "os",
        "Javy",
        "bjson",
        "process",
        "require",
        "module",
        "Deno",
        "Bun",
        "WebAssembly",
        "SharedArrayBuffer",
        "Atomics",
        "Worker",
        "__filename",
        "XMLHttpRequest",
        "WebSocket",
        "importScripts",
        "print",
        "load",
        "scriptArgs",
    ];
    let source = format!(
        "export default async () => {{\n\
           const found = {names:?}.filter((name) => typeof (globalThis as any)[name] !== 'undefined');\n\
           const imported = await import('no' + 'de:fs').then(() => 'imported', () => 'refused');\n\
           return [found, imported] }}"
    );
    let execution = run_with(&worker(&source).await, "", limits()).await;
    assert_eq!(output(&execution), r#"[[],"refused"]"#, "{:?}", execution.outcome);
}

#[tokio::test]
async fn many_at_once_do_not_mix() {
    let worker = worker(
        "export default async (context: any, n: number) => {\n\
           (globalThis as any).n ??= n; await context.wait(n % 5); return [(globalThis as any).n, n] }",
    )
    .await;
    let mut all = tokio::task::JoinSet::new();
    for n in 0..40 {
        let worker = worker.clone();
        all.spawn(async move { (n, output(&run_with(&worker, &n.to_string(), limits()).await).to_owned()) });
    }
    for (n, seen) in all.join_all().await {
        assert_eq!(seen, format!("[{n},{n}]"));
    }
}
