//! `host token`: makes, lists and revokes tokens in the database, beside a running server or without one.

use crate::cli::{FAILED, WRONG};
use crate::console;
use crate::data::{self, Data};
use crate::identity::opaque::valid_subject;
use crate::identity::scope::{Role, valid_project_key};
use crate::issued::{issue, shown};
use crate::settings::commands::Output;
use crate::store::{self, OpenAs, Token};
use anyhow::bail;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Duration;

/// Read at a time.
const PAGE: u32 = 1000;

/// What is done.
pub enum Task {
    /// Makes one and prints it, the only time.
    Create {
        /// Who will present it.
        subject: String,
        /// What they may do.
        role: Role,
        /// How long it is valid; for ever when absent.
        expires: Option<Duration>,
    },
    /// Prints all, without their texts.
    List,
    /// Makes one invalid.
    Revoke {
        /// As it is listed.
        id: String,
    },
}

/// Does it.
pub fn run(data: &Data, task: Task, output: Output) -> anyhow::Result<ExitCode> {
    if let Task::Create { subject, role, .. } = &task {
        if !valid_subject(subject) {
            bail!("--subject: expected 1 to 256 bytes without control characters, not {subject:?}");
        }
        if let Role::ProjectAdmin(key) = role
            && !valid_project_key(key)
        {
            bail!("--project-admin: expected the key of a project, not {key:?}");
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = data.open(OpenAs::Command).await?;
        match task {
            Task::Create { subject, role, expires } => {
                let expires =
                    expires.map(|after| data::now() + i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 2));
                let (token, text) = issue(&store, subject, &role, expires, None).await?;
                match output {
                    Output::Value => {
                        console::out(format!("{text}\n").as_bytes())?;
                        console::err(format_args!(
                            "token {} for {}: it is not shown again",
                            token.id, token.subject
                        ));
                    }
                    Output::Json => {
                        let mut document = shown(&token);
                        document["token"] = text.into();
                        console::out(format!("{document}\n").as_bytes())?;
                    }
                }
            }
            Task::List => {
                let tokens = all(&store).await?;
                console::out(listed(&tokens, output).as_bytes())?;
            }
            Task::Revoke { id } => match store.revoke_token(&id, data::now()).await {
                Ok(()) => {}
                Err(store::Error::NotFound) => {
                    console::err(format_args!(
                        "error: there is no token {id:?}; host token list shows them"
                    ));
                    return Ok(ExitCode::from(FAILED));
                }
                Err(error) => {
                    console::err(format_args!("error: {error}"));
                    return Ok(ExitCode::from(WRONG));
                }
            },
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn all(store: &store::Store) -> store::Result<Vec<Token>> {
    let mut all: Vec<Token> = Vec::new();
    loop {
        let after = all.last().map_or("", |token| &token.id);
        let page = store.tokens(after, PAGE).await?;
        let full = page.len() == PAGE as usize;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

fn listed(tokens: &[Token], output: Output) -> String {
    match output {
        Output::Json => {
            let tokens: Vec<Value> = tokens.iter().map(shown).collect();
            format!("{}\n", json!({ "tokens": tokens }))
        }
        Output::Value => tokens.iter().fold(String::new(), |text, token| {
            let now = data::now();
            let state = if token.revoked.is_some() {
                "revoked"
            } else if token.expires.is_some_and(|expires| expires <= now) {
                "expired"
            } else {
                "valid"
            };
            text + &format!("{}  {state:<7}  {}  {}\n", token.id, token.subject, token.role)
        }),
    }
}
