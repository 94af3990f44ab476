//! Any WASI command is a worker.

use crate::fixture::{ENGINE, log, output, run, run_with, wat};
use engine::{Limits, Outcome, Payload, Request};
use std::time::Duration;

/// Copies up to 4 KiB of stdin to stdout.
const ECHO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\00\10\00\00")
    (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
        (if (i32.load (i32.const 4)) (then
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))))"#;

#[tokio::test]
async fn a_module_written_by_hand_is_a_worker() {
    let worker = wat(ECHO);
    assert_eq!(output(&run(&worker, r#"{"a": [1]}"#).await), r#"{"a": [1]}"#);
    assert_eq!(run(&worker, "").await.outcome, Outcome::Success);
}

/// Prints, then exits.
fn saying(stdout: &str, stderr: &str, exit: &str) -> String {
    format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 100) {stdout:?}) (data (i32.const 1000) {stderr:?})
        (func $say (param i32 i32 i32)
            (i32.store (i32.const 0) (local.get 1)) (i32.store (i32.const 4) (local.get 2))
            (drop (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 8))))
        (func (export "_start")
            (call $say (i32.const 1) (i32.const 100) (i32.const {}))
            (call $say (i32.const 2) (i32.const 1000) (i32.const {}))
            {exit}))"#,
        stdout.len(),
        stderr.len()
    )
}

#[tokio::test]
async fn exit_codes_and_output_make_the_outcome() {
    let exit = |code: i32| Outcome::Exit(code, None);
    let cases = [
        ("1", "(call $exit (i32.const 0))", Outcome::Success),
        ("1", "", Outcome::Success),
        ("1", "(call $exit (i32.const 3))", exit(3)),
        ("", "(call $exit (i32.const 1))", exit(1)),
        (
            "nope",
            "",
            Outcome::InvalidOutput("expected ident at line 1 column 2".into()),
        ),
        (
            "1 2",
            "",
            Outcome::InvalidOutput("trailing characters at line 1 column 3".into()),
        ),
        (
            "1",
            "unreachable",
            Outcome::Trap("wasm trap: wasm `unreachable` instruction executed".into()),
        ),
        (
            "1",
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
            Outcome::Trap("wasm trap: integer divide by zero".into()),
        ),
    ];
    for (stdout, end, expected) in cases {
        let execution = run(&wat(&saying(stdout, "<4>hm", end)), "").await;
        assert_eq!(execution.outcome, expected, "{stdout} {end}");
        assert_eq!(log(&execution), "Warn hm");
        assert_eq!(
            output(&execution),
            if expected == Outcome::Success { stdout } else { "" }
        );
    }
}

