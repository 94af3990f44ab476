//! What building promises: the same bytes, limits of its own, and errors at the author's place.

use crate::fixture::{ENGINE, engine_in, log, output, run, worker};
use engine::{BuildError, Source, TopLevelError};

async fn build(text: &str) -> Result<Vec<u8>, BuildError> {
    ENGINE.build(&Source::alone("worker.ts", text), false).await
}

#[tokio::test]
async fn the_same_source_gives_the_same_bytes() {
    let source =
        "const at = [Date.now(), Math.random(), performance?.now?.()]; const m = new Map(Object.entries({ a: 1 }));\n\
        export default async (c: unknown, d: unknown) => [d, at, m.get('a')]"
            .replace("performance?.now?.()", "typeof performance");
    let first = build(&source).await.unwrap();
    assert_eq!(first, build(&source).await.unwrap());
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = engine_in(folder.path());
    let other = elsewhere
        .build(&Source::alone("worker.ts", source.clone()), false)
        .await
        .unwrap();
    assert!(first == other, "another engine with another cache builds other bytes");
}

#[tokio::test]
async fn top_level_state_is_in_the_snapshot() {
    let worker = worker(
        "console.log('not in the log of an execution');\n\
         const table = Array.from({ length: 1000 }, (_, i) => i * i); const late = await Promise.resolve(5);\n\
         export default async (c: unknown, i: number) => table[i] + late",
    )
    .await;
    let execution = run(&worker, "30").await;
    assert_eq!((output(&execution), log(&execution).as_str()), ("905", ""));
}

#[tokio::test]
async fn a_top_level_that_fails_says_how() {
    let cases = [
        (
            "throw new TypeError('at build');",
            "TypeError: at build\n    at <anonymous> (worker.ts:1:",
        ),
        ("for (;;) {}", "it used too much cpu time"),
        (
            "const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1))",
            "it used too much memory",
        ),
        (
            "await new Promise(() => {});",
            "the top level of the module awaits a promise that nothing can settle",
        ),
    ];
    for (source, expected) in cases {
        let error = build(&format!("{source}\nexport default async () => 1"))
            .await
            .unwrap_err();
        let BuildError::TopLevel(fault) = &error else {
            panic!("{source}: {error}")
        };
        let told = match fault {
            TopLevelError::Thrown(thrown) => thrown.to_string(),
            TopLevelError::Limit(sentence) => sentence.clone(),
        };
        assert!(told.contains(expected), "{source}: {told}");
    }
    let error = build("export default 5").await.unwrap_err();
    assert!(
        error.to_string().contains("the default export is not a function"),
        "{error}"
    );
}

#[tokio::test]
async fn a_corrupt_cache_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let source = "export default async () => 'ok'";
    let source = Source::alone("worker.js", source);
    let module = engine_in(folder.path()).build(&source, false).await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "cwasm") {
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let again = engine_in(folder.path()).build(&source, false).await.unwrap();
    assert_eq!(module, again);
}

#[tokio::test]
async fn workers_share_one_compiled_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine_in(folder.path());
    let large = format!("const table = {:?};", (0..50_000).collect::<Vec<_>>());
    for (index, source) in ["", "const m = new Map([[1, 2]]);", &large].into_iter().enumerate() {
        let text = format!("{source} export default async () => {index}");
        let module = engine
            .build(&Source::alone(format!("{index}.js"), text), false)
            .await
            .unwrap();
        let worker = engine.load(&module).unwrap();
        let execution = engine
            .run(&worker, engine::Request::default(), std::future::pending())
            .await
            .unwrap();
        assert_eq!(output(&execution), index.to_string());
    }
    // One for what builds and for all three that run.
    let files = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    assert_eq!(
        files
            .filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
            .count(),
        1
    );
}

#[tokio::test]
async fn a_standalone_module_imports_nothing_but_wasi() {
    let text = "export default async (context: any, data: any) => context.wait(1).then(() => data, (error: Error) => error.message)";
    let source = Source::alone("worker.ts", text);
    for (standalone, namespaces, expected) in [
        (
            true,
            &["wasi_snapshot_preview1"][..],
            "\"host calls are not available: this module was built to stand alone (--standalone)\"",
        ),
        (false, &["host", "wasi_snapshot_preview1"], "7"),
    ] {
        let module = ENGINE.build(&source, standalone).await.unwrap();
        let mut found = std::collections::BTreeSet::new();
        for payload in wasmparser::Parser::new(0).parse_all(&module) {
            if let wasmparser::Payload::ImportSection(section) = payload.unwrap() {
                found.extend(section.into_imports().map(|import| import.unwrap().module.to_owned()));
            }
        }
        assert!(found.iter().eq(namespaces), "{found:?}");
        let execution = run(&ENGINE.load(&module).unwrap(), "7").await;
        assert_eq!(output(&execution), expected);
    }
}

#[tokio::test]
async fn what_imports_nothing_is_built_once() {
    let folder = tempfile::tempdir().unwrap();
    let kept = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".worker")).count()
    };
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("a.ts"), "export default 5").unwrap();
    let source = |text: &str| Source {
        folder: Some(here.path().to_owned()),
        ..Source::alone("worker.ts", text)
    };
    let first = engine_in(folder.path());
    for (text, answer, then) in [
        ("export default async () => 1 + 1", "2", 1),
        ("export default async () => 1 + 1", "2", 1),
        ("export default async () => 1 + 2", "3", 2),
        ("import a from './a'; export default async () => a", "5", 2),
    ] {
        let worker = first.make(&source(text)).await.unwrap();
        assert_eq!(
            (output(&run_in(&first, &worker).await), kept()),
            (answer, then),
            "{text}"
        );
    }
    // Another process; and what is kept has been damaged.
    for damage in [false, true] {
        if damage {
            for file in std::fs::read_dir(folder.path())
                .unwrap()
                .map(|file| file.unwrap().path())
            {
                if file.extension().is_some_and(|extension| extension == "worker") {
                    std::fs::write(file, "damaged").unwrap();
                }
            }
        }
        let second = engine_in(folder.path());
        let worker = second.make(&source("export default async () => 1 + 1")).await.unwrap();
        assert_eq!(output(&run_in(&second, &worker).await), "2");
    }
    std::fs::write(here.path().join("a.ts"), "export default 6").unwrap();
    let worker = first
        .make(&source("import a from './a'; export default async () => a"))
        .await
        .unwrap();
    assert_eq!(
        output(&run_in(&first, &worker).await),
        "6",
        "what is imported is read again"
    );
}

async fn run_in(engine: &engine::Engine, worker: &engine::Worker) -> engine::Execution {
    let run = engine.run(worker, engine::Request::default(), std::future::pending());
    run.await.unwrap()
}
