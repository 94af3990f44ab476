//! `host history`, and how one execution is found in it.

use super::client::{Client, Content, part, with_query};
use super::entry::Entry;
use super::shown;
use crate::data;
use crate::settings::commands::Output;
use hyper::{Method, StatusCode};
use std::time::Duration;

/// Asked for at a time: an entry can have 130 KB.
const PAGE: usize = 200;
/// How long before its id an execution began at most, and how long after it, in milliseconds: as it nearly always is, and
/// when the machine was busy or its clock was set.
const AROUND: [(i64, i64); 2] = [(10, 1000), (10_000, 60_000)];
/// An entry is there within a second.
const WRITTEN: Duration = Duration::from_millis(400);

/// What is asked of it.
pub struct Asked<'a> {
    /// The worker.
    pub key: &'a str,
    /// `STATUS_SUCCESS` or `STATUS_FAIL`.
    pub status: Option<&'a str>,
    /// Entries, at most.
    pub limit: u32,
    /// The project of the worker.
    pub project: Option<&'a str>,
}

/// Prints the executions of a worker, the newest first.
pub async fn history(client: &Client, asked: &Asked<'_>, output: Output) -> anyhow::Result<()> {
    let body = ask(client, asked).await?.body;
    if output == Output::Json {
        return Ok(shown::document(&body)?);
    }
    let entries: Vec<Entry> = serde_json::from_slice(&body)?;
    let rows: Vec<_> = entries.iter().map(row).collect();
    let head = ["STARTED", "EXECUTION", "OUTCOME", "TOOK", "VERSION", "BY"];
    Ok(shown::list(&head, &rows, "the history has no such execution")?)
}

/// The answer, or that there is no such worker: an empty history would hide a slip in its key.
pub async fn ask(client: &Client, asked: &Asked<'_>) -> anyhow::Result<super::client::Answer> {
    let limit = asked.limit.to_string();
    let query = [
        ("workerKey", Some(asked.key)),
        ("status", asked.status),
        ("limit", Some(limit.as_str())),
        ("projectKey", asked.project),
    ];
    let answer = client.get(&with_query("v1/execution_history", &query), None).await?;
    if answer.json::<Vec<serde::de::IgnoredAny>>()?.is_empty() {
        let path = format!("v2/workers/{}", part(asked.key));
        let worker = client.ask(Method::GET, &path, Content::Nothing).await?;
        if worker.status == StatusCode::NOT_FOUND {
            client.succeeded(worker, Some(asked.key)).await?;
        }
    }
    Ok(answer)
}

fn row(entry: &Entry) -> Vec<String> {
    vec![
        shown::time(entry.start_time_millis),
        entry.execution_id.clone(),
        entry.how().to_owned(),
        format!("{} ms", entry.execution_result.worker_stats.execution_duration_millis),
        entry.executed_version.clone().unwrap_or_default(),
        entry.triggered_by.clone(),
    ]
}

/// The execution of this id, which tells when it began; perhaps of this worker alone.
pub async fn find(client: &Client, id: &str, key: Option<&str>) -> anyhow::Result<Option<Entry>> {
    let Some(began) = began(id) else { return Ok(None) };
    let is_new = data::now().saturating_sub(began) < 5_000;
    let mut tries = if is_new { 3 } else { 1 };
    loop {
        for (before, after) in AROUND {
            let span = (began.saturating_sub(before).max(0), began.saturating_add(after));
            let found = look(client, id, key, span).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        tries -= 1;
        if tries == 0 {
            return Ok(None);
        }
        tokio::time::sleep(WRITTEN).await;
    }
}

/// Among those that began from the first time on, and before the second.
async fn look(client: &Client, id: &str, key: Option<&str>, span: (i64, i64)) -> anyhow::Result<Option<Entry>> {
    let (from, mut until) = span;
    loop {
        let texts = [from, until].map(|time| time.to_string());
        let limit = PAGE.to_string();
        let query = [
            ("workerKey", key),
            ("showTestRun", Some("true")),
            ("from", Some(texts[0].as_str())),
            ("until", Some(texts[1].as_str())),
            ("limit", Some(limit.as_str())),
        ];
        let page = client.get(&with_query("v1/execution_history", &query), None).await?;
        let page: Vec<Entry> = page.json()?;
        let last = page.last().map(|entry| entry.start_time_millis);
        let is_full = page.len() == PAGE;
        if let Some(entry) = page.into_iter().find(|entry| entry.execution_id == id) {
            return Ok(Some(entry));
        }
        match last {
            // Others can have begun in the millisecond of the last; of more than a page in one, no more can be asked for.
            Some(last) if is_full && last + 1 < until => until = last + 1,
            Some(last) if is_full && last > from => until = last,
            _ => return Ok(None),
        }
    }
}

/// When the execution of this id began, in unix milliseconds: an id is a UUID of version 7 (RFC 9562, 5.7).
pub fn began(id: &str) -> Option<i64> {
    let digits: String = id.chars().filter(|char| *char != '-').collect();
    let plain = id.len() == 36 && digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !plain || digits.as_bytes()[12] != b'7' {
        return None;
    }
    i64::from_str_radix(&digits[..12], 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_it_was_made() {
        let before = data::now();
        let id = crate::perform::execution_id().unwrap();
        let began = super::began(&id).unwrap();
        assert!((before..=data::now()).contains(&began), "{id}");
        for other in [
            "",
            "last",
            "00000000-0000-4000-8000-000000000000",
            &id[1..],
            &id.replace('-', "0"),
            "\u{e9}",
        ] {
            assert_eq!(super::began(other), None, "{other}");
        }
    }
}
