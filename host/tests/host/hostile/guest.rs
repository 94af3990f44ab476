//! Guests over HTTP: each ends with its code, and leaves one entry in the history and nothing else.

use super::{SOME, besieged, run, upload};
use crate::api::wait_for_history;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Bodies of handlers, and the codes that they may end with.
const CASES: &[(&str, &str)] = &[
    ("for (;;) {}", "cpu_limit"),
    ("return /^(a+)+$/.test('a'.repeat(40) + 'b')", "cpu_limit"),
    (
        "let n = 3n; for (;;) n = n * n + 1n",
        "cpu_limit memory_limit exception",
    ),
    (
        "const f = () => Promise.resolve().then(f); f(); await new Promise(() => {})",
        "cpu_limit",
    ),
    ("const f = () => queueMicrotask(f); f(); return 1", "cpu_limit"),
    ("return { get a() { for (;;) {} } }", "cpu_limit"),
    ("for (;;) crypto.getRandomValues(new Uint8Array(65536))", "cpu_limit"),
    ("for (;;) console.log('x')", "cpu_limit"),
    (
        "for (;;) try { fetch('http://10.0.0.1').catch(() => {}) } catch {}",
        "cpu_limit memory_limit",
    ),
    (
        "for (;;) try { context.wait(1e9).catch(() => {}) } catch {}",
        "cpu_limit memory_limit",
    ),
    ("await new Promise(() => {})", "unsettled"),
    (
        "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1))",
        "memory_limit",
    ),
    ("return 'a'.repeat(2 ** 28)", "memory_limit exception"),
    ("throw new Error('x'.repeat(100 << 20))", "memory_limit exception"),
    (
        "let e = new Error('0'); for (let i = 0; i < 1e4; i++) e = new Error('x', { cause: e }); throw e",
        "exception",
    ),
    ("const f = () => f() + 1; f()", "exception"),
    (
        "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a",
        "stack_overflow invalid_output output_too_large cpu_limit",
    ),
    ("return 'x'.repeat(2 << 20)", "output_too_large"),
    ("return 1n", "invalid_output"),
    ("throw '\\u001b[2J\\r\\n\\u0000<script>'", "exception"),
    (
        "throw Object.assign(new Error('m'), { name: 'n\\r\\nSet-Cookie: a=b', stack: 'at x\\r\\n\\r\\n' })",
        "exception",
    ),
];

#[test]
fn every_end_is_told_once_and_leaves_nothing() {
    let server = besieged(&[]);
    let before = server.holdings();
    for (number, (body, expected)) in CASES.iter().enumerate() {
        let began = Instant::now();
        let answer = run(&server, body);
        let code = answer.failure();
        assert!(expected.split(' ').any(|one| one == code), "{body}: {code}");
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{body}: {:?}",
            began.elapsed()
        );
        server.is_as_before(before, SOME);
        let history = wait_for_history(&server, "v1/execution_history?workerKey=any", number + 2);
        let entries = history.as_array().unwrap();
        assert_eq!(entries.len(), number + 2, "{body}");
        assert_eq!(
            entries[0]["executionId"],
            json!(answer.header("x-execution-id")),
            "{body}"
        );
        assert_eq!(
            (&entries[0]["outcome"], &entries[0]["executionStatus"]),
            (&json!(code), &json!("STATUS_FAIL")),
            "{body}"
        );
    }
}

#[test]
fn logs_are_cut_escaped_and_kept_apart() {
    let server = besieged(&[]);
    let before = server.holdings();
    run(
        &server,
        "console.log('\\u001b[2J<3>x\\n[error] - forged\\r\\u0000'); return 1",
    );
    run(
        &server,
        "for (let i = 0; i < 10; i++) console.log('x'.repeat(1 << 20)); return 1",
    );
    let history = wait_for_history(&server, "v1/execution_history?workerKey=any", 3);
    let logs = |entry: usize| history[entry]["executionResult"]["logs"].as_str().unwrap().to_owned();
    assert_eq!(
        logs(1),
        "[info ] - \\u{1b}[2J<3>x\n[info ] - [error] - forged\\r\\u{0}\n"
    );
    assert!(
        logs(0).len() < 140 << 10 && history[0]["truncated"] == true,
        "{}",
        logs(0).len()
    );
    server.is_as_before(before, SOME);
}

#[test]
fn a_forged_result_changes_nothing() {
    let server = besieged(&[]);
    for (body, data) in [
        (
            "return { data: 1, executionStatus: 'STATUS_SUCCESS', error: { code: 'x' } }",
            json!({"data": 1, "executionStatus": "STATUS_SUCCESS", "error": {"code": "x"}}),
        ),
        (
            "return '\"},\"executionStatus\":\"STATUS_FAIL\"'",
            json!("\"},\"executionStatus\":\"STATUS_FAIL\""),
        ),
        (
            "return { httpResponse: { status: 500 } }",
            json!({"httpResponse": {"status": 500}}),
        ),
        (
            "console.log('{\"executionStatus\":\"STATUS_FAIL\"}'); return 1",
            json!(1),
        ),
    ] {
        let answer = run(&server, body).json();
        assert_eq!(
            (&answer["executionStatus"], &answer["data"]),
            (&json!("STATUS_SUCCESS"), &data),
            "{body}"
        );
    }
}

