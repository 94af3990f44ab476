//! `GET` and `POST /worker/api/v2/http/{key}/…`: a worker as a small HTTP endpoint. It gets the request as its payload,
//! and what it returns is the response.

mod response;

use super::body::Upload;
use super::execution::{Asked, Done, EXECUTION_ID, payload};
use super::query::pairs;
use super::reply::{Refusal, Reply};
use super::service::{Service, Stage};
use crate::network::headers::HOPS;
use bytes::Bytes;
use data_encoding::BASE64;
use engine::Outcome;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{self, HeaderName};
use hyper::http::request::Parts;
use serde_json::map::{Entry, Map};
use serde_json::value::Value;
use std::fmt::Display;
use tokio::sync::watch;

/// Headers of a request that are not the worker's: what proves who the caller is, and what belongs to the connection.
/// Cookies are those of every service at this origin.
const KEPT_BACK: [HeaderName; 11] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::COOKIE,
    header::EXPECT,
    HeaderName::from_static("http2-settings"),
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HOPS,
];

/// Has a worker answer a request. `path` is what follows its key.
pub async fn endpoint<B>(
    service: &Service,
    head: &Parts,
    key: &str,
    path: &str,
    upload: &mut Upload<B>,
    stage: watch::Receiver<Stage>,
) -> Result<Reply, Refusal>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Display,
{
    // The query is the worker's.
    let asked = Asked::of(service, head, key, None, &stage).await?;
    if !asked.entry.settings.http_responses {
        let message = format!("The worker {key} does not answer over HTTP: its setting httpResponses is off");
        return Err(Refusal::new(StatusCode::NOT_FOUND, message));
    }
    let body = asked.body(upload).await?;
    let payload = payload(request(head, path, &body).into(), asked.payload_bytes())?;
    let Done { execution, id } = asked.run(payload, stage).await?;
    let answered = match &execution.outcome {
        Outcome::Success => response::of(execution.output),
        outcome => Err(failed(outcome)),
    };
    let mut reply = answered.unwrap_or_else(Reply::from);
    reply.headers_mut().insert(EXECUTION_ID, id);
    Ok(reply)
}

/// The payload: `{"method","path","query","headers","body"? or "bodyBase64"?}`.
fn request(head: &Parts, path: &str, body: &[u8]) -> String {
    let mut document = Map::new();
    let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
    set("method", head.method.as_str().into());
    set("path", path.into());
    set("query", query(head.uri.query()).into());
    set("headers", headers(head).into());
    if !body.is_empty() {
        match std::str::from_utf8(body) {
            Ok(text) => set("body", text.into()),
            Err(_) => set("bodyBase64", BASE64.encode(body).into()),
        };
    }
    Value::Object(document).to_string()
}

/// A text for each name, a list where there are several.
fn query(query: Option<&str>) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, value) in pairs(query) {
        match all.entry(name) {
            Entry::Vacant(place) => _ = place.insert(value.into()),
            Entry::Occupied(mut place) => match place.get_mut() {
                Value::Array(values) => values.push(value.into()),
                first => *first = vec![first.take(), value.into()].into(),
            },
        }
    }
    all
}

/// By lower-case name. A character stands for a byte, as in the Fetch standard.
fn headers(head: &Parts) -> Map<String, Value> {
    let mut all = Map::new();
    for name in head.headers.keys() {
        if KEPT_BACK.contains(name) || name.as_str().starts_with("proxy-") {
            continue;
        }
        let values = head.headers.get_all(name).iter();
        let texts: Vec<String> = values
            .map(|value| value.as_bytes().iter().copied().map(char::from).collect())
            .collect();
        all.insert(name.as_str().to_owned(), texts.join(", ").into());
    }
    // HTTP/2 has it in the URI.
    if let Some(authority) = head.uri.authority() {
        all.insert("host".to_owned(), authority.as_str().into());
    }
    all
}

/// A worker that failed.
fn failed(outcome: &Outcome) -> Refusal {
    let status = match outcome {
        Outcome::TimeLimit | Outcome::CpuLimit => StatusCode::GATEWAY_TIMEOUT,
        Outcome::Cancelled => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    };
    Refusal::new(status, outcome.message())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;
    use serde_json::json;

    #[test]
    fn the_request_as_the_payload() {
        let head = |request: hyper::http::request::Builder| request.body(()).unwrap().into_parts().0;
        let asked = Request::post("/worker/api/v2/http/a/b%20c/?q=1&q=%C3%A9+x&&empty=&q=3&flag&__proto__=p")
            .header("X-A", &b"caf\xe9"[..])
            .header("x-a", "2")
            .header("host", "example.com")
            .header("authorization", "Bearer secret")
            .header("proxy-authorization", "Bearer secret")
            .header("cookie", "session=secret")
            .header("connection", "close")
            .header("te", "trailers")
            .header("x-worker-hops", "1");
        let document: Value = serde_json::from_str(&request(&head(asked), "/b%20c/", "é\0\"".as_bytes())).unwrap();
        let expected = json!({
            "method": "POST", "path": "/b%20c/",
            "query": {"q": ["1", "é x", "3"], "empty": "", "flag": "", "__proto__": "p"},
            "headers": {"x-a": "café, 2", "host": "example.com"}, "body": "é\0\"",
        });
        assert_eq!(document, expected);

        let asked = Request::get("http://example.com/x");
        let document: Value = serde_json::from_str(&request(&head(asked), "/", b"\xff")).unwrap();
        let expected = json!({"method": "GET", "path": "/", "query": {}, "headers": {"host": "example.com"},
            "bodyBase64": "/w=="});
        assert_eq!(document, expected);
    }

    #[test]
    fn failures_are_those_of_a_gateway() {
        let status = |outcome| Reply::from(failed(&outcome)).status().as_u16();
        assert_eq!(status(Outcome::TimeLimit), 504);
        assert_eq!(status(Outcome::CpuLimit), 504);
        assert_eq!(status(Outcome::Cancelled), 503);
        assert_eq!(status(Outcome::MemoryLimit), 502);
        assert_eq!(status(Outcome::Exception(engine::Thrown::default())), 502);
    }
}
