//! `host list` and `host undeploy`.

use super::client::{Client, Content, part, with_query};
use super::shown::{self, time};
use crate::console;
use crate::settings::commands::Output;
use hyper::Method;
use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    workers: Vec<Worker>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Worker {
    key: String,
    enabled: bool,
    shared: bool,
    action: Action,
    project_key: String,
    version_number: i64,
    changed: i64,
    changed_by: String,
}

#[derive(Deserialize)]
struct Action {
    name: String,
}

/// Prints the workers that the caller may see.
pub async fn list(client: &Client, project: Option<&str>, output: Output) -> anyhow::Result<()> {
    let answer = client
        .get(&with_query("v2/workers", &[("projectKey", project)]), None)
        .await?;
    if output == Output::Json {
        return Ok(shown::document(&answer.body)?);
    }
    let List { workers } = answer.json()?;
    let rows: Vec<_> = workers.iter().map(row).collect();
    let head = ["KEY", "VERSION", "ACTION", "STATE", "PROJECT", "CHANGED", "BY"];
    Ok(shown::list(
        &head,
        &rows,
        "no worker is deployed; host deploy makes one (those of --workers are not listed)",
    )?)
}

fn row(worker: &Worker) -> Vec<String> {
    let state = match (worker.enabled, worker.shared) {
        (false, _) => "disabled",
        (true, true) => "shared",
        (true, false) => "enabled",
    };
    vec![
        worker.key.clone(),
        worker.version_number.to_string(),
        worker.action.name.clone(),
        state.into(),
        worker.project_key.clone(),
        time(worker.changed),
        worker.changed_by.clone(),
    ]
}

/// Deletes a worker, with its versions, secrets and state.
pub async fn undeploy(client: &Client, key: &str) -> anyhow::Result<()> {
    let path = format!("v2/workers/{}", part(key));
    client.send(Method::DELETE, &path, Content::Nothing, Some(key)).await?;
    console::err(format_args!("{key} is deleted, with its versions, secrets and state"));
    Ok(())
}
