//! Every limit has a test that keeps it and one that breaks it.

use crate::fixture::{ENGINE, body, log, output, run, run_with, wat, worker};
use engine::limits::{MAX_BODY_BYTES, MAX_OPERATIONS, MAX_RANDOM_BYTES, MAX_TABLE_ELEMENTS, MAX_TABLES};
use engine::{Limits, Outcome, Payload, PayloadError, Request};
use std::time::{Duration, Instant};

/// However busy the machine is, what is not about time gets to its end.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn fuel_violated() {
    for source in [
        "for (;;) {}",
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "const f = () => { Promise.resolve().then(f) }; f(); await new Promise(() => {})",
    ] {
        assert_eq!(body(source, "").await.outcome, Outcome::CpuLimit, "{source}");
    }
}

#[tokio::test]
async fn fuel_obeyed() {
    let worker =
        worker("export default async () => { let n = 0; for (let i = 0; i < 1000; i++) n += i; return n }").await;
    let used = run(&worker, "").await.usage.fuel;
    let exact = Limits {
        fuel: used,
        ..Limits::default()
    };
    assert_eq!(output(&run_with(&worker, "", exact).await), "499500");
    // Fuel is looked at in loops and calls, so the last few units may be overdrawn.
    let less = Limits {
        fuel: used / 2,
        ..Limits::default()
    };
    assert_eq!(run_with(&worker, "", less).await.outcome, Outcome::CpuLimit);
}

#[tokio::test]
async fn memory_violated() {
    let grow = "const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1))";
    for source in [
        grow,
        "const a = []; for (;;) a.push({})",
        "try { for (const a = [];;) a.push([1]) } catch { throw 1 }",
    ] {
        let execution = body(source, "").await;
        assert_eq!(execution.outcome, Outcome::MemoryLimit, "{source}");
        assert!(execution.usage.peak_memory_bytes <= 64 << 20);
    }
}

#[tokio::test]
async fn memory_obeyed() {
    let worker =
        worker("export default async (c: unknown, mb: number) => new Uint8Array(mb << 20).fill(1).length").await;
    assert_eq!(output(&run(&worker, "40").await), "41943040");
    let limits = Limits {
        memory_bytes: 16 << 20,
        ..Limits::default()
    };
    assert_eq!(
        run_with(&worker, "40", limits.clone()).await.outcome,
        Outcome::MemoryLimit
    );
    assert_eq!(output(&run_with(&worker, "4", limits).await), "4194304");
}

#[tokio::test]
async fn cyclic_garbage_is_collected() {
    let execution = body(
        "for (let i = 0; i < 100000; i++) { const a = { b: new Array(20) }; a.b[0] = a } return 1",
        "",
    )
    .await;
    assert_eq!(output(&execution), "1", "{:?}", execution.outcome);
}

#[tokio::test]
async fn time_violated() {
    // A guest that sleeps, and one that computes: both are stopped in time.
    let sleeper = wat(SLEEPER);
    let spinner = wat("(module (memory (export \"memory\") 1) (func (export \"_start\") (loop br 0)))");
    for (name, worker) in [("sleeper", sleeper), ("spinner", spinner)] {
        let limits = Limits {
            timeout: Duration::from_millis(100),
            fuel: u64::MAX / 2,
            ..Limits::default()
        };
        let started = Instant::now();
        let execution = run_with(&worker, "", limits).await;
        assert_eq!(execution.outcome, Outcome::TimeLimit, "{name}");
        assert!(
            started.elapsed() < Duration::from_millis(1000),
            "{name}: {:?}",
            started.elapsed()
        );
        if name == "sleeper" {
            assert!(execution.usage.cpu < Duration::from_millis(50), "{:?}", execution.usage);
        }
    }
}

#[tokio::test]
async fn time_obeyed() {
    // Waiting is not computing.
    let limits = Limits {
        timeout: Duration::from_secs(60),
        cpu: Duration::from_secs(1),
        ..Limits::default()
    };
    let worker = worker("export default async ({ wait }: any) => { await wait(1500); return 1 }").await;
    let execution = run_with(&worker, "", limits).await;
    assert_eq!(output(&execution), "1", "{:?}", execution.outcome);
    assert!(execution.usage.wall >= Duration::from_millis(1500));
}

/// Sleeps for an hour.
const SLEEPER: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 3600000000000))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;

