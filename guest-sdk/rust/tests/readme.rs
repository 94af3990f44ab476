//! The code of guest-sdk/README.md is that of files which are compiled and tested.

#![expect(clippy::unwrap_used, reason = "all of it is tests")]

use std::fs;

/// The blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let readme = fs::read_to_string("../README.md").unwrap();
    let begin = format!("\n```{language}\n");
    let parts = readme.split(&begin).skip(1);
    parts
        .map(|part| part.split("\n```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_worker_in_rust_is_an_example() {
    let example = fs::read_to_string("examples/repository.rs").unwrap();
    assert_eq!(blocks("rust"), [example.trim_end()]);
}

#[test]
fn the_manifest_is_part_of_the_template() {
    let template = fs::read_to_string("../../host/templates/rust/Cargo.toml").unwrap();
    let [manifest] = &blocks("toml")[..] else {
        panic!("one block")
    };
    for line in manifest.lines() {
        // In a checkout of this repository the crate is beside this file; the template has it in its own folder.
        let line = line.replace("../guest-sdk/rust", "sdk");
        assert!(template.lines().any(|found| found == line), "{line}");
    }
}

#[test]
fn the_throw_in_c_is_that_of_the_sample() {
    let sample = fs::read_to_string("../samples/c/worker.c").unwrap();
    let [throw] = &blocks("c")[..] else { panic!("one block") };
    assert!(sample.contains(throw.as_str()), "{throw}");
}
