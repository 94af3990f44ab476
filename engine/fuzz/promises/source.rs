//! Any source is a module or a list of faults, the same every time; what it builds to is a worker.

use super::{ENGINE, TOKIO, loaded, run};
use crate::source_map::SourceMap;
use crate::transform::report::MAX_DIAGNOSTICS;
use crate::transform::{self, Script};
use crate::{BuildError, Diagnostic, Request, Source, Texts, bundle};
use std::fs;
use std::path::{Component, Path};

/// A line that begins another file, as TypeScript's own tests have it: `//@ lib/x.ts`.
const FILE: &str = "//@ ";

/// Sources up to this size are built to the end.
const SMALL_BYTES: usize = 2 << 10;

/// Builds `input`: the text of a worker, or of several files of which the first is the worker.
pub fn source(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let files = files(&text);
    let folder = written(&files[1..]);
    let (name, text) = files[0];
    let folder = folder.as_ref().map(tempfile::TempDir::path);
    let built = bundle::bundle(name, text, folder, &Texts::new());
    let again = bundle::bundle(name, text, folder, &Texts::new());
    match (&built, &again) {
        (Ok((script, alone)), Ok((again, again_alone))) => {
            assert!(
                script.code == again.code && script.map == again.map && alone == again_alone,
                "it is another the second time"
            );
            check_script(script);
            // The top level takes its time, so while fuzzing one of eight has to do.
            let chosen = cfg!(test) || blake3::hash(input).as_bytes()[0] < 32;
            if input.len() <= SMALL_BYTES && chosen {
                whole(name, text, folder);
            }
        }
        (Err(faults), Err(again)) => {
            assert_eq!(faults, again, "the faults are others the second time");
            check_faults(faults, &files);
        }
        (built, _) => panic!("it builds once only: {}", built.is_ok()),
    }
}

/// Names and texts.
fn files(text: &str) -> Vec<(&str, &str)> {
    let (first, rest) = match text.strip_prefix(FILE) {
        Some(named) => named.split_once('\n').unwrap_or((named, "")),
        None => ("worker.ts", text),
    };
    let mut files = Vec::new();
    let (mut name, mut rest) = (first, rest);
    let separator = format!("\n{FILE}");
    while let Some((text, next)) = rest.split_once(&separator) {
        files.push((name, text));
        (name, rest) = next.split_once('\n').unwrap_or((next, ""));
    }
    files.push((name, rest));
    files
}

/// A folder with those files whose names are good ones; none for none.
fn written(files: &[(&str, &str)]) -> Option<tempfile::TempDir> {
    if files.is_empty() {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = Path::new(name);
        let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        let path = folder.path().join(path);
        // Names that are too long, or of a folder, are nobody's fault.
        if inside && path.parent().is_some_and(|above| fs::create_dir_all(above).is_ok()) {
            let _ = fs::write(path, text);
        }
    }
    Some(folder)
}

/// What comes out is JavaScript, with a map.
fn check_script(script: &Script) {
    assert!(SourceMap::parse(&script.map).is_some(), "the map is none");
    if let Err(faults) = transform::scan("worker.mjs", &script.code, false) {
        let too_much = |fault: &Diagnostic| ["too deep", "the limit is"].iter().any(|it| fault.message.contains(it));
        assert!(
            faults.iter().all(too_much),
            "what was made is faulty: {}\n{}",
            faults[0],
            script.code
        );
    }
}

/// Faults are few, short, and in a place that is there.
fn check_faults(faults: &[Diagnostic], files: &[(&str, &str)]) {
    assert!(
        (1..=MAX_DIAGNOSTICS + 1).contains(&faults.len()),
        "{} faults",
        faults.len()
    );
    for fault in faults {
        assert!(
            fault.line >= 1 && fault.column >= 1 && !fault.message.is_empty(),
            "{fault:?}"
        );
        let most = 8_000 + 8 * fault.file.len();
        assert!(
            fault.rendered.len() <= most,
            "{} bytes of {}",
            fault.rendered.len(),
            fault.message
        );
        let longest = files.iter().map(|(_, text)| text.chars().count() + 2).max();
        let places = u64::from(fault.line) + u64::from(fault.column);
        assert!(longest.is_some_and(|longest| places <= longest as u64 + 1), "{fault:?}");
    }
}

/// From the text to an execution.
fn whole(name: &str, text: &str, folder: Option<&Path>) {
    let source = Source {
        name: name.to_owned(),
        text: text.to_owned(),
        folder: folder.map(Path::to_owned),
        modules: Texts::new(),
    };
    match TOKIO.block_on(ENGINE.build(&source, false)) {
        Ok(module) => {
            let worker = loaded(&module).unwrap_or_else(|error| panic!("what builds does not load: {error}"));
            run(&worker, Request::default());
        }
        Err(BuildError::TopLevel(failure)) => assert!(!failure.to_string().is_empty()),
        Err(BuildError::Source(faults)) => panic!("the source was fine before: {faults:?}"),
        Err(BuildError::TooMuch(sentence) | BuildError::Internal(sentence)) => panic!("{sentence}"),
    }
}
