//! Every case of every sample worker, over HTTP and on the command line; of those in other languages, and of workers that
//! use npm packages.

use super::program::Folder;
use super::server::{Server, TOKEN, request};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A case, its values as they are written: the order of keys is part of a payload.
struct Case(HashMap<String, Box<RawValue>>);

impl Case {
    fn get(&self, key: &str) -> Option<Value> {
        self.0.get(key).map(|raw| serde_json::from_str(raw.get()).unwrap())
    }

    fn name(&self) -> Value {
        self.get("name").unwrap_or_default()
    }

    fn payload(&self) -> &str {
        self.0.get("payload").map_or("", |raw| raw.get())
    }
}

/// Every folder of a sample, with its cases.
fn samples() -> Vec<(PathBuf, Vec<Case>)> {
    samples_in("../workers", 8)
}

/// Samples in languages that have no crate or package here. Those without a manifest have too large a module: it is made
/// and tested by `.ci/languages`.
fn other_languages() -> Vec<(PathBuf, Vec<Case>)> {
    let mut samples = samples_in("../guest-sdk/samples", 3);
    samples.retain(|(folder, _)| folder.join("manifest.json").exists());
    samples
}

/// Every worker of a folder, which is named relative to this crate, with its cases; so many at least.
fn samples_in(folder: &str, least: usize) -> Vec<(PathBuf, Vec<Case>)> {
    let workers = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .canonicalize()
        .unwrap();
    let mut samples = Vec::new();
    for folder in workers.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if let Ok(text) = fs::read_to_string(folder.join("cases.json")) {
            let cases: Vec<_> = serde_json::from_str(&text).unwrap();
            samples.push((folder, cases.into_iter().map(Case).collect()));
        }
    }
    assert!(
        samples.len() >= least,
        "only {} samples in {}",
        samples.len(),
        workers.display()
    );
    samples
}

/// Checks what is the same in both: everything but the logs.
fn check(place: &str, case: &Case, answer: &Value) {
    assert_eq!(answer.get("data"), case.get("data").as_ref(), "{place}: {answer}");
    let failure = case.get("failure");
    let expected = match (case.get("executionStatus"), &failure) {
        (Some(status), _) => status,
        (None, Some(_)) => json!("STATUS_FAIL"),
        (None, None) => json!("STATUS_SUCCESS"),
    };
    assert_eq!(answer["executionStatus"], expected, "{place}: {answer}");
    match &failure {
        Some(failure) => {
            for (key, value) in failure.as_object().unwrap() {
                assert_eq!(&answer["error"][key], value, "{place}: {key}: {answer}");
            }
        }
        None => assert_eq!(answer.get("error"), None, "{place}: {answer}"),
    }
}

#[test]
fn over_http() {
    serve_and_check(&samples());
    serve_and_check(&other_languages());
}

#[test]
fn npm_packages() {
    let packages = samples_in("tests/packages", 8);
    let missing = packages
        .iter()
        .find(|(folder, _)| !folder.join("node_modules").exists());
    if let Some((folder, _)) = missing {
        // What cargo alone cannot bring.
        assert!(std::env::var_os("CI").is_none(), "{}: run npm ci", folder.display());
        eprintln!(
            "SKIPPED: {} has no node_modules; run npm ci in every folder of tests/packages",
            folder.display()
        );
        return;
    }
    serve_and_check(&packages);
}

fn serve_and_check(samples: &[(PathBuf, Vec<Case>)]) {
    let folder = samples[0].0.parent().unwrap().to_str().unwrap().to_owned();
    let mut server = Server::spawn(Folder::new(&[("workers/none", "")]), &[], |command| {
        command.env("HOST_ADMIN_TOKEN", TOKEN).arg("--workers").arg(folder);
    });
    server.wait_for("ready:");
    let mut client = server.connect();
    for (folder, cases) in samples {
        let manifest: Value = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        for case in cases {
            let answer = client.ask(request(manifest["name"].as_str().unwrap(), case.payload()));
            assert_eq!(answer.status, 200, "{answer:?}");
            check(&format!("{}: {}", folder.display(), case.name()), case, &answer.json());
        }
    }
}

#[test]
fn on_the_command_line() {
    for (source, cases) in samples().into_iter().chain(other_languages()) {
        let folder = Folder::new(&[]);
        let manifest: Value = serde_json::from_slice(&fs::read(source.join("manifest.json")).unwrap()).unwrap();
        let entry = source.join(manifest["sourceCodePath"].as_str().unwrap());
        let entry = entry.to_str().unwrap();
        let built = (!entry.ends_with(".wasm")).then(|| folder.run(&["build", entry, "-o", "worker.wasm"]));
        assert!(built.as_ref().is_none_or(|built| built.code == 0), "{built:?}");
        // What another toolchain made is run as it is.
        let module = if built.is_some() { "worker.wasm" } else { entry };
        for case in &cases {
            let place = format!("{}: {}", source.display(), case.name());
            let done = folder.run_with(&["run", module, "--output", "json"], case.payload().as_bytes());
            let answer: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{place}: {done:?}"));
            check(&place, case, &answer);
            let failed = answer["executionStatus"] == "STATUS_FAIL";
            assert_eq!(done.code, i32::from(failed), "{place}: {done:?}");
            if let Some(logs) = case.get("logs") {
                let line = |line: &Value| {
                    format!(
                        "[{:<5}] - {}",
                        line["level"].as_str().unwrap(),
                        line["message"].as_str().unwrap()
                    )
                };
                let lines: Vec<String> = answer["logs"].as_array().unwrap().iter().map(line).collect();
                assert_eq!(json!(lines), logs, "{place}");
            }
        }
    }
}
