//! `host execute`: one execution on a server, printed as `host run` prints one here.
//!
//! An answer has no logs. They come from the same place as those of `host logs --follow`, asked before the worker is: that
//! needs no history, and is there when the answer is. Who may not follow executes without seeing logs.

use super::client::{Client, Content, EXECUTION, part, with_query};
use super::entry::{Entry, Failure, present};
use super::events::Events;
use super::history;
use crate::cli::FAILED;
use crate::console::{self, printable};
use crate::run::{self, SAYS_FAILED};
use crate::settings::commands::Output;
use crate::settings::remote::Execute;
use anyhow::Context;
use bytes::Bytes;
use engine::{MAX_PAYLOAD_BYTES, Payload};
use hyper::body::Incoming;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::timeout;

/// For the head of the logs to come.
const FOLLOW: Duration = Duration::from_secs(10);
/// For the logs, after the answer. They are told before it; but there may be several servers behind one address.
const LOGS: Duration = Duration::from_secs(1);

/// The answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Executed {
    #[serde(default, deserialize_with = "present")]
    data: Option<Box<RawValue>>,
    execution_status: String,
}

/// Executes the worker and prints what became of it.
pub async fn execute(
    client: &Client,
    key: &str,
    project: Option<&str>,
    settings: &Execute,
) -> anyhow::Result<ExitCode> {
    let payload = Bytes::from(run::payload(&settings.payload, MAX_PAYLOAD_BYTES)?);
    // What is no document is told without a server.
    Payload::parse(payload.clone(), MAX_PAYLOAD_BYTES)?;
    let following = follow(client, key).await?;
    let path = with_query(&format!("v1/execute/{}", part(key)), &[("projectKey", project)]);
    let content = match payload.is_empty() {
        true => Content::Nothing,
        false => Content::Json(payload),
    };
    let answer = client.ask_within(Method::POST, &path, content, EXECUTION).await?;
    let answer = client.succeeded(answer, Some(key)).await?;
    let (executed, failure): (Executed, Failure) = (answer.json()?, answer.json()?);
    let id = answer.headers.get("x-execution-id").and_then(|id| id.to_str().ok());
    let logs = match (following, id) {
        (Some(body), Some(id)) => logs(client, body, key, id).await.unwrap_or_default(),
        _ => String::new(),
    };
    let printed = match settings.output {
        Output::Value => value(&executed, &failure, &logs),
        Output::Json => json(&answer.body, id.unwrap_or_default(), &logs),
    };
    printed.context("cannot write the result")?;
    Ok(match executed.execution_status.as_str() {
        "STATUS_SUCCESS" => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILED),
    })
}

/// The events of the worker from now on, if the caller may see them and the server has a place.
async fn follow(client: &Client, key: &str) -> anyhow::Result<Option<Incoming>> {
    let path = format!("v2/workers/{}/logs", part(key));
    let response = client.open(Method::GET, &path, Content::Nothing, FOLLOW).await?;
    Ok((response.status() == StatusCode::OK).then(|| response.into_body()))
}

/// What this execution logged.
async fn logs(client: &Client, body: Incoming, key: &str, id: &str) -> Option<String> {
    let mut events = Events::new(client, body);
    let told = async {
        while let Ok(Some(event)) = events.next().await {
            let entry: Option<Entry> = serde_json::from_str(&event.data).ok();
            if let Some(entry) = entry.filter(|entry| entry.execution_id == id) {
                return Some(entry);
            }
        }
        None
    };
    let entry = match timeout(LOGS, told).await {
        Ok(Some(entry)) => entry,
        _ => history::find(client, id, Some(key)).await.ok()??,
    };
    Some(entry.execution_result.logs)
}

/// The returned value on stdout; logs and failure on stderr.
fn value(executed: &Executed, failure: &Failure, logs: &str) -> std::io::Result<()> {
    for line in logs.lines() {
        console::err(printable(line));
    }
    if let Some(message) = &failure.message {
        console::err(printable(&run::failure(message.clone(), failure.error.as_ref())));
        return Ok(());
    }
    if executed.execution_status != "STATUS_SUCCESS" {
        console::err(SAYS_FAILED);
    }
    match &executed.data {
        Some(data) => console::out(format!("{data}\n").as_bytes()),
        None => Ok(()),
    }
}

/// The answer as it came, with `executionId` and `logs`, lists of lines with their levels as `host run` has them.
fn json(answer: &[u8], id: &str, logs: &str) -> std::io::Result<()> {
    let lines: Vec<serde_json::Value> = logs.lines().map(line).collect();
    let more = serde_json::json!({"executionId": id, "logs": lines}).to_string();
    // It was read as an object.
    let answer = answer.trim_ascii_end().strip_suffix(b"}").unwrap_or_default();
    console::out(&[answer, b",", more.trim_start_matches('{').as_bytes(), b"\n"].concat())
}

fn line(line: &str) -> serde_json::Value {
    let (level, message) = match line.strip_prefix('[').and_then(|line| line.split_once("] - ")) {
        Some((level, message)) => (level.trim_end(), message),
        None => ("info", line),
    };
    serde_json::json!({"level": level, "message": message})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_a_level() {
        let pair = |text: &str| {
            let line = line(text);
            (
                line["level"].as_str().unwrap().to_owned(),
                line["message"].as_str().unwrap().to_owned(),
            )
        };
        assert_eq!(pair("[warn ] - a] - b"), ("warn".into(), "a] - b".into()));
        assert_eq!(pair("[debug] - "), ("debug".into(), String::new()));
        assert_eq!(pair("other"), ("info".into(), "other".into()));
    }

    #[test]
    fn null_is_a_value() {
        let executed = |text: &str| {
            serde_json::from_str::<Executed>(text)
                .unwrap()
                .data
                .map(|data| data.to_string())
        };
        assert_eq!(
            executed(r#"{"data":null,"executionStatus":"STATUS_SUCCESS"}"#).as_deref(),
            Some("null")
        );
        assert_eq!(
            executed(r#"{"data":[1e400, 1.0],"executionStatus":"x"}"#).as_deref(),
            Some("[1e400, 1.0]")
        );
        assert_eq!(executed(r#"{"executionStatus":"STATUS_SUCCESS"}"#), None);
    }
}
