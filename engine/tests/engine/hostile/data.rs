//! Guests that lie: in what they return, in what they log, and about what they are.

use super::{attack, javascript, limits};
use crate::fixture::{ENGINE, log, output, run_with, wat};
use engine::{Outcome, Thrown};
use wasm_encoder::{CustomSection, Encode, Section};

#[tokio::test]
async fn what_is_returned_is_json_or_refused() {
    attack(&[
        ("return undefined", "success"),
        ("return () => 1", "success"),
        ("return Symbol('x')", "success"),
        ("return 1n", "invalid_output"),
        ("return { a: 1n }", "invalid_output"),
        ("const a = {}; a.a = a; return a", "invalid_output"),
        ("return { toJSON() { throw new Error('x') } }", "invalid_output"),
        ("return new Proxy({}, { ownKeys() { throw new Error('x') } })", "invalid_output"),
        ("return new Proxy({}, { get() { throw new Error('x') }, ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }) })", "exception|invalid_output"),
        ("const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return [proxy]", "invalid_output"),
        ("return { get then() { throw new Error('x') } }", "exception"),
        ("return { then(resolve, reject) { reject('x') } }", "exception"),
        ("return { then() {} }", "unsettled"),
        ("return { then(resolve) { resolve(1); resolve(2); throw 3 } }", "success"),
        ("return 'x'.repeat(2 << 20)", "output_too_large"),
        ("return Array(1 << 20).fill(0)", "output_too_large"),
        ("return '\\ud800'.repeat(300000)", "output_too_large"),
        ("return { [Symbol.toStringTag]: 'x', __proto__: null }", "success"),
        ("await new Promise(() => {})", "unsettled"),
        ("await { then() {} }", "unsettled"),
        ("return new Date(NaN)", "success"),
        ("return new Date(8.64e15 + 1).toISOString()", "exception"),
        ("JSON.stringify = () => 'not json'; return { a: 1 }", "success"),
        ("Object.prototype.toJSON = () => 1n; return {}", "invalid_output"),
        ("return import('x')", "exception"),
        ("throw null", "exception"),
        ("throw { toString() { throw 1 } }", "exception"),
        ("throw new Proxy({}, { get() { throw 1 }, has() { throw 2 }, ownKeys() { throw 3 } })", "exception"),
    ])
    .await;
}

#[tokio::test]
async fn a_log_line_cannot_pose_as_another() {
    let execution = javascript(
        "console.log('<3>x\\n<3>y\\r\\n\\u001b]0;title\\u0007\\u001b[2J\\u009b31m\\0'); console.debug('\\n<0>'); return 1",
    )
    .await;
    let expected = "Info <3>x\nInfo <3>y\\r\nInfo \\u{1b}]0;title\\u{7}\\u{1b}[2J\\u{9b}31m\\u{0}\nDebug \nDebug <0>";
    assert_eq!(log(&execution), expected);
}

#[tokio::test]
async fn ten_megabytes_of_log_are_cut_and_marked() {
    let execution = javascript("for (let i = 0; i < 10; i++) console.log('x'.repeat(1 << 20)); return 1").await;
    assert_eq!(execution.outcome, Outcome::Success);
    let lines = execution.logs.lines();
    assert!(lines.iter().map(|line| line.message.len()).sum::<usize>() < (256 << 10) + 100);
    assert_eq!(
        lines.last().unwrap().message,
        "(the log was cut off after line 1, byte 262144)"
    );
}

/// How many bytes a string of the text format has.
fn wat_length(text: &str) -> usize {
    text.replace("\\22", "'").replace("\\n", "'").len()
}

/// A module that writes a text to stdout and exits, with custom sections of these names.
fn says(text: &str, exit: i32, customs: &[(&str, &[u8])]) -> Vec<u8> {
    let mut wasm = wat::parse_str(format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 20) (data (i32.const 0) "\10\00\00\00") (data (i32.const 16) "{text}")
        (func (export "_start") (i32.store (i32.const 4) (i32.const {}))
            (drop (call $write (i32.const {}) (i32.const 0) (i32.const 1) (i32.const 8))) (call $exit (i32.const {}))))"#,
        wat_length(text),
        if exit < 0 { 2 } else { 1 },
        exit.max(0),
    ))
    .unwrap();
    for (name, data) in customs {
        let section = CustomSection {
            name: (*name).into(),
            data: (*data).into(),
        };
        wasm.push(section.id());
        section.encode(&mut wasm);
    }
    wasm
}

#[tokio::test]
async fn a_module_that_poses_as_javascript_fails_as_itself() {
    let runtime: &[(&str, &[u8])] = &[("javascript-runtime", b"x")];
    let forged = r#"{\22name\22:\22N\22,\22message\22:\22m\22}"#;
    let thrown = Thrown {
        name: "N".into(),
        message: "m".into(),
        ..Thrown::default()
    };
    let cases = [
        (1, Outcome::Exception(thrown.clone())),
        (2, Outcome::Unsettled),
        (3, Outcome::InvalidOutput("N: m".into())),
        (4, Outcome::Exit(4, Some(thrown))),
        (0, Outcome::Success),
    ];
    for (code, expected) in cases {
        let worker = ENGINE.load(&says(forged, code, runtime)).unwrap();
        assert_eq!(run_with(&worker, "", limits()).await.outcome, expected, "{code}");
    }
}

