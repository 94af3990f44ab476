//! The calls that manage workers: who may do it, then what is done, each in a file of its subject.

mod deployed;
mod executions;
mod logs;
mod secrets;
mod tokens;
mod trial;
mod versions;
mod workers;

use super::body::Upload;
use super::query::{asked, decode_key};
use super::refusals::{self, missing};
use super::reply::{self, Refusal, Reply};
use super::route::Place;
use super::service::{Service, Stage};
use crate::api;
use crate::identity::permission::{self, Answer, Operation, Target};
use crate::identity::{Caller, Now};
use crate::manifest::GENERIC_EVENT;
use crate::registry::{Entry, Fault, Registry};
use crate::source::MAX_MODULE_BYTES;
use crate::store;
use bytes::Bytes;
use engine::{BuildError, LoadError};
use hyper::body::Body;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use std::fmt::Display;
use std::sync::Arc;
use tokio::sync::watch;

/// The largest body but for a module: a source in base64, and many secrets. One with a payload may be larger by that.
pub const MAX_BODY_BYTES: usize = 4 << 20;

/// What a managing call is answered with.
struct Desk<'a> {
    service: &'a Service,
    registry: &'a Registry,
    caller: Caller,
    query: Option<&'a str>,
}

/// Answers a managing call.
pub async fn manage<B>(
    service: &Service,
    head: &Parts,
    place: Place<'_>,
    upload: &mut Upload<B>,
    stage: watch::Receiver<Stage>,
) -> Result<Reply, Refusal>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Display,
{
    let caller = service.identity.caller(&head.headers, Now::read()).await?;
    if head.uri.query().is_some_and(|query| query.contains("%00")) {
        return Err(wrong("The query holds a NUL character"));
    }
    let now = *stage.borrow();
    let desk = Desk {
        service,
        registry: service.registry(now)?,
        caller,
        query: head.uri.query(),
    };
    let method = &head.method;
    if let Place::Module(key) = place {
        // It can be large: who may not save it is told before it is read.
        desk.permit_upload(&decode_key(key)?)?;
    }
    let body = if method == Method::POST || method == Method::PUT {
        let limit = match place {
            Place::Module(_) => MAX_MODULE_BYTES,
            Place::Test(_) => MAX_BODY_BYTES + desk.registry.max_payload_bytes(),
            _ => MAX_BODY_BYTES,
        };
        upload.read(limit, service.body_timeout).await?
    } else {
        Bytes::new()
    };
    let get = method == Method::GET;
    match place {
        Place::Workers(style) if get => desk.list(style).await,
        Place::Workers(style) if method == Method::POST => desk.create(style, &body).await,
        Place::Workers(_) => desk.update(&body).await,
        Place::Worker(style, key) if get => desk.get(style, &decode_key(key)?).await,
        Place::Worker(_, key) => desk.delete(&decode_key(key)?).await,
        Place::Actions(style) => desk.describe(|| api::events::actions(style, trial::CONTEXT_TYPES)),
        Place::Options => desk.describe(api::events::options),
        Place::Test(key) => {
            desk.test(key.map(decode_key).transpose()?.as_deref(), &body, stage)
                .await
        }
        Place::History => desk.history().await,
        Place::Logs(key) => desk.follow(&decode_key(key)?, stage),
        Place::Versions(key) => desk.versions(&decode_key(key)?).await,
        Place::Version(key, number) => desk.version(&decode_key(key)?, number).await,
        Place::RollBack(key, number) => desk.roll_back(&decode_key(key)?, number).await,
        Place::Module(key) => desk.upload(&decode_key(key)?, body).await,
        Place::Secrets(key) => desk.secrets(&decode_key(key)?).await,
        Place::Secret(key, name) if method == Method::PUT => desk.set_secret(&decode_key(key)?, name, &body).await,
        Place::Secret(key, name) => desk.remove_secret(&decode_key(key)?, name).await,
        Place::Tokens if get => desk.tokens().await,
        Place::Tokens => desk.issue(&body).await,
        Place::Token(id) => desk.revoke(id).await,
        Place::Executions => desk.executions(),
        Place::Execution(id) => desk.stop(id),
    }
}