#[tokio::test]
async fn cancelled_guests_stop() {
    let worker = wat(SLEEPER);
    let cancelled = tokio::time::sleep(Duration::from_millis(20));
    let execution = ENGINE.run(&worker, Request::default(), cancelled).await.unwrap();
    assert_eq!(execution.outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn cpu_violated() {
    let spinner = wat("(module (memory (export \"memory\") 1) (func (export \"_start\") (loop br 0)))");
    let limits = Limits {
        cpu: Duration::from_millis(50),
        fuel: u64::MAX / 2,
        ..Limits::default()
    };
    let execution = run_with(&spinner, "", limits).await;
    assert_eq!(execution.outcome, Outcome::CpuLimit);
    assert!(
        execution.usage.wall < Duration::from_millis(1000),
        "{:?}",
        execution.usage
    );
}

#[tokio::test]
async fn cpu_obeyed() {
    // One that only sleeps uses none.
    let sleeper = wat(SLEEPER);
    let limits = Limits {
        cpu: Duration::from_millis(50),
        timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    assert_eq!(run_with(&sleeper, "", limits).await.outcome, Outcome::TimeLimit);
}

#[tokio::test]
async fn host_calls_in_a_loop_are_charged_and_yield() {
    let calls = [
        (
            "random_get",
            "(param i32 i32) (result i32)",
            "(i32.const 0) (i32.const 65536)",
        ),
        (
            "random_get",
            "(param i32 i32) (result i32)",
            "(i32.const 0) (i32.const 67108864)",
        ),
        (
            "clock_time_get",
            "(param i32 i64 i32) (result i32)",
            "(i32.const 1) (i64.const 0) (i32.const 0)",
        ),
        (
            "fd_write",
            "(param i32 i32 i32 i32) (result i32)",
            "(i32.const 2) (i32.const 0) (i32.const 1) (i32.const 0)",
        ),
        (
            "fd_pread",
            "(param i32 i32 i32 i64 i32) (result i32)",
            "(i32.const 0) (i32.const 1024) (i32.const 500000) (i64.const 0) (i32.const 0)",
        ),
        (
            "fd_pwrite",
            "(param i32 i32 i32 i64 i32) (result i32)",
            "(i32.const 1) (i32.const 1024) (i32.const 500000) (i64.const 0) (i32.const 0)",
        ),
        (
            "path_open",
            "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)",
            "(i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4000000) (i32.const 0) (i64.const 0) (i64.const 0) \
             (i32.const 0) (i32.const 0)",
        ),
        (
            "fd_read",
            "(param i32 i32 i32 i32) (result i32)",
            "(i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0)",
        ),
        (
            "poll_oneoff",
            "(param i32 i32 i32 i32) (result i32)",
            "(i32.const 0) (i32.const 0) (i32.const 60000) (i32.const 0)",
        ),
    ];
    for (name, ty, arguments) in calls {
        let worker = wat(&format!(
            "(module (import \"wasi_snapshot_preview1\" \"{name}\" (func $call {ty})) (memory (export \"memory\") 64)
               (func (export \"_start\") (loop (drop (call $call {arguments})) (br 0))))"
        ));
        let limits = Limits {
            fuel: 100_000_000,
            timeout: Duration::from_millis(400),
            ..Limits::default()
        };
        let started = Instant::now();
        // On the one thread of this test, the timer fires only if the guest yields.
        let mut ticks = 0_u128;
        let mut ticker = tokio::time::interval(Duration::from_millis(10));
        let execution = run_with(&worker, "", limits);
        let mut execution = std::pin::pin!(execution);
        let execution = loop {
            tokio::select! {
                execution = &mut execution => break execution,
                _ = ticker.tick() => ticks += 1,
            }
        };
        let elapsed = started.elapsed();
        assert!(
            matches!(execution.outcome, Outcome::CpuLimit | Outcome::TimeLimit),
            "{name}: {:?}",
            execution.outcome
        );
        assert!(elapsed < Duration::from_millis(2000), "{name}: {elapsed:?}");
        assert!(
            ticks >= elapsed.as_millis() / 500,
            "{name}: {ticks} ticks in {elapsed:?}"
        );
    }
}

#[tokio::test]
async fn output_obeyed_and_violated() {
    let worker = worker("export default async (c: unknown, n: number) => 'x'.repeat(n)").await;
    let limits = Limits {
        output_bytes: 100,
        ..Limits::default()
    };
    assert_eq!(run_with(&worker, "98", limits.clone()).await.outcome, Outcome::Success);
    let execution = run_with(&worker, "99", limits).await;
    assert_eq!(
        (execution.outcome, execution.output.len()),
        (Outcome::OutputTooLarge, 0)
    );
    assert_eq!(run(&worker, "2000000").await.outcome, Outcome::OutputTooLarge);
    // A guest that swallows the error of its write is still found out.
    let swallowing = wat(r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 40) (data (i32.const 0) "\08\00\00\00\00\00\20\00")
        (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 4)))))"#);
    assert_eq!(run(&swallowing, "").await.outcome, Outcome::OutputTooLarge);
}

#[tokio::test]
async fn logs_obeyed_and_violated() {
    let worker = worker(
        "export default async (c: unknown, n: number) => { for (let i = 0; i < n; i++) console.log('0123456') }",
    )
    .await;
    let limits = Limits {
        log_bytes: 22,
        ..Limits::default()
    };
    assert_eq!(
        log(&run_with(&worker, "2", limits.clone()).await),
        "Info 0123456\nInfo 0123456"
    );
    let cut = "Info 0123456\nInfo 0123456\nWarn (the log was cut off after line 2, byte 22)";
    assert_eq!(log(&run_with(&worker, "3", limits).await), cut);
    let limits = Limits {
        log_lines: 2,
        ..Limits::default()
    };
    let two = log(&run_with(&worker, "2", limits.clone()).await);
    assert_eq!(two, "Info 0123456\nInfo 0123456");
    assert_eq!(log(&run_with(&worker, "3", limits).await), cut);
    // By default the lines come first here, and without them the bytes.
    for (log_lines, lines) in [(10_000, 10_000), (u32::MAX, (256 << 10) / 11 + 1)] {
        let limits = Limits {
            log_lines,
            timeout: LONG,
            ..Limits::default()
        };
        let execution = run_with(&worker, "30000", limits).await;
        assert_eq!(
            (
                &execution.outcome,
                execution.logs.lines().len(),
                execution.logs.is_cut()
            ),
            (&Outcome::Success, lines + 1, true)
        );
    }
}

#[tokio::test]
async fn empty_lines_are_lines() {
    let worker =
        worker("export default async () => { for (let i = 0; i < 2000; i++) console.log('\\n'.repeat(99)) }").await;
    let execution = run(&worker, "").await;
    assert_eq!(execution.outcome, Outcome::Success);
    assert_eq!(execution.logs.lines().len(), 10_001);
}

#[tokio::test]
async fn payload_obeyed_and_violated() {
    // The most that an operator can allow reaches a worker, byte for byte.
    let most = engine::MAX_PAYLOAD_BYTES;
    let limits = Limits {
        payload_bytes: most,
        output_bytes: most,
        memory_bytes: 256 << 20,
        timeout: LONG,
        ..Limits::default()
    };
    let text = format!("\"{}\"", "x".repeat(most - 2));
    let worker = worker("export default async (c: unknown, text: string) => text").await;
    let execution = run_with(&worker, &text, limits).await;
    // And back again.
    assert!(
        output(&execution) == text,
        "{:?}, {} bytes",
        execution.outcome,
        execution.output.len()
    );
    let refused = Payload::parse(text.into(), most - 1).unwrap_err();
    let expected = PayloadError::TooLarge {
        bytes: most,
        most: most - 1,
    };
    assert_eq!(refused, expected);
}

#[tokio::test]
async fn host_calls_obeyed_and_violated() {
    let secrets = "export default async ({ secrets }: any, n: number) => { for (let i = 0; i < n; i++) secrets.get('a'); return n }";
    let timers = "export default async ({ wait }: any, n: number) => {
        try { for (let i = 0; i < n; i++) await wait(0) } catch { return 'caught' } return n }";
    let limits = Limits {
        host_calls: 10,
        ..Limits::default()
    };
    let patient = Limits {
        timeout: LONG,
        ..Limits::default()
    };
    for source in [secrets, timers] {
        let worker = worker(source).await;
        let execution = run_with(&worker, "10", limits.clone()).await;
        assert_eq!(output(&execution), "10", "{source}: {:?}", execution.outcome);
        let execution = run_with(&worker, "11", limits.clone()).await;
        assert_eq!(execution.outcome, Outcome::HostCallLimit, "{source}");
        assert_eq!(
            output(&run_with(&worker, "5000", patient.clone()).await),
            "5000",
            "{source}"
        );
    }
    // A worker that asks for nothing needs none.
    let none = Limits {
        host_calls: 0,
        ..Limits::default()
    };
    let worker = worker("export default async () => 1").await;
    assert_eq!(output(&run_with(&worker, "", none).await), "1");
}

