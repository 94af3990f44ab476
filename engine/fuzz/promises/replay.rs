//! What is kept of fuzzing, as tests: every seed and every finding keeps its promise.

use std::fs;
use std::path::Path;

/// Gives every file that is kept for `target` to `promise`; tells which one broke it.
fn replay(target: &str, promise: fn(&[u8])) {
    let mut count = 0;
    for kept in ["seeds", "findings"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz")
            .join(kept)
            .join(target);
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.file_name().is_some_and(|name| name == ".gitkeep") {
                continue;
            }
            eprintln!("{}", path.display());
            promise(&fs::read(&path).expect("it can be read"));
            count += 1;
        }
    }
    assert!(count > 0, "nothing is kept for {target}");
}

#[test]
fn sources_build_or_are_explained() {
    replay("source", super::source);
}

#[test]
fn modules_load_or_are_refused() {
    replay("load", super::load);
}

#[test]
fn modules_are_the_same_whole_and_split() {
    replay("split", super::split);
}

#[test]
fn stacks_are_mapped_within_bounds() {
    replay("stack", super::stack);
}
