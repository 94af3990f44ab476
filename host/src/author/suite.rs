//! A file of the worker's own tests, as a worker that runs them: one test is one execution, in a sandbox of its own.
//!
//! The file is loaded while that worker is built, as the worker itself is; what it declares runs when it is asked for. So a
//! test that never ends, or that changes what others see, fails alone.

use super::modules::{self, RUN};
use super::report::{Tested, Verdict, log_line};
use crate::run::{failure, hint};
use engine::{BuildError, Engine, Execution, Level, Limits, LogLine, Outcome, Payload, Request, Thrown, Worker};
use serde::Deserialize;
use std::path::Path;

/// What is called the file that imports the tests: no file of an author has such a name.
const ENTRY: &str = ".host-test.mjs";

/// What is said of a test that left an error behind.
const LOST: &str = "A promise was rejected, and nobody awaited it: its error is in the log";

/// A test, as its file declares it.
#[derive(Debug, Deserialize)]
pub struct Declared {
    /// The names of the suites around it, and its own.
    pub name: String,
    /// It is not to be run; the reason, if there is one.
    pub skipped: Option<String>,
    /// It is not expected to pass yet; the reason, if there is one.
    pub todo: Option<String>,
}

/// What a test that passed says of itself.
#[derive(Default, Deserialize)]
struct Passed {
    skipped: Option<String>,
    todo: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
}

/// The source of the worker that runs the tests of `file`, which is in `folder`.
pub fn source(folder: &Path, file: &str) -> engine::Source {
    let file = serde_json::Value::from(format!("./{file}"));
    let run = serde_json::Value::from(RUN);
    engine::Source {
        name: ENTRY.into(),
        text: format!("import {file};\nexport {{ run as default }} from {run};\n"),
        folder: Some(folder.to_owned()),
        modules: modules::modules(),
    }
}

/// Why the worker that runs the tests does not build, as if the file of tests were asked for by nobody.
pub fn unbuilt(error: &BuildError) -> String {
    error.to_string().replace(&format!("{ENTRY} → "), "")
}

/// The tests that the worker declares, in their order; or what is wrong with it.
pub async fn declared(
    engine: &Engine,
    worker: &Worker,
    request: Request,
) -> anyhow::Result<Result<Vec<Declared>, String>> {
    let request = Request {
        payload: Payload::parse("\"list\"".into(), usize::MAX)?,
        ..request
    };
    let execution = engine.run(worker, request, std::future::pending()).await?;
    Ok(match execution.outcome {
        Outcome::Success => serde_json::from_slice(&execution.output).map_err(|error| error.to_string()),
        outcome => Err(failure(outcome.message(), outcome.thrown())),
    })
}

/// Runs the test with this number.
pub async fn run(
    engine: &Engine,
    worker: &Worker,
    number: usize,
    declared: &Declared,
    request: Request,
) -> anyhow::Result<Tested> {
    let name = declared.name.clone();
    if let Some(reason) = &declared.skipped {
        return Ok(Tested::new(name, Verdict::Skipped(reason.clone())));
    }
    let limits = request.limits.clone();
    let request = Request {
        payload: Payload::parse(number.to_string().into(), usize::MAX)?,
        ..request
    };
    let execution = engine.run(worker, request, std::future::pending()).await?;
    let passed = match execution.outcome {
        Outcome::Success => serde_json::from_slice(&execution.output).unwrap_or_default(),
        _ => Passed::default(),
    };
    let todo = declared.todo.as_ref().or(passed.todo.as_ref());
    let verdict = match (execution.outcome.is_success(), todo, passed.skipped) {
        (true, _, Some(reason)) => Verdict::Skipped(reason),
        (_, Some(reason), _) => Verdict::Todo(reason.clone()),
        (true, None, None) if was_lost(&execution) => Verdict::Failed(LOST.into()),
        (true, None, None) => Verdict::Passed,
        (false, None, _) => Verdict::Failed(told(&execution, &limits)),
    };
    Ok(Tested {
        time: execution.usage.wall,
        logs: logs(&execution).chain(passed.notes).collect(),
        ..Tested::new(name, verdict)
    })
}

/// The lines of the log, without the frames of what surrounds a test.
fn logs(execution: &Execution) -> impl Iterator<Item = String> {
    let lines = execution.logs.lines().into_iter();
    lines
        .filter(|line| !is_around(&line.message))
        .map(|line| log_line(&line))
}

/// A promise that nobody awaits fails no execution, but it does fail a test, as in Node.js.
fn was_lost(execution: &Execution) -> bool {
    let is_lost = |line: &LogLine| line.level == Level::Error && line.message.starts_with("Uncaught (in promise) ");
    execution.logs.lines().iter().any(is_lost)
}

/// Why a test failed: what it says, and the author's lines.
fn told(execution: &Execution, limits: &Limits) -> String {
    let mut text = match &execution.outcome {
        Outcome::Exception(thrown) => failure(execution.outcome.message(), Some(&of_the_author(thrown))),
        outcome => failure(outcome.message(), None),
    };
    if let Some(hint) = hint(execution, limits) {
        text.push('\n');
        text.push_str(&hint);
    }
    // What an assertion says needs no name before it.
    match text.strip_prefix("AssertionError: ") {
        Some(said) => said.to_owned(),
        None => text,
    }
}

/// Without the frames of what surrounds a test.
fn of_the_author(thrown: &Thrown) -> Thrown {
    // A difference is apart from what follows.
    let gap = if thrown.message.contains('\n') { "\n" } else { "" };
    Thrown {
        message: format!("{}{gap}", thrown.message),
        stack: thrown.stack.iter().filter(|frame| !is_around(frame)).cloned().collect(),
        // What an assertion was about is in its sentence.
        cause: match thrown.name.as_str() {
            "AssertionError" => None,
            _ => thrown.cause.as_deref().map(of_the_author).map(Box::new),
        },
        ..thrown.clone()
    }
}

/// Whether a line is a frame, such as `at f (node:assert:1:2)`, in a module of ours or in no file at all.
fn is_around(frame: &str) -> bool {
    let Some(inner) = frame.trim().strip_prefix("at ") else {
        return false;
    };
    let inner = inner.trim_end_matches(')');
    let place = inner.rsplit_once('(').map_or(inner, |(_, place)| place);
    let mut parts = place.rsplitn(3, ':');
    let (Some(_), Some(_), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
        return place == "native";
    };
    file == ENTRY || file == "bundler" || modules::is_ours(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_around_a_test_are_left_out() {
        for (frame, around) in [
            ("at strictEqual (node:assert:12:3)", true),
            ("    at run (host:test/run:1:2)", true),
            ("at .host-test.mjs:1:1", true),
            ("at bundler:1:1", true),
            ("at apply (native)", true),
            ("at <anonymous> (worker.test.ts:4:9)", false),
            ("at lib/a.ts:4:9", false),
            ("at noon", false),
            ("look at node:test:1:2", false),
        ] {
            assert_eq!(is_around(frame), around, "{frame}");
        }
    }

    #[test]
    fn any_name_of_a_file_can_be_imported() {
        let source = source(Path::new("/"), "a\"b\\.test.ts");
        assert!(
            source.text.starts_with("import \"./a\\\"b\\\\.test.ts\";\n"),
            "{}",
            source.text
        );
    }
}
