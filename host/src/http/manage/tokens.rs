//! Tokens issued here: their text is told once, when they are made.

use super::{Desk, done, mistakes};
use crate::data;
use crate::http::refusals::stored;
use crate::http::reply::{self, Refusal, Reply};
use crate::identity::opaque;
use crate::identity::permission::{Operation, Target};
use crate::identity::scope::{Role, valid_project_key};
use crate::issued::{issue, shown};
use crate::store;
use hyper::StatusCode;
use serde_json::{Value, json};

/// Read from the store at a time, and told at a time.
const PAGE: u32 = 1000;

impl Desk<'_> {
    /// `{"tokens":[…]}`, up to 1,000 after the id `after`.
    pub(super) async fn tokens(&self) -> Result<Reply, Refusal> {
        self.permit(Operation::Host, Target::default(), "")?;
        let after = self.asked("after").unwrap_or_default();
        let tokens = self.service.store.tokens(&after, PAGE).await.map_err(stored)?;
        let shown: Vec<Value> = tokens.iter().map(shown).collect();
        Ok(reply::json(StatusCode::OK, json!({ "tokens": shown }).to_string()))
    }

    /// `{"subject":"…","role":"admin"|"user"|"projectAdmin","projectKey"?,"expiresInSeconds"?}`
    pub(super) async fn issue(&self, body: &[u8]) -> Result<Reply, Refusal> {
        self.permit(Operation::Host, Target::default(), "")?;
        let asked = Asked::parse(body).map_err(mistakes)?;
        let by = Some(self.caller.subject.clone());
        let issued = issue(&self.service.store, asked.subject, &asked.role, asked.expires, by).await;
        let (token, text) = issued.map_err(stored)?;
        let mut body = shown(&token);
        body["token"] = text.into();
        Ok(reply::json(StatusCode::CREATED, body.to_string()))
    }

    pub(super) async fn revoke(&self, id: &str) -> Result<Reply, Refusal> {
        self.permit(Operation::Host, Target::default(), "")?;
        match self.service.store.revoke_token(id, data::now()).await {
            Err(store::Error::NotFound) => Err(Refusal::new(StatusCode::NOT_FOUND, "There is no such token")),
            revoked => revoked.map(|()| done()).map_err(stored),
        }
    }
}

/// A token that was asked for.
struct Asked {
    subject: String,
    role: Role,
    expires: Option<i64>,
}

impl Asked {
    fn parse(body: &[u8]) -> Result<Self, Vec<String>> {
        let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
            return Err(vec!["body: expected a JSON object".into()]);
        };
        let mut wrong = Vec::new();
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let subject = text("subject").unwrap_or_default();
        if !opaque::valid_subject(subject) {
            wrong.push("subject: expected a text of 1 to 256 bytes without control characters".to_owned());
        }
        let role = match (text("role"), text("projectKey")) {
            (Some("admin"), _) => Role::Admin,
            (Some("user"), _) => Role::User,
            (Some("projectAdmin"), Some(key)) if valid_project_key(key) => Role::ProjectAdmin(key.to_owned()),
            (Some("projectAdmin"), _) => {
                wrong.push("projectKey: expected the key of a project".into());
                Role::User
            }
            _ => {
                wrong.push("role: expected \"admin\", \"projectAdmin\" or \"user\"".into());
                Role::User
            }
        };
        let expires = match object.get("expiresInSeconds").filter(|value| !value.is_null()) {
            None => None,
            Some(value) => match value.as_u64().filter(|seconds| (1..=315_360_000).contains(seconds)) {
                Some(seconds) => Some(data::now() + i64::try_from(seconds).unwrap_or(i64::MAX) * 1000),
                None => {
                    wrong.push("expiresInSeconds: expected a whole number from 1 to 315360000".into());
                    None
                }
            },
        };
        let asked = Self {
            subject: subject.to_owned(),
            role,
            expires,
        };
        if wrong.is_empty() { Ok(asked) } else { Err(wrong) }
    }
}
