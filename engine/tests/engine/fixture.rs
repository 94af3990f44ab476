//! One helper for all tests: an engine that shares its compiled code with the other test runs of this checkout.

use bytes::Bytes;
use engine::{Config, Engine, Execution, ImageRoom, Limits, Payload, Request, Source, Worker};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

pub static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| engine_in(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")));

pub fn engine_in(cache_dir: &Path) -> Engine {
    let notice = |sentence: &str| eprintln!("{sentence}");
    Engine::new(Config {
        cache_dir: cache_dir.into(),
        max_cache_bytes: 1 << 30,
        max_executions: 64,
        max_memory_bytes: 256 << 20,
        image_room: ImageRoom::default(),
        notice,
        compiler: None,
    })
    .unwrap()
}

/// Builds and loads a TypeScript worker.
pub async fn worker(source: &str) -> Worker {
    let source = Source::alone("worker.ts", source);
    let module = ENGINE
        .build(&source, false)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    ENGINE.load(&module).unwrap()
}

/// Loads a module written as text.
pub fn wat(text: &str) -> Worker {
    ENGINE.load(&wat::parse_str(text).unwrap()).unwrap()
}

/// Runs a worker; an empty payload is none.
pub async fn run_with(worker: &Worker, payload: &str, limits: Limits) -> Execution {
    let payload = Payload::parse(Bytes::copy_from_slice(payload.as_bytes()), limits.payload_bytes).unwrap();
    let request = Request {
        payload,
        limits,
        ..Request::default()
    };
    ENGINE.run(worker, request, std::future::pending()).await.unwrap()
}

/// With the default limits but that of the wall time: what else runs on the machine is not what is tested.
pub async fn run(worker: &Worker, payload: &str) -> Execution {
    let patient = Limits {
        timeout: Duration::from_secs(60),
        ..Limits::default()
    };
    run_with(worker, payload, patient).await
}

/// Runs the body of a handler `async (context, data) => { … }`.
pub async fn body(body: &str, payload: &str) -> Execution {
    let worker = worker(&format!(
        "export default async (context: any, data: any) => {{ {body} }}"
    ))
    .await;
    run(&worker, payload).await
}

/// The output as text.
pub fn output(execution: &Execution) -> &str {
    std::str::from_utf8(&execution.output).unwrap()
}

/// The log as one string, a line each, such as `info text`.
pub fn log(execution: &Execution) -> String {
    let lines = execution.logs.lines();
    lines
        .iter()
        .map(|line| format!("{:?} {}", line.level, line.message))
        .collect::<Vec<_>>()
        .join("\n")
}
