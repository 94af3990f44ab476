//! What the history keeps of an execution.

use crate::answer;
use crate::store::Entry;
use engine::{Execution, Level, Logs};
use std::fmt::Write;

/// The facts of an execution that its result does not tell.
pub struct Facts<'a> {
    /// Its id.
    pub execution: &'a str,
    /// The worker's key.
    pub worker: &'a str,
    /// The worker's project.
    pub project: Option<&'a str>,
    /// The action.
    pub action: &'a str,
    /// The version.
    pub version: Option<i64>,
    /// When it started, in unix milliseconds.
    pub started: i64,
    /// When it ended.
    pub ended: i64,
    /// Who started it.
    pub triggered_by: &'a str,
    /// Whether it was a test.
    pub test_run: bool,
    /// The payload, unless it is to be kept out.
    pub payload: Option<&'a [u8]>,
    /// Whether the result is kept, and the logs with it.
    pub keep_result: bool,
    /// Texts that must not be seen in it.
    pub secrets: &'a [&'a str],
}

/// The entry of an execution.
pub fn entry(facts: &Facts<'_>, execution: &Execution) -> Entry {
    let text = |bytes: &[u8]| mask(String::from_utf8_lossy(bytes).into_owned(), facts.secrets);
    // The value itself; for a failure what the caller was told of it.
    let result = || match execution.outcome.is_success() {
        true => text(&execution.output),
        false => text(&answer::body(execution)),
    };
    Entry {
        execution: facts.execution.to_owned(),
        worker: facts.worker.to_owned(),
        project: facts.project.map(str::to_owned),
        action: facts.action.to_owned(),
        version: facts.version,
        success: answer::succeeded(execution),
        outcome: execution.outcome.code().to_owned(),
        started: facts.started,
        ended: facts.ended,
        triggered_by: facts.triggered_by.to_owned(),
        test_run: facts.test_run,
        trace: None,
        payload: facts.payload.filter(|payload| !payload.is_empty()).map(text),
        result: facts.keep_result.then(result).filter(|result| !result.is_empty()),
        logs: if facts.keep_result {
            mask(lines(&execution.logs), facts.secrets)
        } else {
            String::new()
        },
        usage: answer::usage(&execution.usage),
        truncated: false,
    }
}

/// Logs as the API tells them: `[info ] - text`, a line each.
pub fn lines(logs: &Logs) -> String {
    let mut text = String::new();
    for line in logs.lines() {
        let level = match line.level {
            Level::Error => "error",
            Level::Warn => "warn ",
            Level::Info => "info ",
            Level::Debug => "debug",
        };
        let _ = writeln!(text, "[{level}] - {}", line.message);
    }
    text
}

/// A secret that a worker prints or returns is told as `***`. Short ones would blot out half of what is read.
pub fn mask(text: String, secrets: &[&str]) -> String {
    const SHORTEST: usize = 4;
    // As they are, and as they stand in JSON; the longest first, so that one that begins like another is gone whole.
    let mut secrets: Vec<String> = secrets
        .iter()
        .flat_map(|secret| {
            let quoted = serde_json::Value::from(*secret).to_string();
            [(*secret).to_owned(), quoted[1..quoted.len() - 1].to_owned()]
        })
        .collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
        .iter()
        .filter(|secret| secret.len() >= SHORTEST)
        .fold(text, |text, secret| {
            if text.contains(secret) {
                text.replace(secret, "***")
            } else {
                text
            }
        })
}
