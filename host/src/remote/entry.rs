//! An entry of the history as the API tells it, and how it is printed.

use super::shown::time;
use crate::run;
use engine::Thrown;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt::Write;

/// What is read of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// `X-Execution-Id`.
    pub execution_id: String,
    /// The worker.
    pub worker_key: String,
    /// `STATUS_SUCCESS` or `STATUS_FAIL`.
    pub execution_status: String,
    /// How it ended, in a word.
    pub outcome: String,
    /// When it began, in unix milliseconds.
    pub start_time_millis: i64,
    /// Who began it.
    pub triggered_by: String,
    /// The version that was executed.
    pub executed_version: Option<String>,
    /// The payload, as it was sent; a text when it was cut.
    #[serde(default, deserialize_with = "present")]
    pub execution_payload: Option<Box<RawValue>>,
    /// What it left.
    pub execution_result: Left,
    /// Whether something of it was cut.
    pub truncated: bool,
}

/// What an answer says of a failure.
#[derive(Debug, Deserialize)]
pub struct Failure {
    /// A sentence, of an execution that did not come to its end.
    pub message: Option<String>,
    /// What was thrown, and where.
    pub error: Option<Thrown>,
}

/// What an execution left.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// The value that was returned, or what the caller was told of a failure; a text when it was cut.
    #[serde(default, deserialize_with = "present")]
    pub result: Option<Box<RawValue>>,
    /// Lines, `[info ] - text`.
    pub logs: String,
    /// What it took.
    pub worker_stats: Stats,
}

/// What it took.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Wall time.
    pub execution_duration_millis: u64,
}

/// `null` is a value too.
pub fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Deserialize::deserialize(from).map(Some)
}

impl Entry {
    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        self.execution_status == "STATUS_SUCCESS"
    }

    /// A line about it, the lines that it logged, and why it failed.
    pub fn text(&self) -> String {
        let took = self.execution_result.worker_stats.execution_duration_millis;
        let mut text = format!(
            "{}  {}  {}  {took} ms\n",
            time(self.start_time_millis),
            self.execution_id,
            self.how()
        );
        let failure = self.failure().unwrap_or_default();
        for line in self.execution_result.logs.lines().chain(failure.lines()) {
            let _ = writeln!(text, "  {line}");
        }
        text
    }

    /// Why it did not come to its end, with the stack; nothing if that was cut.
    fn failure(&self) -> Option<String> {
        let told = self.execution_result.result.as_deref().filter(|_| !self.succeeded())?;
        let Failure { message, error } = serde_json::from_str(told.get()).ok()?;
        Some(run::failure(message?, error.as_ref()))
    }

    /// How it ended. A worker that finished can say itself that it failed.
    pub fn how(&self) -> &str {
        match self.outcome.as_str() {
            "success" if !self.succeeded() => "failed",
            outcome => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_writes_is_read() {
        let stored = crate::store::Entry {
            execution: "x1".into(),
            worker: "w".into(),
            version: Some(3),
            outcome: "success".into(),
            payload: Some("null".into()),
            result: Some("1e400".into()),
            logs: "[info ] - hi\n".into(),
            usage: r#"{"wallTimeMicros":7000}"#.into(),
            ..crate::store::Entry::default()
        };
        let entry: Entry = serde_json::from_str(&crate::api::entry::one(&stored)).unwrap();
        assert_eq!(entry.execution_payload.as_ref().map(|it| it.get()), Some("null"));
        assert_eq!(entry.text(), "1970-01-01T00:00:00Z  x1  failed  7 ms\n  [info ] - hi\n");
        let failed = crate::store::Entry {
            outcome: "exception".into(),
            result: Some(r#"{"message":"Error: no","error":{"stack":["at f (worker.ts:1:2)"]}}"#.into()),
            ..stored.clone()
        };
        let entry: Entry = serde_json::from_str(&crate::api::entry::one(&failed)).unwrap();
        let expected = "  exception  7 ms\n  [info ] - hi\n  Error: no\n      at f (worker.ts:1:2)\n";
        assert!(entry.text().ends_with(expected), "{}", entry.text());
        let without = crate::store::Entry {
            payload: None,
            ..stored
        };
        let entry: Entry = serde_json::from_str(&crate::api::entry::one(&without)).unwrap();
        assert!(entry.execution_payload.is_none());
    }
}
