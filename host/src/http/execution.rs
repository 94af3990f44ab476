//! The way of a request to an execution: cheap checks first, then the body, then the worker.

use super::body::Upload;
use super::query::{asked, decode_key};
use super::refusals::{admit, missing, stored, untried};
use super::reply::Refusal;
use super::service::{Service, Stage};
use crate::identity::permission::{self, Operation, Target};
use crate::identity::{Caller, Now};
use crate::network::headers::HOPS;
use crate::perform::{Job, execution_id, perform};
use crate::registry::{Entry, Fault, Registry};
use crate::store;
use bytes::Bytes;
use engine::{BuildError, Execution, Payload, PayloadError};
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::timeout;

/// Names an execution in answers and logs.
pub const EXECUTION_ID: HeaderName = HeaderName::from_static("x-execution-id");

/// So many workers may call each other in a row.
pub const MAX_HOPS: u32 = 8;

/// What an execution's changes of a state get to be written, which is more than a statement does. They are written one
/// after the other: when the database hangs, the last would wait for all before it, and hold its place as long.
const KEEPING: Duration = Duration::from_secs(6);

/// A worker that a caller may execute now.
pub struct Asked<'a> {
    service: &'a Service,
    registry: &'a Registry,
    caller: Caller,
    key: String,
    /// Of the URI, as far as it is ours.
    query: Option<&'a str>,
    hops: u32,
    /// The worker.
    pub entry: Arc<Entry>,
}

/// What became of it.
pub struct Done {
    /// How it went.
    pub execution: Execution,
    /// Its name.
    pub id: HeaderValue,
}

impl<'a> Asked<'a> {
    /// Checks who asks for which worker, and that an execution may begin.
    pub async fn of(
        service: &'a Service,
        head: &Parts,
        key: &str,
        query: Option<&'a str>,
        stage: &watch::Receiver<Stage>,
    ) -> Result<Self, Refusal> {
        let caller = service.identity.caller(&head.headers, Now::read()).await?;
        let now = Instant::now();
        let admission = &service.admission;
        admit(&caller.subject, admission.caller(&caller.subject, now))?;
        let key = decode_key(key)?;
        let hops = hops(&head.headers)?;
        let registry = service.registry(*stage.borrow())?;
        let entry = find(registry, &caller, &key, query)?;
        admit(format_args!("worker {key}"), admission.worker(&entry.conduct, now))?;
        Ok(Self {
            service,
            registry,
            caller,
            key,
            query,
            hops,
            entry,
        })
    }

    /// Bytes that its payload may have.
    pub fn payload_bytes(&self) -> usize {
        self.registry.limits(&self.entry.settings).payload_bytes
    }

    /// The request's body.
    pub async fn body<B>(&self, upload: &mut Upload<B>) -> Result<Bytes, Refusal>
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Display,
    {
        upload.read(self.payload_bytes(), self.service.body_timeout).await
    }

    /// Executes it, and keeps what it leaves.
    pub async fn run(self, payload: Payload, stage: watch::Receiver<Stage>) -> Result<Done, Refusal> {
        let (service, registry, key) = (self.service, self.registry, &self.key);
        // Taken after the body was read, so that a slow client holds no place of others.
        let _place = service.place(key, stage.clone()).await?;
        let look_again = || find(registry, &self.caller, key, self.query);
        let entry = load(registry, self.entry, look_again).await?;
        let ready = registry.ready(&entry).await.map_err(|fault| cannot(key, fault))?;
        let id = execution_id().map_err(|error| untried(key, "", &error))?;
        let job = Job {
            id: &id,
            key,
            project: entry.project.as_deref(),
            action: &entry.action,
            version: entry.version,
            caller: &self.caller.subject,
            test_run: false,
            worker: &ready.worker,
            context: &ready.context,
            settings: &entry.settings,
            payload,
            hops: self.hops,
        };
        let performed = perform(service, registry, job, stage).await;
        let mut execution = performed.map_err(|error| untried(key, &id, &error))?;
        service
            .admission
            .ended(&entry.conduct, &execution.outcome, Instant::now());
        // Kept before the answer tells of success.
        let changes = std::mem::take(&mut execution.state_changes);
        let kept = timeout(KEEPING, registry.keep(&entry, &ready.context, changes)).await;
        let dropped = kept.unwrap_or_else(|_| {
            Err(Fault::Store(store::Error::Unavailable(format!(
                "a state was not written within {KEEPING:?}"
            ))))
        });
        for name in dropped.map_err(|fault| cannot(key, fault))? {
            tracing::warn!(worker = key, execution = id, "the state is full: {name:?} is not kept");
        }
        let id = HeaderValue::try_from(id).map_err(|_| Refusal::internal())?;
        Ok(Done { execution, id })
    }
}

