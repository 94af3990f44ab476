//! `host secret`: the secrets of a worker. Their values go to the server and never come back.

use super::client::{Client, Content, part};
use super::{prompt, shown};
use crate::api::secrets::{MAX_SECRET_BYTES, check_name};
use crate::console::{self, printable};
use crate::settings::commands::Output;
use anyhow::bail;
use hyper::Method;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct List {
    secrets: Vec<Secret>,
}

#[derive(Deserialize)]
struct Secret {
    key: String,
}

/// Sets a secret to what is typed or piped.
pub async fn put(client: &Client, key: &str, name: &str) -> anyhow::Result<()> {
    check(name)?;
    // Asked before the value is: whoever types it should not do so in vain.
    client.get(&path(key), Some(key)).await?;
    let value = prompt::secret(&format!("value of {name}"), MAX_SECRET_BYTES)?;
    let body = Content::Json(json!({ "value": value }).to_string().into());
    client.send(Method::PUT, &one(key, name), body, Some(key)).await?;
    console::err(format_args!("{key} has the secret {name}; the next execution sees it"));
    Ok(())
}

/// Prints the names.
pub async fn list(client: &Client, key: &str, output: Output) -> anyhow::Result<()> {
    let answer = client.get(&path(key), Some(key)).await?;
    if output == Output::Json {
        return Ok(shown::document(&answer.body)?);
    }
    let List { secrets } = answer.json()?;
    if secrets.is_empty() {
        console::err(format_args!("{key} has no secrets"));
    }
    let names: String = secrets.iter().map(|secret| printable(&secret.key) + "\n").collect();
    Ok(console::out(names.as_bytes())?)
}

/// Removes one. The server does not tell whether it was there.
pub async fn delete(client: &Client, key: &str, name: &str) -> anyhow::Result<()> {
    check(name)?;
    client
        .send(Method::DELETE, &one(key, name), Content::Nothing, Some(key))
        .await?;
    console::err(format_args!("{key} has no secret {name}"));
    Ok(())
}

fn check(name: &str) -> anyhow::Result<()> {
    match check_name(name) {
        Ok(()) => Ok(()),
        Err(what) => bail!("the name of the secret {what}"),
    }
}

fn path(key: &str) -> String {
    format!("v2/workers/{}/secrets", part(key))
}

fn one(key: &str, name: &str) -> String {
    format!("{}/{}", path(key), part(name))
}
