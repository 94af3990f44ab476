//! `host versions` and `host rollback`.

use super::client::{Client, Content, part};
use super::shown::{self, time};
use crate::console;
use crate::settings::commands::Output;
use anyhow::Context;
use hyper::Method;
use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    versions: Vec<Version>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    number: i64,
    current: bool,
    module: Option<String>,
    version: Labels,
    copy_of: Option<i64>,
    created: i64,
    created_by: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Labels {
    version_number: String,
    description: String,
}

/// Prints the versions of a worker, the newest first.
pub async fn versions(client: &Client, key: &str, output: Output) -> anyhow::Result<()> {
    let answer = client.get(&path(key), Some(key)).await?;
    if output == Output::Json {
        return Ok(shown::document(&answer.body)?);
    }
    let List { versions } = answer.json()?;
    let rows: Vec<_> = versions.iter().map(row).collect();
    Ok(shown::list(
        &["VERSION", "STATE", "CREATED", "BY", "CODE", "LABEL"],
        &rows,
        "there are no versions",
    )?)
}

fn row(version: &Version) -> Vec<String> {
    let code = match (version.copy_of, &version.module) {
        (Some(number), _) => format!("copy of {number}"),
        (None, Some(_)) => "module".into(),
        (None, None) => "source".into(),
    };
    let labels = [&version.version.version_number, &version.version.description];
    let labels = labels.into_iter().filter(|label| !label.is_empty()).cloned();
    vec![
        version.number.to_string(),
        if version.current { "current" } else { "" }.into(),
        time(version.created),
        version.created_by.clone(),
        code,
        labels.collect::<Vec<_>>().join(" "),
    ]
}

/// Makes a copy of an older version the current one: of the one before the current, unless another is named.
pub async fn roll_back(client: &Client, key: &str, number: Option<i64>, output: Output) -> anyhow::Result<()> {
    let number = match number {
        Some(number) => number,
        None => before(client.get(&path(key), Some(key)).await?.json()?, key)?,
    };
    let path = format!("{}/{number}/rollback", path(key));
    let answer = client.send(Method::POST, &path, Content::Nothing, Some(key)).await?;
    if output == Output::Json {
        return Ok(shown::document(&answer.body)?);
    }
    let made: Version = answer.json()?;
    Ok(console::out(
        format!("{key} version {}: a copy of version {number}\n", made.number).as_bytes(),
    )?)
}

/// The version before the current one.
fn before(List { versions }: List, key: &str) -> anyhow::Result<i64> {
    let mut older = versions.iter().skip_while(|version| !version.current).skip(1);
    let found = older.next().map(|version| version.number);
    found.with_context(|| format!("{key} has no version before the current one; host versions {key} lists what it has"))
}

fn path(key: &str) -> String {
    format!("v2/workers/{}/versions", part(key))
}
