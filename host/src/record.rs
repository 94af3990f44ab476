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
    /// What must not be seen in it.
    pub mask: &'a Mask,
}

/// The entry of an execution.
pub fn entry(facts: &Facts<'_>, execution: &Execution) -> Entry {
    let text = |bytes: &[u8]| facts.mask.cover(String::from_utf8_lossy(bytes).into_owned());
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
            facts.mask.cover(lines(&execution.logs))
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

/// Covers what must not be seen in a text.
pub struct Mask(Vec<String>);

impl Mask {
    /// Covers these, as they are and as they stand in JSON. Short ones would blot out half of what is read.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a String>) -> Self {
        const SHORTEST: usize = 4;
        let long = secrets.into_iter().filter(|secret| secret.len() >= SHORTEST);
        let mut all = Vec::new();
        for secret in long {
            let quoted = serde_json::Value::from(secret.as_str()).to_string();
            all.extend([secret.clone(), quoted[1..quoted.len() - 1].to_owned()]);
        }
        // One that begins like another is gone whole.
        all.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.dedup();
        Self(all)
    }

    /// The text with `***` for each of them.
    pub fn cover(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| match text.contains(secret) {
            true => text.replace(secret, "***"),
            false => text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered_in_every_form() {
        let secrets = ["hunter", "hunter2xyz", "a\"b\nc", "abc"].map(str::to_owned);
        let mask = Mask::new(&secrets);
        let cover = |text: &str| mask.cover(text.to_owned());
        assert_eq!(cover("hunter2xyz hunter2 abc"), "*** ***2 abc");
        assert_eq!(cover("a\"b\nc"), "***");
        assert_eq!(cover(r#"{"x":"a\"b\nc"}"#), r#"{"x":"***"}"#);
        assert_eq!(Mask::new(&[]).cover("text".into()), "text");
    }
}
