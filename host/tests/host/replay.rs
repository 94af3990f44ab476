//! What is kept of fuzzing (`fuzz/README.md`): every seed and every finding keeps its promise.

#[path = "../../fuzz/promises/mod.rs"]
mod promises;

use std::fs;
use std::path::Path;

#[test]
fn bodies_are_executed_or_refused() {
    let mut count = 0;
    for kept in ["seeds", "findings"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz")
            .join(kept)
            .join("execute");
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == ".gitkeep") {
                continue;
            }
            eprintln!("{}", path.display());
            promises::execute::execute(&fs::read(path).unwrap());
            count += 1;
        }
    }
    assert!(count > 0);
}
