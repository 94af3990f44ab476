//! What an execution leaves as JSON: the entries of the history, and the answer of a test.

use super::action::Action;
use super::json;
use super::render::Embedded;
use crate::store::Entry;
use serde::{Deserialize, Serialize};

/// The history: a JSON array of `{workerKey, workerType, workerProjectKey, executionStatus, startTimeMillis,
/// endTimeMillis, triggeredBy, testRun, executedVersion?, traceId?, executionPayload?, executionResult:{result?, logs,
/// workerStats:{cpuTimeMillis, topMemoryUsageBytes, executionDurationMillis}}}`, and of ours `executionId, outcome,
/// truncated, usage?`, the last as `host run --output json` has it.
pub fn history(entries: &[Entry]) -> String {
    let entries: Vec<_> = entries.iter().map(EntryBody::of).collect();
    json(&entries)
}

/// One entry of it, on one line.
pub fn one(entry: &Entry) -> String {
    json(&EntryBody::of(entry))
}

/// The answer of a test: `{"logs":"…","genericEvent":{…}}`. `answer` is what the execute endpoint would have answered:
/// `{"data"?,"executionStatus","message"?,"error"?}`.
pub fn test_answer(action: Action, logs: &str, answer: &str) -> String {
    let (logs, answer) = (json(logs), json(&Embedded::of(answer)));
    format!(r#"{{"logs":{logs},"{}":{answer}}}"#, action.result_key())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryBody<'a> {
    worker_key: &'a str,
    worker_type: &'a str,
    worker_project_key: &'a str,
    execution_status: &'static str,
    start_time_millis: i64,
    end_time_millis: i64,
    triggered_by: &'a str,
    test_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    executed_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_payload: Option<Embedded<'a>>,
    execution_result: ResultBody<'a>,
    execution_id: &'a str,
    outcome: &'a str,
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Embedded<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Embedded<'a>>,
    logs: &'a str,
    worker_stats: Stats,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    cpu_time_millis: u64,
    top_memory_usage_bytes: u64,
    execution_duration_millis: u64,
}

/// What is read of `usage`; nothing is worth failing for.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Usage {
    cpu_time_micros: u64,
    wall_time_micros: Option<u64>,
    peak_memory_bytes: u64,
}

impl<'a> EntryBody<'a> {
    fn of(entry: &'a Entry) -> Self {
        let usage: Usage = serde_json::from_str(&entry.usage).unwrap_or_default();
        let elapsed = || u64::try_from(entry.ended.saturating_sub(entry.started)).unwrap_or(0);
        Self {
            worker_key: &entry.worker,
            worker_type: &entry.action,
            worker_project_key: entry.project.as_deref().unwrap_or_default(),
            execution_status: if entry.success { "STATUS_SUCCESS" } else { "STATUS_FAIL" },
            start_time_millis: entry.started,
            end_time_millis: entry.ended,
            triggered_by: &entry.triggered_by,
            test_run: entry.test_run,
            executed_version: entry.version.map(|version| version.to_string()),
            trace_id: entry.trace.as_deref(),
            execution_payload: entry.payload.as_deref().map(Embedded::of),
            execution_result: ResultBody {
                result: entry.result.as_deref().map(Embedded::of),
                logs: &entry.logs,
                worker_stats: Stats {
                    cpu_time_millis: usage.cpu_time_micros.div_ceil(1000),
                    top_memory_usage_bytes: usage.peak_memory_bytes,
                    execution_duration_millis: usage
                        .wall_time_micros
                        .map_or_else(elapsed, |micros| micros.div_ceil(1000)),
                },
            },
            execution_id: &entry.execution,
            outcome: &entry.outcome,
            truncated: entry.truncated,
            usage: Some(entry.usage.as_str())
                .filter(|usage| !usage.is_empty())
                .map(Embedded::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Entry {
        Entry {
            execution: "x1".into(),
            worker: "w".into(),
            project: Some("p".into()),
            action: "GENERIC_EVENT".into(),
            version: Some(3),
            success: true,
            outcome: "success".into(),
            started: 1000,
            ended: 1009,
            triggered_by: "ann".into(),
            test_run: false,
            trace: Some("t".into()),
            payload: Some(r#"{"n":1.0}"#.into()),
            result: Some("1e400".into()),
            logs: "[info ] - hi\n".into(),
            usage: r#"{"fuel":1,"cpuTimeMicros":1500,"wallTimeMicros":7000,"peakMemoryBytes":65536,"requests":0}"#
                .into(),
            truncated: false,
        }
    }

    #[test]
    fn an_entry_is_written() {
        let expected = concat!(
            r#"{"workerKey":"w","workerType":"GENERIC_EVENT","workerProjectKey":"p","executionStatus":"STATUS_SUCCESS","#,
            r#""startTimeMillis":1000,"endTimeMillis":1009,"triggeredBy":"ann","testRun":false,"executedVersion":"3","#,
            r#""traceId":"t","executionPayload":{"n":1.0},"executionResult":{"result":1e400,"logs":"[info ] - hi\n","#,
            r#""workerStats":{"cpuTimeMillis":2,"topMemoryUsageBytes":65536,"executionDurationMillis":7}},"#,
            r#""executionId":"x1","outcome":"success","truncated":false,"usage":{"fuel":1,"cpuTimeMicros":1500,"wallTimeMicros":7000,"peakMemoryBytes":65536,"requests":0}}"#
        );
        assert_eq!(history(&[example(), example()]), format!("[{expected},{expected}]"));
        assert_eq!(history(&[]), "[]");
    }

    #[test]
    fn what_was_cut_or_is_missing_does_no_harm() {
        let cut = Entry {
            payload: Some("{\"a\":\"…[truncated]".into()),
            result: None,
            usage: "nonsense".into(),
            project: None,
            version: None,
            trace: None,
            success: false,
            ..example()
        };
        let text = history(&[cut]);
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        for part in [
            r#""executionPayload":"{\"a\":\"…[truncated]","#,
            r#""executionResult":{"logs":"#,
            r#""cpuTimeMillis":0,"topMemoryUsageBytes":0,"executionDurationMillis":9}"#,
            r#""workerProjectKey":"","executionStatus":"STATUS_FAIL""#,
        ] {
            assert!(text.contains(part), "{text} should have {part}");
        }
    }

    #[test]
    fn a_test_is_answered() {
        let answer = r#"{"data":{"n":1.0},"executionStatus":"STATUS_SUCCESS"}"#;
        assert_eq!(
            test_answer(Action::Generic, "[info ] - \"x\"\n", answer),
            format!(r#"{{"logs":"[info ] - \"x\"\n","genericEvent":{answer}}}"#)
        );
        assert_eq!(
            test_answer(Action::Scheduled, "", answer),
            format!(r#"{{"logs":"","scheduledEvent":{answer}}}"#)
        );
    }
}