impl Desk<'_> {
    /// The values of `name` in the query that are not empty; the last counts.
    fn asked(&self, name: &str) -> Option<String> {
        asked(self.query, name).last()
    }

    /// Whether the query switches `name` on.
    fn asked_switch(&self, name: &str) -> Result<bool, Refusal> {
        match self.asked(name).as_deref() {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(wrong(format!("{name}: expected true or false"))),
        }
    }

    /// A number of the query.
    fn asked_number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.asked(name) else { return Ok(None) };
        match text.parse() {
            Ok(number @ 0..) => Ok(Some(number)),
            _ => Err(wrong(format!("{name}: expected a whole number that is not negative"))),
        }
    }

    /// Whether the caller may do this to such a worker.
    fn may(&self, operation: Operation, target: Target<'_>) -> bool {
        permission::check(&self.caller, operation, target) == Answer::Allow
    }

    /// Lets the caller list what it may see, be it nothing; who has no role at all gets 403.
    fn permit_list(&self, operation: Operation) -> Result<(), Refusal> {
        let roles = &self.caller.roles;
        match roles.admin || roles.user || !roles.projects.is_empty() {
            true => Ok(()),
            false => self.permit(operation, Target::default(), ""),
        }
    }

    /// Lets the caller do this to the worker of this key, or refuses as the table says.
    fn permit(&self, operation: Operation, target: Target<'_>, key: &str) -> Result<(), Refusal> {
        match permission::check(&self.caller, operation, target) {
            Answer::Allow => Ok(()),
            Answer::Hide => Err(missing(key)),
            Answer::Forbid => {
                let message = format!("{} may not do this", self.caller.subject);
                Err(Refusal::new(StatusCode::FORBIDDEN, message))
            }
        }
    }

    /// The worker of this key, for one who may do this to it.
    fn entry(&self, operation: Operation, key: &str) -> Result<Arc<Entry>, Refusal> {
        let Some(entry) = self.registry.get(key) else {
            // As for a worker that is not seen.
            self.permit(operation, Target::default(), key)?;
            return Err(missing(key));
        };
        self.permit(operation, target(&entry), key)?;
        Ok(entry)
    }

    /// The same, of the store: those of the folder are changed where they are.
    fn own_entry(&self, operation: Operation, key: &str) -> Result<Arc<Entry>, Refusal> {
        let entry = self.entry(operation, key)?;
        if entry.is_fixed() {
            return Err(in_folder(key));
        }
        Ok(entry)
    }

    /// The worker of this key as it is stored now, for one who may do this to it.
    async fn stored(&self, operation: Operation, key: &str) -> Result<store::Worker, Refusal> {
        self.own_entry(operation, key)?;
        let stored = self.service.store.worker(key).await.map_err(refusals::stored)?;
        let stored = stored.ok_or_else(|| missing(key))?;
        // What this host knows of it can be a second old.
        self.permit(operation, target_of(&stored), key)?;
        Ok(stored)
    }

    fn describe(&self, text: impl FnOnce() -> String) -> Result<Reply, Refusal> {
        self.permit(Operation::Describe, Target::default(), "")?;
        Ok(reply::json(StatusCode::OK, text()))
    }
}

/// What is asked of the table about a worker.
fn target(entry: &Entry) -> Target<'_> {
    Target {
        project: entry.project.as_deref(),
        shared: entry.shared && entry.is_generic(),
    }
}

/// The same, as it is stored.
fn target_of(stored: &store::Worker) -> Target<'_> {
    let definition = &stored.definition;
    Target {
        project: definition.project.as_deref(),
        shared: definition.shared && definition.action == GENERIC_EVENT,
    }
}

fn in_folder(key: &str) -> Refusal {
    let message = format!("The worker {key} is served from a folder: change it there");
    Refusal::new(StatusCode::CONFLICT, message)
}

fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, message.into())
}

fn mistakes(mistakes: api::Mistakes) -> Refusal {
    Refusal::all(StatusCode::BAD_REQUEST, mistakes)
}

/// Code that came with a request does not become a worker.
fn unfit(fault: Fault) -> Refusal {
    match fault {
        Fault::Build(BuildError::Source(diagnostics)) => {
            mistakes(diagnostics.iter().map(ToString::to_string).collect())
        }
        Fault::Build(BuildError::Internal(problem)) | Fault::Load(LoadError::Internal(problem)) => {
            tracing::error!("cannot build: {problem}");
            Refusal::internal()
        }
        Fault::Build(error) => wrong(error.to_string()),
        Fault::Load(error) => wrong(error.to_string()),
        Fault::Store(error) => refusals::stored(error),
        Fault::Outdated => refusals::stored(store::Error::Changed),
        Fault::Damaged(problem) => {
            tracing::error!("{problem}");
            Refusal::internal()
        }
    }
}

fn done() -> Reply {
    reply::empty(StatusCode::NO_CONTENT)
}
