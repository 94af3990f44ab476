//! `POST /worker/api/v1/execute/{key}`: JSON in, and an answer that says how it went.

use super::body::Upload;
use super::execution::{Asked, Done, EXECUTION_ID, payload};
use super::reply::{self, Refusal, Reply};
use super::service::{Service, Stage};
use crate::answer;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use hyper::http::request::Parts;
use std::fmt::Display;
use tokio::sync::watch;

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
    let asked = Asked::of(service, head, key, head.uri.query(), &stage).await?;
    check_media(&head.headers)?;
    let payload = payload(asked.body(upload).await?, asked.payload_bytes())?;
    let Done { execution, id } = asked.run(payload, stage).await?;
    let mut reply = reply::json(StatusCode::OK, answer::body(&execution));
    reply.headers_mut().insert(EXECUTION_ID, id);
    Ok(reply)
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