#[tokio::test]
async fn host_calls_at_once_obeyed_and_violated() {
    // Without a network each is answered, but they wait for their turn to be read.
    let source = "export default async (c: unknown, n: number) => {
        const all = await Promise.allSettled(Array.from({ length: n }, () => fetch('http://x/')));
        return all.filter((one: any) => one.reason.name === 'RangeError').length }";
    let worker = worker(source).await;
    for (calls, refused) in [(MAX_OPERATIONS, "0"), (MAX_OPERATIONS + 1, "1")] {
        let execution = run(&worker, &calls.to_string()).await;
        assert_eq!(output(&execution), refused, "{calls}: {:?}", execution.outcome);
    }
}

#[tokio::test]
async fn one_host_call_obeyed_and_violated() {
    let source = "export default async (c: unknown, n: number) => {
        const body = new Uint8Array(n);
        return fetch('http://x/', { method: 'POST', body }).catch((e: any) => e.name + ': ' + e.message) }";
    let worker = worker(source).await;
    let limits = Limits {
        memory_bytes: 256 << 20,
        ..Limits::default()
    };
    for (bytes, expected) in [
        (MAX_BODY_BYTES, "TypeError: fetch failed: this worker has no network"),
        (
            MAX_BODY_BYTES + 1,
            "RangeError: too many operations are under way, or one is too large",
        ),
    ] {
        let execution = run_with(&worker, &bytes.to_string(), limits.clone()).await;
        assert_eq!(output(&execution), format!("\"{expected}\""), "{:?}", execution.outcome);
    }
}

