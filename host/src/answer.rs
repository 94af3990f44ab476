//! An execution as JSON: the same keys over HTTP and from `host run --output json`.

use crate::status::says_failed;
use engine::{Execution, Outcome, Thrown};
use serde::Serialize;

/// Whether the worker finished, and did not say itself that it failed.
pub fn succeeded(execution: &Execution) -> bool {
    execution.outcome.is_success() && !says_failed(&execution.output)
}

/// The body of an answer over HTTP: `{"data"?,"executionStatus","message"?,"error"?}`.
pub fn body(execution: &Execution) -> Vec<u8> {
    let mut json = Vec::with_capacity(execution.output.len() + 64);
    begin(execution, &mut json);
    json.push(b'}');
    json
}

/// The whole execution: the keys of [`body`], `logs` and `usage`.
pub fn document(execution: &Execution) -> Vec<u8> {
    let mut json = Vec::new();
    begin(execution, &mut json);
    json.extend_from_slice(b",\"logs\":");
    write(&execution.logs.lines(), &mut json);
    json.extend_from_slice(b",\"usage\":");
    json.extend_from_slice(usage(&execution.usage).as_bytes());
    json.push(b'}');
    json
}

/// What was used: `usage` of a document.
pub fn usage(usage: &engine::Usage) -> String {
    let micros = |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let usage = Usage {
        fuel: usage.fuel,
        cpu_time_micros: micros(usage.cpu),
        wall_time_micros: micros(usage.wall),
        peak_memory_bytes: usage.peak_memory_bytes,
        requests: usage.requests,
        sent_bytes: usage.sent_bytes,
        received_bytes: usage.received_bytes,
    };
    let mut json = Vec::new();
    write(&usage, &mut json);
    // Digits and the names above.
    String::from_utf8(json).unwrap_or_default()
}

/// Everything but the closing brace. The data is copied as the worker wrote it: encoding it again would cost more
/// than the execution, and could change numbers.
fn begin(execution: &Execution, json: &mut Vec<u8>) {
    let success = execution.outcome.is_success();
    let data = execution.output.trim_ascii();
    json.push(b'{');
    if success && !data.is_empty() {
        json.extend_from_slice(b"\"data\":");
        json.extend_from_slice(data);
        json.push(b',');
    }
    let status = if succeeded(execution) {
        "STATUS_SUCCESS"
    } else {
        "STATUS_FAIL"
    };
    json.extend_from_slice(b"\"executionStatus\":");
    write(status, json);
    if !success {
        json.extend_from_slice(b",\"message\":");
        write(&execution.outcome.message(), json);
        json.extend_from_slice(b",\"error\":");
        write(&Failure::of(&execution.outcome), json);
    }
}

fn write(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) {
    // Fails only for maps without text keys and for writers that fail; here are neither.
    let written = serde_json::to_writer(json, value);
    debug_assert!(written.is_ok());
}

/// `error` of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    code: &'static str,
    name: String,
    message: String,
    stack: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a Thrown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
}

impl<'a> Failure<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let thrown = outcome.thrown();
        let text = |part: fn(&Thrown) -> &String| thrown.map(part).filter(|text| !text.is_empty()).cloned();
        // An exception may have no message; then so has the answer.
        let message = match outcome {
            Outcome::Exception(thrown) => thrown.message.clone(),
            _ => text(|thrown| &thrown.message).unwrap_or_else(|| outcome.message()),
        };
        Self {
            code: outcome.code(),
            name: text(|thrown| &thrown.name).unwrap_or_else(|| name(outcome)),
            message,
            stack: thrown.map_or(&[], |thrown| &thrown.stack),
            cause: thrown.and_then(|thrown| thrown.cause.as_deref()),
            exit_code: match outcome {
                Outcome::Exit(code, _) => Some(*code),
                _ => None,
            },
        }
    }
}

