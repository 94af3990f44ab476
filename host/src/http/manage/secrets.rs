//! The secrets of a worker: names to be read, values only to be written.

use super::{Desk, done, unfit, wrong};
use crate::api::secrets::{MAX_SECRET_BYTES, SecretChange, check_name};
use crate::data;
use crate::http::refusals::stored;
use crate::http::reply::{self, Refusal, Reply};
use crate::identity::permission::Operation;
use hyper::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

impl Desk<'_> {
    /// `{"secrets":[{"key":"…"}]}`
    pub(super) async fn secrets(&self, key: &str) -> Result<Reply, Refusal> {
        let worker = self.stored(Operation::Secrets, key).await?;
        let secrets: Vec<Value> = worker.secrets.iter().map(|name| json!({ "key": name })).collect();
        Ok(reply::json(StatusCode::OK, json!({ "secrets": secrets }).to_string()))
    }

    /// The body is `{"value":"…"}`.
    pub(super) async fn set_secret(&self, key: &str, name: &str, body: &[u8]) -> Result<Reply, Refusal> {
        let name = name_of(name)?;
        let value = match serde_json::from_slice(body) {
            Ok(Value::Object(mut object)) => object.remove("value"),
            _ => None,
        };
        let Some(Value::String(value)) = value else {
            return Err(wrong("body: expected {\"value\":\"…\"}"));
        };
        if value.len() > MAX_SECRET_BYTES || value.contains('\0') {
            return Err(wrong(format!(
                "value: expected at most {MAX_SECRET_BYTES} bytes and no NUL"
            )));
        }
        self.change_secret(key, SecretChange::Set(name, value)).await
    }

    /// One that is not there is removed too.
    pub(super) async fn remove_secret(&self, key: &str, name: &str) -> Result<Reply, Refusal> {
        self.change_secret(key, SecretChange::Remove(name_of(name)?)).await
    }

    async fn change_secret(&self, key: &str, change: SecretChange) -> Result<Reply, Refusal> {
        self.own_entry(Operation::Secrets, key)?;
        self.service
            .store
            .change_secrets(key, &[change], data::now())
            .await
            .map_err(stored)?;
        self.registry.saved(key, None).await.map_err(unfit)?;
        Ok(done())
    }
}

fn name_of(segment: &str) -> Result<String, Refusal> {
    let name = percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| wrong("The name of the secret is not UTF-8"))?;
    check_name(&name).map_err(|what| wrong(format!("The name of the secret {what}")))?;
    Ok(name.into_owned())
}