#[tokio::test]
async fn what_a_module_says_of_its_failure_stays_small() {
    // Far more frames and causes than our runtime tells, and some that are deeper than one reads.
    let frames = format!("[{}]", vec!["\\22at x\\22"; 50_000].join(","));
    let told = format!("{{\\22message\\22:\\22m\\22,\\22stack\\22:{frames}}}");
    let nested = "{\\22message\\22:\\22m\\22,\\22cause\\22:".repeat(1000) + "{}" + &"}".repeat(1000);
    for (text, frames) in [(told.as_str(), 50), (&nested, 0)] {
        let worker = ENGINE.load(&says(text, 9, &[])).unwrap();
        let outcome = run_with(&worker, "", limits()).await.outcome;
        let Outcome::Exit(9, thrown) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(thrown.map_or(0, |thrown| thrown.stack.len()), frames);
    }
}

#[tokio::test]
async fn a_source_map_cannot_blow_up_a_log() {
    // Thirty thousand frames in a log, each of which would become a path of megabytes.
    let map = |path: &str| format!(r#"{{"version":3,"file":"F","sources":["{path}"],"names":[],"mappings":"AAAA"}}"#);
    let frames = "at F:1:1\\n".repeat(29_000);
    for (path, longest) in [("x".repeat(4 << 20), 10), ("y".repeat(1000), 1100)] {
        let worker = ENGINE
            .load(&says(&frames, -1, &[("source-map", map(&path).as_bytes())]))
            .unwrap();
        let execution = run_with(&worker, "", limits()).await;
        let lines = execution.logs.lines();
        assert!(
            lines
                .iter()
                .all(|line| line.message.len() < longest || line.message.contains("cut off"))
        );
        let all: usize = lines.iter().map(|line| line.message.len()).sum();
        assert!(all < 2 << 20, "{all} bytes");
    }
}

#[tokio::test]
async fn what_a_guest_asks_of_the_host_stays_small() {
    // The longest operation, with an unknown name of characters that are told at six times their length; then one that is
    // a byte longer; then exits with the length of the answer in kilobytes, and 50 more if the second was taken.
    let text = r#"(module
        (import "host" "start" (func $start (param i32 i32 i32 i32) (result i32)))
        (import "host" "wait" (func $wait (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 10) (data (i32.const 16) "{\"op\":\"") (data (i32.const 131086) "\"}")
        (func (export "_start")
            (memory.fill (i32.const 23) (i32.const 127) (i32.const 131063))
            (drop (call $wait (call $start (i32.const 16) (i32.const 131072) (i32.const 0) (i32.const 0)) (i32.const 0)))
            (call $exit (i32.add (i32.div_u (i32.load (i32.const 4)) (i32.const 1024))
                (i32.mul (i32.const 50) (call $start (i32.const 16) (i32.const 131073) (i32.const 0) (i32.const 0)))))))"#;
    let Outcome::Exit(kilobytes, None) = run_with(&wat(text), "", limits()).await.outcome else {
        panic!("it did not exit")
    };
    assert!((1..10).contains(&kilobytes), "{kilobytes}");
}

#[tokio::test]
async fn host_calls_outside_the_memory_are_traps() {
    let import = |name: &str, ty: &str| format!("(import \"host\" \"{name}\" (func $call {ty}))");
    let start = import("start", "(param i32 i32 i32 i32) (result i32)");
    let wait = import("wait", "(param i32 i32) (result i32)");
    let sleep = "(memory (export \"memory\") 1) (data (i32.const 0) \"{\\\"op\\\":\\\"sleep\\\",\\\"ms\\\":0}\")";
    let cases = [
        (
            &start,
            "(drop (call $call (i32.const -1) (i32.const 100) (i32.const 0) (i32.const 0)))",
            "trap",
        ),
        (
            &start,
            "(drop (call $call (i32.const 0) (i32.const 1) (i32.const 65536) (i32.const 1)))",
            "trap",
        ),
        (
            &start,
            "(drop (call $call (i32.const 0) (i32.const -1) (i32.const 0) (i32.const -1)))",
            "success|cpu_limit",
        ),
        (&wait, "(drop (call $call (i32.const 0) (i32.const -1)))", "success"),
        (&wait, "(drop (call $call (i32.const 77) (i32.const 0)))", "success"),
    ];
    for (import, code, expected) in cases {
        let text = format!("{import} {sleep} (func (export \"_start\") {code})");
        super::attack_with_modules(&[(&text, expected)]).await;
    }
    // An answer that is to be written outside.
    let text = format!(
        "{start} (import \"host\" \"wait\" (func $wait (param i32 i32) (result i32)))
         (import \"host\" \"read\" (func $read (param i32 i32 i32))) {sleep} (func (export \"_start\")
           (drop (call $wait (call $call (i32.const 0) (i32.const 21) (i32.const 0) (i32.const 0)) (i32.const 64)))
           (call $read (i32.const 1) (i32.const -1) (i32.const -1)))"
    );
    super::attack_with_modules(&[(&text, "trap")]).await;
}

#[tokio::test]
async fn operations_that_nobody_awaits_end_with_the_guest() {
    let execution = javascript("for (let i = 0; i < 500; i++) context.wait(3_600_000); return 'done'").await;
    assert_eq!(output(&execution), "\"done\"");
    assert!(
        log(&execution).contains("500 operations were not awaited"),
        "{}",
        log(&execution)
    );
}
