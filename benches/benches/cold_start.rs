//! One execution in a fresh sandbox, from the store to the result: nothing is reused between two iterations.
//!
//! `module that does nothing` is what the machine charges for any sandbox; the rest is the worker's. Beside criterion's
//! figures a table tells the median of each phase.
//!
//! `ECHO_MODULES=a.wasm:b.wasm` measures other builds of the echo worker beside the sample, such as one made with a
//! runtime that has nothing but `console` (`PRELUDE=bare.js guest-sdk/runtime/build.sh`).

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use engine::{Config, Engine, ImageRoom, Payload, Phases, Request, Source, Worker};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

/// The table takes so long for each worker.
const SAMPLING: Duration = Duration::from_secs(2);

/// What is measured: a name, a worker and its payload.
struct Case {
    name: String,
    worker: Worker,
    payload: Payload,
}

fn cases(engine: &Engine, tokio: &tokio::runtime::Runtime) -> Vec<Case> {
    let wat = |text: &str| {
        engine
            .load(&wat::parse_str(text).expect("it is WebAssembly"))
            .expect("it loads")
    };
    let of = |text: &str| {
        let source = Source::alone("worker.ts", text);
        tokio.block_on(engine.make(&source)).expect("it builds")
    };
    let sample = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../workers")
            .join(name)
            .join("worker.ts");
        of(&std::fs::read_to_string(path).expect("the sample is there"))
    };
    let payload = |text: &str| Payload::parse(Bytes::copy_from_slice(text.as_bytes()), 1 << 20).expect("it is JSON");
    let nothing = wat("(module (memory (export \"memory\") 1) (func (export \"_start\")))");
    let lines = |step: usize| {
        (0..200)
            .map(|n| format!("line {}", n * step % 191))
            .collect::<Vec<_>>()
            .join("\\n")
    };
    // Many small functions, all of them in use.
    let functions: String = (0..900)
        .map(|n| format!("export const f{n} = (x: number) => x * {n} + Math.imul(x, {n}) % 7;\n"))
        .collect();
    let bundle = format!(
        "{functions}const all = [{}];\nexport default async (c: unknown, data: number) => all[data]?.(data) ?? null;\n",
        (0..900).map(|n| format!("f{n}")).collect::<Vec<_>>().join(", ")
    );
    let rows: Vec<String> = (0..2_000)
        .map(|n| format!(r#"{{"id":{n},"name":"row {n}","tags":["a","b"]}}"#))
        .collect();
    let mut cases = vec![
        Case {
            name: "module that does nothing".into(),
            worker: nothing,
            payload: Payload::NONE,
        },
        Case {
            name: "echo".into(),
            worker: sample("echo"),
            payload: payload(r#"{"foo":"bar"}"#),
        },
        Case {
            name: "echo of 100 KB".into(),
            worker: sample("echo"),
            payload: payload(&format!("[{}]", rows.join(","))),
        },
        Case {
            name: "bundle of 60 KB".into(),
            worker: of(&bundle),
            payload: payload("500"),
        },
        Case {
            name: "text-diff".into(),
            worker: sample("text-diff"),
            payload: payload(&format!(r#"{{"before":"{}","after":"{}"}}"#, lines(1), lines(3))),
        },
    ];
    let others = std::env::var("ECHO_MODULES").unwrap_or_default();
    for path in others.split(':').filter(|path| !path.is_empty()) {
        let module = std::fs::read(path).expect("the module is there");
        cases.push(Case {
            name: path.into(),
            worker: engine.load(&module).expect("it loads"),
            payload: payload(r#"{"foo":"bar"}"#),
        });
    }
    cases
}

fn cold_start(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let cache_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let notice = |sentence: &str| eprintln!("{sentence}");
    let config = Config {
        cache_dir,
        max_cache_bytes: 1 << 30,
        max_executions: 64,
        max_memory_bytes: 64 << 20,
        image_room: ImageRoom::default(),
        notice,
        compiler: None,
    };
    let engine = Engine::new(config).expect("an engine");
    let execute = async |case: &Case| {
        let request = Request {
            payload: case.payload.clone(),
            ..Request::default()
        };
        let execution = engine
            .run(&case.worker, request, std::future::pending())
            .await
            .expect("it was tried");
        assert!(execution.outcome.is_success(), "{}: {:?}", case.name, execution.outcome);
        execution
    };
    let cases = cases(&engine, &tokio);

    println!(
        "\n{:<26}{:>9}{:>13}{:>9}{:>9}{:>10}{:>10}",
        "median, µs", "set up", "instantiate", "run", "drop", "total", "fuel"
    );
    for case in &cases {
        let mut samples: Vec<(Phases, Duration, u64)> = Vec::new();
        let begun = Instant::now();
        // Some workers take a thousand times as long as others.
        while samples.len() < 3000 && (samples.len() < 25 || begun.elapsed() < SAMPLING) {
            let usage = tokio.block_on(execute(case)).usage;
            samples.push((usage.phases, usage.wall, usage.fuel));
        }
        let median = |of: &dyn Fn(&(Phases, Duration, u64)) -> Duration| {
            let mut values: Vec<Duration> = samples.iter().map(of).collect();
            values.sort_unstable();
            values[values.len() / 2].as_secs_f64() * 1e6
        };
        println!(
            "{:<26}{:>9.2}{:>13.2}{:>9.2}{:>9.2}{:>10.2}{:>10}",
            case.name,
            median(&|sample| sample.0.set_up),
            median(&|sample| sample.0.instantiate),
            median(&|sample| sample.0.run),
            median(&|sample| sample.0.drop),
            median(&|sample| sample.1),
            samples[0].2,
        );
    }
    println!();

    let mut group = criterion.benchmark_group("cold start");
    for case in &cases {
        group.bench_function(&case.name, |bencher| {
            bencher
                .to_async(&tokio)
                .iter(|| async { black_box(execute(case).await) });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_secs(1));
    targets = cold_start
}
criterion_main!(benches);