/// What a request brought, as a worker gets it: at most so many bytes.
pub fn payload(bytes: Bytes, most: usize) -> Result<Payload, Refusal> {
    Payload::parse(bytes, most).map_err(|error| {
        let status = match error {
            PayloadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            PayloadError::Malformed { .. } | PayloadError::TooDeep { .. } => StatusCode::BAD_REQUEST,
        };
        Refusal::new(status, sentence(&error.to_string()))
    })
}

/// The entry, loaded; another one if the worker is saved meanwhile.
async fn load(
    registry: &Registry,
    mut entry: Arc<Entry>,
    look_again: impl Fn() -> Result<Arc<Entry>, Refusal>,
) -> Result<Arc<Entry>, Refusal> {
    const TRIES: u32 = 20;
    for _ in 0..TRIES {
        match registry.ready(&entry).await {
            Err(Fault::Outdated) => entry = look_again()?,
            _ => break,
        }
    }
    Ok(entry)
}

/// Why a worker that is there cannot be executed, and for whom that is.
fn cannot(key: &str, fault: Fault) -> Refusal {
    match fault {
        Fault::Store(store::Error::NotFound) => missing(key),
        Fault::Store(error) => stored(error),
        Fault::Outdated => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The worker is being saved again and again",
        )
        .try_again(),
        // It could be built when it was saved.
        Fault::Build(BuildError::TooMuch(problem)) => {
            tracing::error!(worker = key, "cannot be built: {problem}");
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The worker cannot be built now").try_again()
        }
        fault => {
            tracing::error!(worker = key, "cannot be executed: {fault}");
            Refusal::internal()
        }
    }
}

/// The worker to execute, if there is one of that key and project that can be executed now, by this caller.
fn find(registry: &Registry, caller: &Caller, key: &str, query: Option<&str>) -> Result<Arc<Entry>, Refusal> {
    let entry = registry.get(key).ok_or_else(|| missing(key))?;
    let project = entry.project.as_deref();
    let target = Target {
        project,
        shared: entry.shared && entry.is_generic(),
    };
    if permission::check(caller, Operation::Execute, target) != permission::Answer::Allow {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!("{} may not execute the worker {key}", caller.subject),
        ));
    }
    let refuse = |message: String| Err(Refusal::new(StatusCode::NOT_FOUND, message));
    if !asked(query, "projectKey").all(|asked| Some(asked.as_str()) == project) {
        return refuse(format!("There is no worker {key} in this project"));
    }
    if !entry.is_generic() {
        let action = &entry.action;
        return refuse(format!(
            "The worker {key} is for {action}; only GENERIC_EVENT workers can be executed"
        ));
    }
    if !entry.enabled {
        return refuse(format!("The worker {key} is disabled"));
    }
    Ok(entry)
}

/// How many workers have called each other to get here.
fn hops(headers: &HeaderMap) -> Result<u32, Refusal> {
    let Some(value) = headers.get(HOPS) else {
        return Ok(0);
    };
    let refuse = |message: String| Err(Refusal::new(StatusCode::BAD_REQUEST, message));
    match value.to_str().ok().and_then(|text| text.parse().ok()) {
        Some(hops) if hops < MAX_HOPS => Ok(hops),
        Some(_) => refuse(format!(
            "{MAX_HOPS} workers have called each other, and no more may: is it a circle?"
        )),
        None => refuse(format!("{HOPS} is not a number")),
    }
}

/// A message as a sentence of its own.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
