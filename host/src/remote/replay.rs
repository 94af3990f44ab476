//! `host replay`: the payload of an execution on a server, given to a worker here.

use super::client::Client;
use super::entry::Entry;
use super::history;
use super::project::Project;
use super::shown::time;
use crate::console::{self, printable};
use anyhow::{Context, bail};
use serde_json::value::RawValue;
use std::path::{Path, PathBuf};

/// What stands at the end of a recorded text that was cut.
const CUT: &str = "[truncated]";

/// Finds the execution, perhaps of this worker alone, and says which it is.
pub async fn recorded(client: &Client, id: &str, key: Option<&str>) -> anyhow::Result<Entry> {
    if history::began(id).is_none() {
        bail!("{id:?} is no execution; host history KEY lists them, and X-Execution-Id of an answer names one");
    }
    let address = &client.place.address;
    let entry = history::find(client, id, key).await?;
    let entry = entry.with_context(|| {
        format!("the history of {address} has no execution {id}; it may be too old, or not for this token to see")
    })?;
    let version = entry
        .executed_version
        .as_ref()
        .map(|version| format!(" version {version}"));
    console::err(printable(&format!(
        "{}{}, {}, at {}",
        entry.worker_key,
        version.unwrap_or_default(),
        entry.how(),
        time(entry.start_time_millis)
    )));
    Ok(entry)
}

/// The payload that was recorded; empty when there was none.
pub fn payload(entry: &Entry) -> anyhow::Result<Vec<u8>> {
    let id = &entry.execution_id;
    let Some(payload) = entry.execution_payload.as_deref().map(RawValue::get) else {
        console::err("no payload is recorded: none was sent, or the worker keeps none");
        return Ok(Vec::new());
    };
    let text: Option<String> = serde_json::from_str(payload).ok();
    if entry.truncated && text.is_some_and(|text| text.ends_with(CUT)) {
        bail!("the payload of {id} was too large for the history, which has only its beginning");
    }
    if payload.contains("***") {
        console::err("the payload holds ***, which may stand for secrets of the worker");
    }
    Ok(payload.as_bytes().to_vec())
}

/// The file to run: the one that was named, else that of the worker in this folder.
pub fn file(named: Option<&Path>, entry: &Entry) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let (key, id) = (printable(&entry.worker_key), &entry.execution_id);
    let name = format!("name the file of {key}: host replay {id} worker.ts");
    if !Path::new("manifest.json").exists() {
        bail!("there is no manifest.json here; {name}");
    }
    let project = Project::read(Path::new("."), None)?;
    if project.key() != entry.worker_key {
        bail!("manifest.json here is that of {}; {name}", project.key());
    }
    Ok(project.source_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(payload: Option<&str>, truncated: bool) -> Entry {
        let stored = crate::store::Entry {
            execution: "x1".into(),
            payload: payload.map(str::to_owned),
            truncated,
            ..crate::store::Entry::default()
        };
        serde_json::from_str(&crate::api::entry::one(&stored)).unwrap()
    }

    #[test]
    fn a_payload_is_given_byte_for_byte() {
        let given = |payload| super::payload(&entry(payload, true)).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(
            given(Some("{\"a\": 1.0,\"a\":1e400}")).unwrap(),
            "{\"a\": 1.0,\"a\":1e400}"
        );
        assert_eq!(given(Some("null")).unwrap(), "null");
        assert_eq!(given(None).unwrap(), "");
        assert!(
            given(Some("{\"a\":\"\u{2026}[truncated]"))
                .unwrap_err()
                .to_string()
                .contains("too large")
        );
        // A text that was not cut may end like one that was.
        assert_eq!(
            super::payload(&entry(Some("\"[truncated]\""), false)).unwrap(),
            b"\"[truncated]\""
        );
    }
}
