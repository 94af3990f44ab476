//! Every limit has a test that keeps it and one that breaks it.

use crate::fixture::{ENGINE, body, log, output, run, run_with, wat, worker};
use engine::{Limits, Outcome, Request};
use std::time::{Duration, Instant};

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
async fn memory_violated_and_obeyed() {
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
async fn output_violated_and_obeyed() {
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
async fn logs_violated_and_obeyed() {
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
    let cut = "Info 0123456\nInfo 0123456\nWarn (the log was cut off after 22 bytes)";
    assert_eq!(log(&run_with(&worker, "3", limits).await), cut);
    let execution = run(&worker, "30000").await;
    assert_eq!(
        (&execution.outcome, execution.logs.lines().len()),
        (&Outcome::Success, (256 << 10) / 11 + 2)
    );
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
