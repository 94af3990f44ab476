//! An execution as `host dev` shows it: a line of what it took, what came in and went out, the log, and a failure.

use super::super::paint::{Look, Paint};
use crate::run::failure_in;
use engine::Thrown;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt::Write;
use std::path::Path;

/// Characters of a payload or a result that are shown.
const SHOWN_CHARS: usize = 100;

/// What is read of an entry of the history.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    worker_key: String,
    execution_status: String,
    outcome: String,
    #[serde(borrow, default)]
    execution_payload: Option<&'a RawValue>,
    #[serde(borrow)]
    execution_result: Left<'a>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Left<'a> {
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    logs: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    fuel: u64,
    wall_time_micros: u64,
    peak_memory_bytes: u64,
    requests: u64,
}

/// What the caller was told of a failure.
#[derive(Deserialize)]
struct Answer {
    message: String,
    error: Option<Thrown>,
}

/// The text of an entry as followers are told it; the lines at which something was thrown are those of `folder`.
pub fn execution(entry: &str, folder: &Path, paint: Paint) -> String {
    let Ok(entry) = serde_json::from_str::<Entry<'_>>(entry) else {
        // It is this program that has written it.
        return String::new();
    };
    let good = entry.execution_status == "STATUS_SUCCESS";
    let (look, sign) = if good { (Look::Good, "✓") } else { (Look::Bad, "✗") };
    let Usage {
        fuel,
        wall_time_micros,
        peak_memory_bytes,
        requests,
    } = entry.usage;
    let [whole, rest] = [wall_time_micros / 1000, wall_time_micros % 1000 / 100];
    let mut took = format!("{whole}.{rest} ms, {fuel} fuel, {} KiB", peak_memory_bytes >> 10);
    if requests > 0 {
        let _ = write!(took, ", {requests} requests");
    }
    let failed = match entry.outcome.as_str() {
        "success" => String::new(),
        outcome => format!("  {outcome}"),
    };
    let result = entry.execution_result.result.map_or("", RawValue::get);
    let mut text = format!(
        "{} {}{failed}  {}",
        paint.text(look, sign),
        paint.text(Look::Strong, &entry.worker_key),
        paint.text(Look::Faint, &took),
    );
    let sent = shortened(entry.execution_payload.map_or("", RawValue::get));
    let returned = if entry.outcome == "success" {
        shortened(result)
    } else {
        String::new()
    };
    for (sign, json) in [("", sent), ("→ ", returned)] {
        if !json.is_empty() {
            let _ = write!(text, "  {sign}{}", paint.text(Look::Faint, &json));
        }
    }
    text.push('\n');
    text.push_str(&paint.block("    ", &entry.execution_result.logs));
    if entry.outcome != "success"
        && let Ok(answer) = serde_json::from_str::<Answer>(result)
    {
        let failure = failure_in(Some(folder), answer.message, answer.error.as_ref());
        text.push_str(&paint.block("    ", &failure));
    }
    text
}

fn shortened(json: &str) -> String {
    match json.char_indices().nth(SHOWN_CHARS) {
        None => json.to_owned(),
        Some((end, _)) => format!("{}…", &json[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Entry;

    fn shown(entry: Entry) -> String {
        let entry = Entry {
            worker: "greeter".into(),
            logs: "[info ] - hi\n".into(),
            usage: r#"{"fuel":28564,"cpuTimeMicros":1,"wallTimeMicros":1290,"peakMemoryBytes":4128768,"requests":0}"#
                .into(),
            ..entry
        };
        execution(&crate::api::entry::one(&entry), Path::new("nowhere"), Paint::none())
    }

    #[test]
    fn a_success_is_a_line_and_its_log() {
        let text = shown(Entry {
            success: true,
            outcome: "success".into(),
            payload: Some("{\"a\":1}".into()),
            result: Some(format!("\"{}\"", "x".repeat(200))),
            ..Entry::default()
        });
        let expected = format!(
            "✓ greeter  1.2 ms, 28564 fuel, 4032 KiB  {{\"a\":1}}  → \"{}…\n    [info ] - hi\n",
            "x".repeat(99)
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn a_failure_shows_where_it_was_thrown() {
        let answer = serde_json::json!({
            "executionStatus": "STATUS_FAIL", "message": "Error: no",
            "error": {"code": "exception", "name": "Error", "message": "no", "stack": ["at f (worker.ts:2:9)"],
                "cause": {"name": "TypeError", "message": "inner", "stack": ["at g (worker.ts:3:1)"]}},
        });
        let text = shown(Entry {
            success: false,
            outcome: "exception".into(),
            result: Some(answer.to_string()),
            ..Entry::default()
        });
        assert!(
            text.ends_with(
                "    Error: no\n        at f (worker.ts:2:9)\n    caused by TypeError: inner\n        at g (worker.ts:3:1)\n"
            ),
            "{text}"
        );
        assert!(text.starts_with("✗ greeter  exception  1.2 ms"), "{text}");
    }
}
