//! `POST /worker/api/v1/execute/{key}`: cheap checks first, then the body, then the worker.

use super::body::Upload;
use super::query::{asked, decode_key};
use super::refusals::{admit, busy, missing, stored, untried};
use super::reply::{self, Refusal, Reply};
use super::service::{Service, Stage};
use crate::answer;
use crate::identity::permission::{self, Operation, Target};
use crate::identity::{Caller, Now};
use crate::network::headers::HOPS;
use crate::perform::{Job, execution_id, perform};
use crate::registry::{Entry, Fault, Registry};
use crate::store;
use bytes::Bytes;
use engine::{MAX_PAYLOAD_BYTES, Payload, PayloadError};
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// Names an execution in answers and logs.
pub const EXECUTION_ID: HeaderName = HeaderName::from_static("x-execution-id");

/// So many workers may call each other in a row.
const MAX_HOPS: u32 = 8;

/// Executes a worker.
pub async fn execute<B>(
    service: &Service,
    head: &Parts,
    key: &str,
    upload: &mut Upload<B>,
    stage: watch::Receiver<Stage>,
) -> Result<Reply, Refusal>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Display,
{
    let caller = service.identity.caller(&head.headers, Now::read()).await?;
    let now = Instant::now();
    let admission = &service.admission;
    admit(&caller.subject, admission.caller(&caller.subject, now))?;
    let key = decode_key(key)?;
    check_media(&head.headers)?;
    let hops = hops(&head.headers)?;
    let registry = service.registry(*stage.borrow())?;
    let entry = find(registry, &caller, &key, head.uri.query())?;
    admit(format_args!("worker {key}"), admission.worker(&entry.conduct, now))?;
    let bytes = upload.read(MAX_PAYLOAD_BYTES, service.body_timeout).await?;
    let payload = payload(bytes)?;
    // Taken after the body was read, so that a slow client holds no place of others.
    let Ok(_place) = service.places.try_acquire() else {
        return Err(busy());
    };
    let entry = load(registry, entry, || find(registry, &caller, &key, head.uri.query())).await?;
    let ready = registry.ready(&entry).await.map_err(|fault| cannot(&key, fault))?;
    let id = execution_id().map_err(|error| untried(&key, "", &error))?;
    let job = Job {
        id: &id,
        key: &key,
        project: entry.project.as_deref(),
        action: &entry.action,
        version: entry.version,
        caller: &caller.subject,
        test_run: false,
        worker: &ready.worker,
        context: &ready.context,
        settings: &entry.settings,
        payload,
        hops,
    };
    let performed = perform(service, registry, job, stage).await;
    let mut execution = performed.map_err(|error| untried(&key, &id, &error))?;
    admission.ended(&entry.conduct, &execution.outcome, Instant::now());
    // Kept before the answer tells of success.
    let changes = std::mem::take(&mut execution.state_changes);
    let dropped = registry.keep(&entry, &ready.context, changes).await;
    for name in dropped.map_err(|fault| cannot(&key, fault))? {
        tracing::warn!(worker = key, execution = id, "the state is full: {name:?} is not kept");
    }
    let mut reply = reply::json(StatusCode::OK, answer::body(&execution));
    if let Ok(id) = HeaderValue::try_from(id) {
        reply.headers_mut().insert(EXECUTION_ID, id);
    }
    Ok(reply)
}

/// What a request brought, as a worker gets it.
pub fn payload(bytes: Bytes) -> Result<Payload, Refusal> {
    Payload::parse(bytes).map_err(|error| {
        let status = match error {
            PayloadError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
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
        fault => {
            tracing::error!(worker = key, "cannot be executed: {fault}");
            Refusal::internal()
        }
    }
}

/// JSON, what curl sends when told nothing, or no word about it: all are read as JSON. Anything else is a mistake
/// that is better told than guessed at.
fn check_media(headers: &HeaderMap) -> Result<(), Refusal> {
    let refuse = |message| Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    for value in headers.get_all(CONTENT_ENCODING) {
        if !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity") && !value.is_empty() {
            return refuse("The payload must not be compressed")
                .map_err(|refusal| refusal.with(ACCEPT_ENCODING, "identity"));
        }
    }
    for value in headers.get_all(CONTENT_TYPE) {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let essence = text.split(';').next().unwrap_or_default().trim();
        let json = matches!(essence, "application/json" | "text/json")
            || essence
                .split_once('/')
                .is_some_and(|(_, subtype)| subtype.ends_with("+json"));
        if !json && !matches!(essence, "" | "application/x-www-form-urlencoded") {
            return refuse("The payload must be JSON: Content-Type: application/json");
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_obeyed_and_violated() {
        let check = |name, value: &str| check_media(&HeaderMap::from_iter([(name, value.parse().unwrap())]));
        check_media(&HeaderMap::new()).unwrap();
        for value in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "text/json",
            "application/ld+json",
            "application/x-www-form-urlencoded",
            "",
        ] {
            check(CONTENT_TYPE, value).unwrap();
        }
        for value in [
            "text/plain",
            "application/octet-stream",
            "json",
            "+json",
            "application/jsonx",
            "multipart/form-data; boundary=application/json",
        ] {
            assert_eq!(
                Reply::from(check(CONTENT_TYPE, value).unwrap_err()).status(),
                415,
                "{value}"
            );
        }
        check(CONTENT_ENCODING, "Identity").unwrap();
        let reply = Reply::from(check(CONTENT_ENCODING, "gzip").unwrap_err());
        assert_eq!(
            (
                reply.status().as_u16(),
                reply.headers()["accept-encoding"].to_str().unwrap()
            ),
            (415, "identity")
        );
    }
}