#[test]
fn what_breaks_the_built_ins_breaks_one_execution() {
    let server = besieged(&[]);
    for breakage in [
        "JSON.stringify = JSON.parse = () => { throw 1 }",
        "Object.prototype.toJSON = () => 'forged'",
        "Promise.prototype.then = () => { throw 2 }",
        "Array.prototype[Symbol.iterator] = () => { throw 3 }",
        "Object.defineProperty(Object.prototype, 'then', { get() { throw 4 } })",
        "for (const name of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[name] } catch {}",
        "Object.freeze(Object.prototype); Object.freeze(Array.prototype); Object.freeze(globalThis)",
    ] {
        let answer = run(&server, &format!("{breakage}; return {{ a: [1] }}"));
        assert_eq!(answer.status, 200, "{breakage}: {answer:?}");
        let data = &answer.json()["data"];
        assert!(
            [json!({"a": [1]}), json!("forged"), Value::Null].contains(data),
            "{breakage}: {data}"
        );
        server.is_well();
        assert_eq!(
            run(&server, "return [typeof fetch, JSON.stringify([1])]").json()["data"],
            json!(["function", "[1]"])
        );
    }
}

/// A module that calls a function of WASI for ever.
fn endless(name: &str, types: &str, arguments: &str) -> Vec<u8> {
    wat::parse_str(format!(
        "(module (import \"wasi_snapshot_preview1\" \"{name}\" (func $call {types} (result i32)))
           (memory (export \"memory\") 1) (func (export \"_start\") (loop (drop (call $call {arguments})) (br 0))))"
    ))
    .unwrap()
}

#[test]
fn a_guest_writes_nothing_to_the_hosts_own_log() {
    let mut server = besieged(&[]);
    let cases = [
        (
            "sock_accept",
            "(param i32 i32 i32)",
            "(i32.const 0) (i32.const 0) (i32.const 0)",
        ),
        ("sock_shutdown", "(param i32 i32)", "(i32.const 0) (i32.const 0)"),
        (
            "fd_write",
            "(param i32 i32 i32 i32)",
            "(i32.const 2) (i32.const 0) (i32.const 1) (i32.const 0)",
        ),
        ("proc_raise", "(param i32)", "(i32.const 9)"),
    ];
    for (number, (name, types, arguments)) in cases.into_iter().enumerate() {
        let answer = upload(&server, &format!("m{number}"), &endless(name, types, arguments));
        assert_eq!(answer.status, 201, "{name}: {answer:?}");
        server.logged();
        assert_eq!(
            server.execute(&format!("m{number}"), "").failure(),
            "cpu_limit",
            "{name}"
        );
        let logged = server.logged();
        assert!(logged.lines().count() < 10, "{name}: {} bytes in the log", logged.len());
    }
    server.is_well();
}

#[test]
fn a_module_is_no_way_around_the_limits() {
    let server = besieged(&[]);
    let before = server.holdings();
    let start = |code: &str| format!("(module (memory (export \"memory\") 1) {code} (func (export \"_start\")))");
    let cases = [
        (start("(func $f (loop br 0)) (start $f)"), "cpu_limit"),
        (start("(func $f unreachable) (start $f)"), "trap"),
        (start("(func $f (call $f)) (start $f)"), "stack_overflow"),
        (
            start(
                "(func $f (if (i32.eq (memory.grow (i32.const 9999)) (i32.const -1)) (then unreachable))) (start $f)",
            ),
            "memory_limit",
        ),
        (start("(data (i32.const -1) \"x\")"), "trap"),
    ];
    for (number, (text, expected)) in cases.iter().enumerate() {
        let key = format!("m{number}");
        assert_eq!(
            upload(&server, &key, &wat::parse_str(text).unwrap()).status,
            201,
            "{text}"
        );
        assert_eq!(server.execute(&key, "").failure(), *expected, "{text}");
        server.is_as_before(before, SOME);
        let path = format!("v1/execution_history?workerKey={key}");
        assert_eq!(wait_for_history(&server, &path, 1)[0]["outcome"], *expected);
    }
    // Refused at the door, each with a sentence.
    for (text, part) in [
        (
            "(module (import \"env\" \"a\" (func)) (memory (export \"memory\") 1) (func (export \"_start\")))",
            "env.a",
        ),
        (
            "(module (memory (export \"memory\") 32768) (func (export \"_start\")))",
            "memory",
        ),
        (
            "(module (memory (export \"memory\") 1) (table 1000000 funcref) (func (export \"_start\")))",
            "table",
        ),
        (
            "(module (func (export \"memory\")) (func (export \"_start\")))",
            "memory",
        ),
        ("(component)", "component"),
    ] {
        let answer = upload(&server, "refused", &wat::parse_str(text).unwrap());
        let sentence = answer.json()["errors"][0]["message"].to_string();
        assert!(answer.status == 400 && sentence.contains(part), "{text}: {answer:?}");
        server.is_as_before(before, SOME);
    }
}
