//! `host deploy`: the folder of a worker becomes a worker of the server, or its new version.
//!
//! A source that imports nothing but types is sent as it is, and the server builds it. One that imports files or packages
//! is built here and sent as a module, which brings its stacks' places in the author's files with it; the server keeps both
//! as versions alike.

use super::client::{Client, Content, part, with_query};
use super::project::Project;
use crate::build;
use crate::console::{self, printable};
use crate::manifest::GENERIC_EVENT;
use crate::registry::SOURCE_NAME;
use crate::settings::cache::Cache;
use crate::settings::commands::Output;
use crate::source::Code;
use anyhow::Context;
use bytes::Bytes;
use engine::Limits;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};
use std::path::Path;

/// What is sent of the code.
enum Sent {
    Source(String),
    Module(Bytes),
}

/// Deploys it, and prints its key, its version and where it is executed.
pub async fn deploy(
    client: &Client,
    folder: &Path,
    project: Option<&str>,
    cache: &Cache,
    output: Output,
) -> anyhow::Result<()> {
    let project = Project::read(folder, project)?;
    let key = project.key();
    let sent = sent(&project, cache).await?;
    let before = client.ask(Method::GET, &worker(key), Content::Nothing).await?;
    let before = match before.status {
        StatusCode::NOT_FOUND => None,
        _ => Some(client.succeeded(before, None).await?.json::<Value>()?),
    };
    let body = project.body(before.as_ref());
    match (sent, &before) {
        (Sent::Source(text), before) => save(client, &project, body, text, before.is_some()).await?,
        (Sent::Module(module), Some(_)) => {
            put(client, body).await?;
            let uploaded = upload(client, key, &[], module).await;
            uploaded.context("the settings of the manifest are saved, but the code is not")?;
        }
        (Sent::Module(module), None) => create(client, &project, body, module).await?,
    }
    let after: Value = client.get(&worker(key), None).await?.json()?;
    print(client, &project, &after, output)?;
    let known = |name: &str| {
        after["secrets"]
            .as_array()
            .is_some_and(|known| known.iter().any(|it| it["key"] == name))
    };
    for name in project.sealed().into_iter().filter(|name| !known(name)) {
        console::err(printable(&format!(
            "the secret {name} of the manifest is sealed with a password of jf worker, and was not sent; set it with: \
             host secret put {key} {name}"
        )));
    }
    Ok(())
}

/// The code, built if the server could not.
async fn sent(project: &Project, cache: &Cache) -> anyhow::Result<Sent> {
    let source = match project.code()? {
        Code::Module(module) => return Ok(Sent::Module(module.into())),
        Code::Source(source) if !source.imports() => return Ok(Sent::Source(source.text)),
        Code::Source(source) => source,
    };
    let built = build::engine(cache, &Limits::default())?.build(&source, false).await;
    let module = built.map_err(|error| project.placed(&error.to_string()))?;
    Ok(Sent::Module(module.into()))
}

/// With its source. The server names it as it likes.
async fn save(
    client: &Client,
    project: &Project,
    mut body: Map<String, Value>,
    text: String,
    is_there: bool,
) -> anyhow::Result<()> {
    body.insert("sourceCode".into(), text.into());
    let method = if is_there { Method::PUT } else { Method::POST };
    let saved = client.send(method, "v2/workers", document(body), None).await;
    saved.map(drop).map_err(|error| {
        let own = format!("--> {}:", project.manifest.source_name);
        project.placed(&error.to_string().replace(&format!("--> {SOURCE_NAME}:"), &own))
    })
}

/// A worker that is not there is made of its module, disabled; what the manifest says enables it. If that is refused
/// there is none again.
async fn create(client: &Client, project: &Project, body: Map<String, Value>, module: Bytes) -> anyhow::Result<()> {
    let key = project.key();
    let query = [
        ("action", Some(project.manifest.action.as_str())),
        ("projectKey", project.project_key()),
        ("enabled", Some("false")),
    ];
    upload(client, key, &query, module).await?;
    if let Err(error) = put(client, body).await {
        let removed = client.send(Method::DELETE, &worker(key), Content::Nothing, None).await;
        return match removed {
            Ok(_) => Err(error),
            Err(_) => Err(error.context(format!(
                "{key} is there, but disabled and without the settings of the manifest"
            ))),
        };
    }
    Ok(())
}

async fn put(client: &Client, body: Map<String, Value>) -> anyhow::Result<()> {
    client
        .send(Method::PUT, "v2/workers", document(body), None)
        .await
        .map(drop)
}

async fn upload(client: &Client, key: &str, query: &[(&str, Option<&str>)], module: Bytes) -> anyhow::Result<()> {
    let path = with_query(&format!("{}/module", worker(key)), query);
    client
        .send(Method::PUT, &path, Content::Module(module), None)
        .await
        .map(drop)
}

fn worker(key: &str) -> String {
    format!("v2/workers/{}", part(key))
}

fn document(body: Map<String, Value>) -> Content {
    Content::Json(Value::Object(body).to_string().into())
}

fn print(client: &Client, project: &Project, after: &Value, output: Output) -> std::io::Result<()> {
    let key = project.key();
    let version = &after["versionNumber"];
    let is_executed = project.manifest.action == GENERIC_EVENT;
    let url = client.address(&format!("v1/execute/{}", part(key)));
    if output == Output::Json {
        let mut document = json!({"key": key, "version": version});
        if is_executed {
            document["url"] = url.into();
        }
        return console::out(format!("{document}\n").as_bytes());
    }
    let text = match is_executed {
        true => format!("{key} version {version}: {url}\n"),
        false => format!("{key} version {version}: runs by its schedule\n"),
    };
    console::out(text.as_bytes())?;
    if project.manifest.http_responses {
        let url = client.address(&format!("v2/http/{}/", part(key)));
        console::err(format_args!("{key} answers over HTTP itself at {url}"));
    }
    if !project.manifest.enabled {
        console::err(format_args!(
            "{key} is disabled: it runs when its manifest has \"enabled\": true"
        ));
    }
    Ok(())
}