#[tokio::test]
async fn any_command_can_throw() {
    let told = |document: &str, code: i32| wat(&saying(document, "", &format!("(call $exit (i32.const {code}))")));
    let document =
        r#"{"name":"CartError","message":"m","stack":["at main.c:7"],"cause":{"name":"Error","message":"c"}}"#;
    let execution = run(&told(document, 1), "").await;
    let Outcome::Exception(thrown) = &execution.outcome else {
        panic!("{:?}", execution.outcome)
    };
    assert_eq!(thrown.to_string(), "CartError: m\n    at main.c:7\ncaused by Error: c");
    assert_eq!(output(&execution), "");
    // With another code, or half of what it takes, it is a command that failed.
    for (document, code) in [
        (document, 2),
        (document, 9),
        (r#"{"message":"m"}"#, 1),
        (r#"{"name":"n"}"#, 1),
        ("{}", 1),
    ] {
        let outcome = run(&told(document, code), "").await.outcome;
        assert!(
            matches!(outcome, Outcome::Exit(got, Some(_)) if got == code),
            "{document}: {outcome:?}"
        );
    }
}

#[tokio::test]
async fn limits_hold_before_start() {
    let cases = [
        ("(func $f (loop br 0)) (start $f)", Outcome::CpuLimit),
        ("(func $f call $f) (start $f)", Outcome::StackOverflow),
        (
            "(func $f (if (i32.eq (memory.grow (i32.const 2000)) (i32.const -1)) (then unreachable))) (start $f)",
            Outcome::MemoryLimit,
        ),
    ];
    for (code, expected) in cases {
        let worker = wat(&format!(
            "(module (memory (export \"memory\") 1) {code} (func (export \"_start\")))"
        ));
        // However busy the machine is, the guest gets its two seconds of CPU before its wall time is up.
        let limits = Limits {
            timeout: Duration::from_secs(60),
            ..Limits::default()
        };
        assert_eq!(run_with(&worker, "", limits).await.outcome, expected, "{code}");
    }
    // More memory to begin with than this execution may have.
    let worker = wat("(module (memory (export \"memory\") 2000) (func (export \"_start\")))");
    assert_eq!(run(&worker, "").await.outcome, Outcome::MemoryLimit);
}

#[tokio::test]
async fn endless_loops_of_bulk_operations_are_charged() {
    for code in [
        "(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))",
        "(drop (memory.grow (i32.const 0)))",
    ] {
        let worker = wat(&format!(
            "(module (memory (export \"memory\") 1) (func (export \"_start\") (loop {code} br 0)))"
        ));
        let limits = Limits {
            fuel: 1_000_000_000,
            ..Limits::default()
        };
        let execution = run_with(&worker, "", limits).await;
        assert!(
            matches!(execution.outcome, Outcome::CpuLimit | Outcome::TimeLimit),
            "{code}: {:?}",
            execution.outcome
        );
    }
}

#[test]
fn what_cannot_run_is_refused_with_a_reason() {
    let memory = "(memory (export \"memory\") 1)";
    let start = "(func (export \"_start\"))";
    let cases = [
        (format!("(module {memory})"), "the module exports no `_start`"),
        (
            format!("(module {memory} (func (export \"_start\") (param i32)))"),
            "the module's `_start` is not a function () -> ()",
        ),
        (
            format!("(module {start})"),
            "the module exports no memory named `memory`",
        ),
        (
            format!("(module (import \"env\" \"a\" (func)) (import \"host\" \"b\" (func)) {memory} {start})"),
            "the module imports env.a, host.b, which",
        ),
        (format!("(module (memory (export \"memory\") 16384) {start})"), "memory"),
        (
            format!("(module (memory (export \"memory\") i64 1) {start})"),
            "memory64",
        ),
        (format!("(module {memory} (memory 1) {start})"), "multiple memories"),
        (format!("(module {memory} (table 1000000 funcref) {start})"), "table"),
        (
            format!("(module (memory (export \"memory\") 1 1 shared) {start})"),
            "threads",
        ),
        ("(component)".to_owned(), "this is a component"),
    ];
    for (text, expected) in cases {
        let error = ENGINE
            .load(&wat::parse_str(&text).unwrap())
            .err()
            .unwrap_or_else(|| panic!("{text} was loaded"));
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
    for bytes in [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\xff", b"#!/bin/sh"] {
        assert!(ENGINE.load(bytes).is_err());
    }
}

#[tokio::test]
async fn probes_of_the_system_get_an_error_number() {
    // path_open, sock_accept, fd_renumber, fd_close of stdout, then a write to it: errors, and life goes on.
    let worker = wat(r#"(module
        (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\01\00\00\00")
        (func $failed (param i32) (if (i32.eqz (local.get 0)) (then (call $exit (i32.const 7)))))
        (func (export "_start")
            (call $failed (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 32)))
            (call $failed (call $accept (i32.const 0) (i32.const 0) (i32.const 32)))
            (call $failed (call $prestat (i32.const 3) (i32.const 32)))
            (call $failed (call $renumber (i32.const 99) (i32.const 1)))
            (drop (call $close (i32.const 1)))
            (call $failed (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))))"#);
    assert_eq!(run(&worker, "").await.outcome, Outcome::Success);
}

#[tokio::test]
async fn execution_facts_are_the_environment() {
    let worker = wat(r#"(module
        (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\00\02\00\00\10\00\00\00")
        (func (export "_start")
            (drop (call $get (i32.const 256) (i32.const 512)))
            (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 32)))))"#);
    let environment = vec![("WORKER_KEY".to_owned(), "echo!".to_owned())];
    let request = Request {
        payload: Payload::NONE,
        environment,
        ..Request::default()
    };
    let execution = ENGINE.run(&worker, request, std::future::pending()).await.unwrap();
    assert_eq!(log(&execution), "Info WORKER_KEY=echo!");
}

#[tokio::test]
async fn a_command_written_in_rust_is_a_worker() {
    // From tests/modules/wordcount, by tests/modules/build.sh.
    let worker = ENGINE.load(include_bytes!("../modules/wordcount.wasm")).unwrap();
    let environment = vec![("WORKER_KEY".to_owned(), "words".to_owned())];
    let payload = Payload::parse("\"to be or not\"".into(), 100).unwrap();
    let request = Request {
        payload,
        environment,
        ..Request::default()
    };
    let execution = ENGINE.run(&worker, request, std::future::pending()).await.unwrap();
    assert_eq!(
        (output(&execution), log(&execution).as_str()),
        (r#"{"words":4}"#, "Debug counted for words")
    );
    let execution = run(&worker, "").await;
    assert_eq!(
        (&execution.outcome, log(&execution).as_str()),
        (&Outcome::Exit(3, None), "Error there is nothing to count")
    );
}

#[tokio::test]
async fn any_exit_code_is_told() {
    let worker = wat(&saying("", "", "(call $exit (i32.const 300))"));
    assert_eq!(run(&worker, "").await.outcome, Outcome::Exit(300, None));
}

#[test]
fn a_module_that_poses_as_javascript_gains_nothing() {
    // Our label on other code: it cannot import what only a split gives, and runs as what it is.
    let posing = |rest: &str| {
        let text = format!(
            "(module {rest} (memory (export \"memory\") 1) (func (export \"_start\")) (@custom \"javascript-runtime\" \"x\"))"
        );
        ENGINE.load(&wat::parse_str(text).unwrap())
    };
    let error = posing("(import \"image\" \"f\" (func))").err().unwrap().to_string();
    assert!(error.contains("image.f"), "{error}");
    assert!(posing("").is_ok());
    let error = posing("(import \"host\" \"wait\" (func (param i64)))")
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("host::wait") && error.contains("i64"), "{error}");
}

#[tokio::test]
async fn a_module_that_poses_as_javascript_calls_us_all_the_same() {
    // As many imports as are called through a table, one too many for that, and tables of its own beside it.
    let tables = "(table 1 funcref)".repeat(4);
    for (imports, rest) in [(1000, ""), (1001, ""), (3, tables.as_str())] {
        let import = "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func (param i32)))".repeat(imports);
        let text = format!(
            "(module {import} (memory (export \"memory\") 1) {rest}
               (func (export \"_start\") (call {} (i32.const 9))) (@custom \"javascript-runtime\" \"x\"))",
            imports - 1
        );
        let worker = ENGINE.load(&wat::parse_str(text).unwrap()).unwrap();
        assert_eq!(
            run(&worker, "").await.outcome,
            Outcome::Exit(9, None),
            "{imports} {rest}"
        );
    }
}

#[test]
fn what_poses_as_javascript_and_cannot_be_read_is_refused() {
    let text = "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func (param i32)))
        (memory (export \"memory\") 1) (func (export \"_start\") (call 0 (i32.const 3)))
        (@custom \"javascript-runtime\" \"x\"))";
    let mut module = wat::parse_str(text).unwrap();
    let call = module.windows(4).position(|code| code == [0x41, 3, 0x10, 0]).unwrap();
    for (place, byte, reason) in [(2, 0xff, "illegal opcode"), (0, 0x42, "expected i32, found i64")] {
        let before = std::mem::replace(&mut module[call + place], byte);
        let error = ENGINE.load(&module).err().unwrap().to_string();
        assert!(error.contains(reason), "{error}");
        module[call + place] = before;
    }
}

/// A module that makes calls of WASI, each written to stdout as a digit: the error number.
fn calling(calls: &[&str]) -> String {
    let calls: String = calls.iter().map(|call| format!("(call $note (call {call}))")).collect();
    let function = |name: &str, parameters: &str| {
        format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} (param {parameters}) (result i32)))")
    };
    format!(
        r#"(module {} {} {} {}
        (memory (export "memory") 1)
        (data (i32.const 0) "\40\00\00\00\02\00\00\00") (data (i32.const 64) "12")
        (data (i32.const 16) "\80\00\00\00\01\00\00\00")
        (global $length (mut i32) (i32.const 0))
        (func $note (param i32)
            (i32.store8 (i32.add (i32.const 1000) (global.get $length)) (i32.add (i32.const 0x30) (local.get 0)))
            (global.set $length (i32.add (i32.const 1) (global.get $length))))
        (func (export "_start")
            {calls}
            (i32.store (i32.const 24) (i32.const 1000)) (i32.store (i32.const 28) (global.get $length))
            (drop (call $fd_write (i32.const 2) (i32.const 24) (i32.const 1) (i32.const 32)))))"#,
        function("fd_read", "i32 i32 i32 i32"),
        function("fd_write", "i32 i32 i32 i32"),
        function("fd_close", "i32"),
        function("fd_renumber", "i32 i32"),
    )
}

#[tokio::test]
async fn files_are_what_their_numbers_say() {
    // The vector at 0 is "12", that at 16 one byte at 128; 32 takes a number.
    const PUT: &str = "$fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)";
    const GET: &str = "$fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 32)";
    const PUT_GOT: &str = "$fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)";
    const CLOSE_IN: &str = "$fd_close (i32.const 0)";
    const CLOSE_OUT: &str = "$fd_close (i32.const 1)";
    const OUT_TO_ERR: &str = "$fd_renumber (i32.const 2) (i32.const 1)";
    const PUT_NOWHERE: &str = "$fd_write (i32.const 7) (i32.const 0) (i32.const 1) (i32.const 32)";
    const READ_OUT: &str = "$fd_read (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)";
    const WRITE_IN: &str = "$fd_write (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)";
    let cases: [(&[&str], &str, &str); 7] = [
        (&[PUT, PUT], "1212", "00"),
        (&[GET, PUT_GOT, GET, PUT_GOT], "34", "0000"),
        // Closed, it is no file any more; what is left of stdin is read in the same order by whoever reads it.
        (&[PUT, CLOSE_OUT, PUT], "12", "008"),
        (&[GET, CLOSE_OUT, GET, CLOSE_IN, GET], "", "00008"),
        (&[GET, PUT_GOT, CLOSE_IN, PUT], "312", "0000"),
        (&[PUT_NOWHERE, READ_OUT, WRITE_IN], "", "888"),
        // stdout is stderr from then on; and 2 is no file, so the numbers go nowhere.
        (&[PUT, OUT_TO_ERR, PUT], "12", "12"),
    ];
    for (calls, stdout, stderr) in cases {
        let execution = run(&wat(&calling(calls)), "34").await;
        let written = (output(&execution), log(&execution));
        assert_eq!(written, (stdout, format!("Info {stderr}")), "{calls:?}");
    }
}

#[tokio::test]
async fn a_number_that_has_no_place_is_a_fault() {
    // Where the count goes: unaligned, and beyond the memory.
    for out in ["33", "65534", "-4"] {
        let call = format!("$fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const {out})");
        let execution = run(&wat(&calling(&[&call])), "").await;
        let told = log(&execution);
        assert!(!execution.outcome.is_success() || told != "Info 0", "{out}: {told}");
    }
}
