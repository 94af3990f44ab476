//! What SECURITY.md says of the tests is true.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The names of all test functions below these folders.
fn tests() -> BTreeSet<String> {
    let mut folders = ["engine/src", "engine/tests", "host/src", "host/tests"]
        .map(|folder| root().join(folder))
        .to_vec();
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let mut lines = text.lines().map(str::trim);
                while let Some(line) = lines.next() {
                    if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                        let next = lines.find(|line| line.contains("fn ")).unwrap_or_default();
                        let name = next.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next());
                        found.extend(name.map(str::to_owned));
                    }
                }
            }
        }
    }
    found
}

#[test]
fn every_test_of_the_table_is_there() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let known = tests();
    let rows: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.starts_with("| attack"))
        .skip(2)
        .collect();
    let rows: Vec<&str> = rows.into_iter().take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 30, "{} rows", rows.len());
    let mut missing = Vec::new();
    for row in rows {
        let kept = row.trim_matches('|').rsplit('|').next().unwrap();
        let names: Vec<&str> = kept.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test keeps: {row}");
        // A name with a slash is a file of tests in another language.
        let is_there = |name: &str| match name.contains('/') {
            true => root().join(name).is_file(),
            false => known.contains(name),
        };
        missing.extend(names.into_iter().filter(|name| !is_there(name)).map(str::to_owned));
    }
    assert!(
        missing.is_empty(),
        "SECURITY.md names tests that are not there: {missing:?}"
    );
}

/// A test cannot set the clock of the machine; but what is measured by a clock that nobody can set is not affected.
#[test]
fn limits_do_not_know_the_time_of_day() {
    let mut paths = vec![root().join("engine/src")];
    paths.extend(
        ["places.rs", "admission.rs", "server.rs", "http/body.rs", "perform.rs"]
            .map(|file| root().join("host/src").join(file)),
    );
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            // The cache goes by the times of files, and is no limit of an execution.
            let is_cache = path.ends_with("engine/src/cache.rs");
            assert!(
                is_cache || !text.contains("SystemTime") && !text.contains("UNIX_EPOCH"),
                "{}",
                path.display()
            );
        }
    }
}