#[tokio::test]
async fn random_bytes_obeyed_and_violated() {
    // The error number of one call, 0 or 28 for EINVAL, as a digit or more.
    let asking = |bytes: u64| {
        wat(&format!(
            r#"(module
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 2)
            (func (export "_start") (call $exit (call $random (i32.const 0) (i32.const {bytes})))))"#
        ))
    };
    assert_eq!(run(&asking(MAX_RANDOM_BYTES), "").await.outcome, Outcome::Success);
    let violated = run(&asking(MAX_RANDOM_BYTES + 1), "").await.outcome;
    assert_eq!(violated, Outcome::Exit(28, None));
    let script = "const ask = (n: number) => { try { return crypto.getRandomValues(new Uint8Array(n)).length } catch (e: any) { return e.name } }
        return [ask(65536), ask(65537)]";
    assert_eq!(output(&body(script, "").await), r#"[65536,"QuotaExceededError"]"#);
}

#[tokio::test]
async fn tables_obeyed_and_violated() {
    let module = |tables: u32, elements: usize, start: &str| {
        let tables = format!("(table {elements} funcref)").repeat(tables as usize);
        let text = format!("(module (memory (export \"memory\") 1) {tables} (func (export \"_start\") {start}))");
        ENGINE.load(&wat::parse_str(text).unwrap())
    };
    let full = module(MAX_TABLES, MAX_TABLE_ELEMENTS, "").unwrap();
    assert_eq!(run(&full, "").await.outcome, Outcome::Success);
    assert!(module(MAX_TABLES + 1, 1, "").is_err());
    assert!(module(1, MAX_TABLE_ELEMENTS + 1, "").is_err());
    // What a module asks for later is as bounded: the answer is -1, and it goes on.
    let growing = |by: usize, answer: i64| {
        let grown = format!("(table.grow (ref.null func) (i32.const {by}))");
        format!("(if (i32.ne {grown} (i32.const {answer})) (then unreachable))")
    };
    for (by, answer) in [(MAX_TABLE_ELEMENTS - 1, 1), (MAX_TABLE_ELEMENTS, -1)] {
        let worker = module(1, 1, &growing(by, answer)).unwrap();
        assert_eq!(run(&worker, "").await.outcome, Outcome::Success, "{by}");
    }
}

#[tokio::test]
async fn wasm_stack_obeyed_and_violated() {
    // A frame of this has some 32 bytes.
    let deep = |depth: u32| {
        wat(&format!(
            "(module (memory (export \"memory\") 1)
               (func $down (param i32) (result i32)
                 (if (result i32) (local.get 0)
                   (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
               (func (export \"_start\") (drop (call $down (i32.const {depth})))))"
        ))
    };
    assert_eq!(run(&deep(20_000), "").await.outcome, Outcome::Success);
    assert_eq!(run(&deep(2_000_000), "").await.outcome, Outcome::StackOverflow);
}

#[tokio::test]
async fn javascript_stack_obeyed_and_violated() {
    let source = "const down = (n: number): number => n === 0 ? 0 : 1 + down(n - 1);
        export default async (c: unknown, n: number) => { try { return down(n) } catch (e: any) { return e.name } }";
    let worker = worker(source).await;
    assert_eq!(output(&run(&worker, "1000").await), "1000");
    assert_eq!(output(&run(&worker, "1000000").await), "\"RangeError\"");
}

#[tokio::test]
async fn a_hundred_runs_over_the_limit_leave_nothing() {
    let worker =
        worker("export default async () => { const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1)) }").await;
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap();
        status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    };
    for _ in 0..10 {
        run(&worker, "").await;
    }
    let before = resident();
    for _ in 0..100 {
        assert_eq!(run(&worker, "").await.outcome, Outcome::MemoryLimit);
    }
    // Other tests run beside this one; a leak would be 6 GiB.
    let grown = resident().saturating_sub(before);
    assert!(grown < 512 << 20, "{grown} bytes more");
}