/// The name of a failure that the worker did not name: its code as JavaScript names errors, `CpuLimit`.
fn name(outcome: &Outcome) -> String {
    if let Outcome::Exception(_) | Outcome::Exit(..) = outcome {
        return "Error".into();
    }
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    outcome.code().split('_').map(capital).collect()
}

/// `usage` of a document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    fuel: u64,
    cpu_time_micros: u64,
    wall_time_micros: u64,
    peak_memory_bytes: usize,
    requests: u32,
    sent_bytes: u64,
    received_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use engine::Logs;
    use std::time::Duration;

    fn execution(outcome: Outcome, output: &'static str) -> Execution {
        let usage = engine::Usage {
            fuel: 7,
            cpu: Duration::from_micros(2),
            wall: Duration::from_micros(3),
            peak_memory_bytes: 5,
            ..engine::Usage::default()
        };
        Execution {
            outcome,
            output: Bytes::from_static(output.as_bytes()),
            logs: Logs::default(),
            state_changes: engine::StateChanges::default(),
            usage,
        }
    }

    fn answered(outcome: Outcome, output: &'static str) -> String {
        String::from_utf8(body(&execution(outcome, output))).unwrap()
    }

    #[test]
    fn data_is_what_the_worker_wrote() {
        let cases = [
            ("", r#"{"executionStatus":"STATUS_SUCCESS"}"#),
            ("null", r#"{"data":null,"executionStatus":"STATUS_SUCCESS"}"#),
            (
                r#"{"foo":"bar"}"#,
                r#"{"data":{"foo":"bar"},"executionStatus":"STATUS_SUCCESS"}"#,
            ),
            (
                "[1e400, 1.0]\n",
                r#"{"data":[1e400, 1.0],"executionStatus":"STATUS_SUCCESS"}"#,
            ),
            (
                r#"{"executionStatus":2}"#,
                r#"{"data":{"executionStatus":2},"executionStatus":"STATUS_FAIL"}"#,
            ),
        ];
        for (output, expected) in cases {
            assert_eq!(answered(Outcome::Success, output), expected);
        }
    }

    #[test]
    fn failures_have_a_sentence_and_an_error() {
        let thrown = |name: &str, message: &str| Thrown {
            name: name.into(),
            message: message.into(),
            ..Thrown::default()
        };
        let cases = [
            (
                Outcome::CpuLimit,
                r#""message":"Worker used too much cpu time","error":{"code":"cpu_limit","name":"CpuLimit","message":"Worker used too much cpu time","stack":[]}}"#,
            ),
            (
                Outcome::Exception(Thrown {
                    stack: vec!["at f (worker.ts:1:2)".into()],
                    cause: Some(Box::new(thrown("RangeError", "\"deep\""))),
                    ..thrown("TypeError", "no")
                }),
                r#""message":"TypeError: no","error":{"code":"exception","name":"TypeError","message":"no","stack":["at f (worker.ts:1:2)"],"cause":{"name":"RangeError","message":"\"deep\"","stack":[]}}}"#,
            ),
            (
                Outcome::Exit(3, Some(thrown("", ""))),
                r#""message":"The worker exited with code 3","error":{"code":"exit","name":"Error","message":"The worker exited with code 3","stack":[],"exitCode":3}}"#,
            ),
        ];
        for (outcome, expected) in cases {
            let expected = format!("{{\"executionStatus\":\"STATUS_FAIL\",{expected}");
            assert_eq!(answered(outcome, "ignored"), expected);
        }
    }

    #[test]
    fn the_document_has_logs_and_usage() {
        let json = String::from_utf8(document(&execution(Outcome::Success, "1"))).unwrap();
        let expected = r#"{"data":1,"executionStatus":"STATUS_SUCCESS","logs":[],"usage":{"fuel":7,"cpuTimeMicros":2,"wallTimeMicros":3,"peakMemoryBytes":5,"requests":0,"sentBytes":0,"receivedBytes":0}}"#;
        assert_eq!(json, expected);
    }
}
