//! `POST /worker/api/v1/execute/{key}`: cheap checks first, then the body, then the worker.

use super::auth;
use super::body::Upload;
use super::reply::{self, Refusal, Reply};
use super::service::{Service, Stage};
use crate::context::Context;
use crate::network::headers::HOPS;
use crate::workers::State;
use crate::{answer, manifest};
use bytes::Bytes;
use engine::{MAX_PAYLOAD_BYTES, Payload, PayloadError, Request, RunError, Worker};
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use percent_encoding::percent_decode_str;
use std::fmt::{Display, Write};
use tokio::sync::watch;

/// Names an execution in answers and logs.
const EXECUTION_ID: HeaderName = HeaderName::from_static("x-execution-id");

/// So many workers may call each other in a row.
const MAX_HOPS: u32 = 8;

/// Executes a worker.
pub async fn execute<B>(
    service: &Service,
    head: &Parts,
    key: &str,
    upload: &mut Upload<B>,
    mut stage: watch::Receiver<Stage>,
) -> Result<Reply, Refusal>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Display,
{
    auth::admin(&head.headers, &service.token)?;
    let key = decode_key(key)?;
    check_media(&head.headers)?;
    let hops = hops(&head.headers)?;
    let (worker, context, project_key) = find(service, &key, head.uri.query(), *stage.borrow())?;
    let bytes = upload.read(MAX_PAYLOAD_BYTES, service.body_timeout).await?;
    let payload = Payload::parse(bytes).map_err(|error| {
        let status = match error {
            PayloadError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            PayloadError::Malformed { .. } | PayloadError::TooDeep { .. } => StatusCode::BAD_REQUEST,
        };
        Refusal::new(status, sentence(&error.to_string()))
    })?;
    // Taken after the body was read, so that a slow client holds no place of others.
    let Ok(_place) = service.places.try_acquire() else {
        return Err(busy());
    };
    let id = execution_id()?;
    let mut environment = vec![
        ("WORKER_KEY".to_owned(), key.clone()),
        ("EXECUTION_ID".to_owned(), id.clone()),
    ];
    environment.extend(project_key.map(|project| ("PROJECT_KEY".to_owned(), project.to_owned())));
    let request = Request {
        payload,
        environment,
        limits: service.limits.clone(),
        grants: service.gate.grants(context, hops),
    };
    // A host that is gone cancels too.
    let cancelled = async move { drop(stage.wait_for(|stage| *stage == Stage::Stopping).await) };
    let mut reply = match service.engine.run(worker, request, cancelled).await {
        Ok(mut execution) => {
            // Kept before the answer tells of success.
            let name = &key;
            for key in context.keep(std::mem::take(&mut execution.state_changes)) {
                tracing::warn!(worker = name, execution = id, "the state is full: {key:?} is not kept");
            }
            reply::json(StatusCode::OK, answer::body(&execution))
        }
        Err(RunError::Busy) => return Err(busy()),
        Err(RunError::Internal(error)) => {
            tracing::error!(worker = key, execution = id, "cannot execute: {error}");
            Refusal::internal().into()
        }
    };
    if let Ok(id) = HeaderValue::try_from(id) {
        reply.headers_mut().insert(EXECUTION_ID, id);
    }
    Ok(reply)
}

fn decode_key(key: &str) -> Result<String, Refusal> {
    let decoded = percent_decode_str(key).decode_utf8().ok();
    decoded
        .filter(|key| manifest::is_key(key))
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| {
            let expected = "at most 64 letters, digits, '_', '.' and '-', the first a letter or a digit";
            Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("This is not a worker key: a key has {expected}"),
            )
        })
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

/// The worker to execute and its project, if there is one of that key and project that can be executed now.
fn find<'a>(
    service: &'a Service,
    key: &str,
    query: Option<&str>,
    stage: Stage,
) -> Result<(&'a Worker, &'a Context, Option<&'a str>), Refusal> {
    let workers = match service.workers.get() {
        _ if stage != Stage::Open => return Err(unavailable("The host is stopping")),
        None => return Err(unavailable("The host is still loading its workers")),
        Some(workers) => workers,
    };
    let missing = |message: String| Refusal::new(StatusCode::NOT_FOUND, message);
    let entry = workers
        .get(key)
        .ok_or_else(|| missing(format!("There is no worker {key}")))?;
    let project_key = entry.project_key.as_deref();
    if !asked_projects(query).all(|asked| Some(asked.as_str()) == project_key) {
        return Err(missing(format!("There is no worker {key} in this project")));
    }
    match &entry.state {
        State::Ready(worker, context) => Ok((worker, context, project_key)),
        State::Disabled => Err(missing(format!("The worker {key} is disabled"))),
        State::OtherAction(action) => Err(missing(format!(
            "The worker {key} is for {action}; only GENERIC_EVENT workers can be executed"
        ))),
    }
}

fn busy() -> Refusal {
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Too many executions are under way").try_again()
}

fn unavailable(message: &'static str) -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message).try_again()
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

/// Every `projectKey` of the query that is not empty.
fn asked_projects(query: Option<&str>) -> impl Iterator<Item = String> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = query
        .unwrap_or_default()
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let asked = pairs
        .filter(move |(name, _)| decode(name) == "projectKey")
        .map(move |(_, value)| decode(value));
    asked.filter(|project| !project.is_empty())
}

/// 128 random bits in the form of a UUID, version 4.
fn execution_id() -> Result<String, Refusal> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!("no random bytes: {error}");
        Refusal::internal()
    })?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut id = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        let dash = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
        let _ = write!(id, "{dash}{byte:02x}");
    }
    Ok(id)
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
    fn keys_are_decoded_once_and_then_checked() {
        assert_eq!(decode_key("my-%77orker").unwrap(), "my-worker");
        for key in [
            "..",
            "%2e%2e%2f",
            "%252e",
            "a%00",
            "%22",
            "%ff",
            "a%2Fb",
            "%zz",
            "%",
            &"x".repeat(300),
        ] {
            assert_eq!(Reply::from(decode_key(key).unwrap_err()).status(), 400, "{key}");
        }
    }

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

    #[test]
    fn projects_that_were_asked_for() {
        let asked = |query| asked_projects(query).collect::<Vec<_>>();
        assert!(asked(None).is_empty() && asked(Some("projectKey=&x=1&projectKey")).is_empty());
        assert_eq!(asked(Some("a=b&projectKey=my%2Dp&project%4bey=q+r")), ["my-p", "q r"]);
    }

    #[test]
    fn ids_are_uuids_and_differ() {
        let id = execution_id().unwrap();
        assert_eq!((id.len(), id.matches('-').count(), &id[14..15]), (36, 4, "4"));
        assert_ne!(id, execution_id().unwrap());
    }
}
