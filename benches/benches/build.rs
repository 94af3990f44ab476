//! From a source to a worker, and from a worker that is not in memory to one that is.
//!
//! `build` is a source that nobody has seen; `make, kept` one that was built before, in this or another process. `load` is
//! a module of a known runtime; `return` an execution of a worker whose image had to make room. Before criterion's figures
//! a line compares with what all of this avoids: compiling the whole module, whose code is the runtime's.

use criterion::{Criterion, criterion_group, criterion_main};
use engine::{Config, Engine, ImageRoom, Request, Source, Worker};
use std::path::Path;
use std::time::{Duration, Instant};

fn engine(count: usize) -> Engine {
    let config = Config {
        cache_dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"),
        max_cache_bytes: 1 << 30,
        max_executions: 8,
        max_memory_bytes: 64 << 20,
        image_room: ImageRoom { bytes: 1 << 30, count },
        notice: |sentence| eprintln!("{sentence}"),
        compiler: None,
    };
    Engine::new(config).expect("an engine")
}

fn source(text: &str) -> Source {
    Source::alone("worker.ts", text)
}

async fn run(engine: &Engine, worker: &Worker) {
    let execution = engine.run(worker, Request::default(), std::future::pending());
    let execution = execution.await.expect("it was tried");
    assert!(execution.outcome.is_success(), "{:?}", execution.outcome);
}

/// What a module is when nothing tells that its runtime is known: our custom section is called otherwise.
fn unmarked(module: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"javascript-runtime";
    let mut module = module.to_vec();
    let starts: Vec<usize> = module
        .windows(MARK.len())
        .enumerate()
        .filter(|(_, at)| *at == MARK)
        .map(|(at, _)| at)
        .collect();
    let unique = std::process::id().to_le_bytes();
    for at in starts {
        module[at..at + unique.len()].copy_from_slice(&unique.map(|byte| b'a' + byte % 26));
    }
    module
}

fn build(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let echo = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../workers/echo/worker.ts"));
    let echo = source(&echo.expect("the sample is there"));
    let many = engine(1_000);
    let module = tokio.block_on(many.build(&echo, false)).expect("it builds");

    let timed = |what: &dyn Fn()| {
        let start = Instant::now();
        what();
        start.elapsed()
    };
    let mut builds: Vec<Duration> = (0..11)
        .map(|_| timed(&|| _ = tokio.block_on(many.build(&echo, false)).expect("it builds")))
        .collect();
    builds.sort_unstable();
    let whole = timed(&|| _ = many.load(&unmarked(&module)).expect("it loads"));
    let ratio = whole.as_secs_f64() / builds[5].as_secs_f64();
    println!(
        "\nbuild {:.1?} (median of 11); compile the whole module {whole:.1?}: {ratio:.0} times as long\n",
        builds[5]
    );

    let mut group = criterion.benchmark_group("worker");
    group.bench_function("build", |bencher| {
        bencher
            .to_async(&tokio)
            .iter(|| async { many.build(&echo, false).await.expect("it builds") });
    });
    group.bench_function("make, kept", |bencher| {
        bencher
            .to_async(&tokio)
            .iter(|| async { many.make(&echo).await.expect("it is kept") });
    });
    group.bench_function("load", |bencher| bencher.iter(|| many.load(&module).expect("it loads")));
    let few = engine(1);
    let two = ["1", "2"].map(|value| {
        let text = format!("export default async () => {value}");
        tokio.block_on(few.make(&source(&text))).expect("it builds")
    });
    group.bench_function("return, of two", |bencher| {
        bencher.to_async(&tokio).iter(|| async {
            for worker in &two {
                run(&few, worker).await;
            }
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_secs(1));
    targets = build
}
criterion_main!(benches);
