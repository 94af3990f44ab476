//! `host build`.

use super::program::Folder;
use std::fs;

const WORKER: &str = "enum A { B = 1 }\nexport default (_: unknown, data: number): number => data + A.B\n";

#[test]
fn the_same_source_gives_the_same_bytes_in_every_folder() {
    let built = || {
        let folder = Folder::new(&[("worker.ts", WORKER)]);
        let done = folder.run(&["build", "worker.ts"]);
        let bytes = fs::read(folder.path("worker.wasm")).unwrap();
        assert_eq!((done.code, done.stdout.as_str()), (0, ""));
        assert!(
            done.stderr.ends_with(&format!("worker.wasm: {} bytes\n", bytes.len())),
            "{}",
            done.stderr
        );
        (folder, bytes)
    };
    let (folder, one) = built();
    let (_, other) = built();
    assert!(one == other);
    assert_eq!(folder.run(&["run", "worker.wasm", "--payload", "41"]).stdout, "42\n");
}

#[test]
fn the_module_goes_where_it_should() {
    let folder = Folder::new(&[("src/add.one.ts", WORKER)]);
    assert_eq!(folder.run(&["build", "src/add.one.ts"]).code, 0);
    assert!(folder.path("add.one.wasm").is_file());
    assert_eq!(
        folder
            .run(&["build", "src/add.one.ts", "-o", "src/out.wasm", "--standalone"])
            .code,
        0
    );
    assert_eq!(folder.run(&["run", "src/out.wasm", "--payload", "1"]).stdout, "2\n");
    // Nothing half-written beside them.
    assert_eq!(folder.path("src").read_dir().unwrap().count(), 2);
    let done = folder.run(&["build", "src/add.one.ts", "-o", "missing/out.wasm"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("cannot write missing/out.wasm"), "{done:?}");
    let done = folder.run(&["build", "src/add.one.ts", "-o", "src/add.one.ts"]);
    assert_eq!(
        (
            done.code,
            fs::read_to_string(folder.path("src/add.one.ts")).unwrap().as_str()
        ),
        (2, WORKER)
    );
}

#[test]
fn a_faulty_source_is_placed_and_makes_no_module() {
    let long = format!("export default 1 //{}", "x".repeat(100_000));
    let cases = [
        ("let a = 1;\nlet a: = 2;\nexport default () => a;\n", "worker.ts:2:8"),
        ("throw new Error('at the top')\nexport default () => 1\n", "at the top"),
        ("export default 7\n", "default export is not a function"),
        (&long, "100000"),
    ];
    for (source, expected) in cases {
        let folder = Folder::new(&[("worker.ts", source)]);
        let done = folder.run(&["build", "worker.ts"]);
        assert_eq!(done.code, 2, "{done:?}");
        assert!(done.stderr.contains(expected), "{expected} is not in {}", done.stderr);
        assert!(!folder.path("worker.wasm").exists());
    }
    let folder = Folder::new(&[("worker.wasm", ""), ("worker.py", "")]);
    for entry in ["worker.wasm", "worker.py", "gone.ts"] {
        assert_eq!(folder.run(&["build", entry]).code, 2, "{entry}");
    }
}
