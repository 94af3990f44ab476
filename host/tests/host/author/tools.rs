//! `host inspect` and `host doctor`.

use super::tells;
use crate::program::Folder;
use serde_json::Value;

#[test]
fn a_module_is_taken_apart() {
    let folder = Folder::new(&[
        ("worker.ts", "import { b } from './lib/b.ts';\nexport default () => b()"),
        ("lib/b.ts", "export function b() {\n  return Math.random();\n}"),
    ]);
    assert_eq!(folder.run(&["build", "worker.ts"]).code, 0);
    let done = folder.run(&["inspect", "worker.wasm"]);
    tells(
        &done,
        0,
        &[
            "bytes, ",
            "runtime   JavaScript ",
            "that of this host",
            "memory    begins with ",
            "image     ",
            "lib/b.ts",
            "wasi_snapshot_preview1.fd_write",
            "_start",
            "parts     data",
            "custom source-map",
        ],
    );
    assert_eq!(folder.run(&["build", "worker.ts", "--standalone"]).code, 0);
    let done = folder.run(&["inspect", "worker.wasm", "--output", "json"]);
    let found: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(found["bytes"], folder.path("worker.wasm").metadata().unwrap().len());
    assert_eq!(
        (&found["runtime"]["ofThisHost"], &found["runtime"]["standalone"]),
        (&Value::Bool(true), &Value::Bool(true))
    );
    let imports = found["imports"].as_array().unwrap();
    assert!(
        !imports.is_empty()
            && imports
                .iter()
                .all(|import| import["module"] == "wasi_snapshot_preview1")
    );
    let parts: u64 = found["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["bytes"].as_u64().unwrap())
        .sum();
    assert!(parts <= found["bytes"].as_u64().unwrap() && parts > 1_000_000);
    folder.write("text.wasm", "text");
    for (file, problem) in [
        ("worker.ts", "expected a module"),
        ("text.wasm", "text.wasm: this is not a WebAssembly module"),
        ("gone.wasm", "gone.wasm"),
    ] {
        let done = folder.run(&["inspect", file]);
        assert!(done.code == 2 && done.stderr.contains(problem), "{done:?}");
    }
}

#[test]
fn a_machine_that_runs_these_tests_is_well() {
    let folder = Folder::new(&[]);
    let done = folder.run(&["doctor"]);
    tells(
        &done,
        0,
        &[
            "kernel",
            "landlock",
            "seccomp",
            "memory",
            "cores",
            "open files",
            "ok   cache",
            "ok   data",
            "ok   settings",
            "ok   a worker",
            "node",
        ],
    );
    // It looked, and left nothing.
    assert!(!folder.path("data").exists());
}

#[test]
fn what_does_not_work_is_told_with_what_to_do() {
    let folder = Folder::new(&[("host.toml", "lisen = \"x\"\nfuel = -1\n"), ("file", "")]);
    let done = folder.run(&["doctor", "--cache", "file/cache", "--data", "file/data"]);
    tells(
        &done,
        1,
        &[
            "fail cache",
            "→ name a folder that can be written with --cache",
            "fail data",
            "→ name another folder with --data",
            "fail settings",
            "host.toml: lisen: is not a setting (did you mean listen?)",
            "fail a worker",
            "4 failed",
        ],
    );
}
