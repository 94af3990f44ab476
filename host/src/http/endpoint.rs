//! `GET` and `POST /worker/api/v2/http/{key}/…`: a worker as a small HTTP endpoint. It gets the request as its payload,
//! and answers with the document `{"httpResponse":{…}}`, which `context.response` makes.

use super::body::Upload;
use super::execute::payload;
use super::execution::{Asked, Done, EXECUTION_ID};
use super::query::pairs;
use super::reply::{self, Refusal, Reply};
use super::service::{Service, Stage};
use crate::network::headers::HOPS;
use bytes::Bytes;
use data_encoding::BASE64;
use engine::Outcome;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use serde::Deserialize;
use serde_json::map::{Entry, Map};
use serde_json::value::{RawValue, Value};
use std::collections::BTreeMap;
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

/// Headers that a worker may not answer with: they are the connection's, or speak to a browser for the whole origin,
/// which all workers and perhaps other services share.
const REFUSED: [&str; 18] = [
    "accept-ch",
    "alt-svc",
    "clear-site-data",
    "connection",
    "content-length",
    "keep-alive",
    "nel",
    "origin-agent-cluster",
    "public-key-pins",
    "report-to",
    "service-worker-allowed",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers of a response, at most.
const MAX_HEADERS: usize = 100;

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
    let payload = payload(request(head, path, &body).into())?;
    let Done { execution, id } = asked.run(payload, stage).await?;
    let answered = match &execution.outcome {
        Outcome::Success => response(execution.output),
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

/// What a worker wrote, if it is about the response.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    #[serde(borrow, rename = "httpResponse")]
    response: &'a RawValue,
}

/// The response that it wants.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    body_base64: Option<String>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            status: 200,
            headers: BTreeMap::new(),
            body: None,
            body_base64: None,
        }
    }
}

/// The response to what a worker wrote: what it wants, its document as JSON, or nothing.
fn response(output: Bytes) -> Result<Reply, Refusal> {
    let mut reply = match output.trim_ascii() {
        [] => reply::empty(StatusCode::NO_CONTENT),
        document => match object::<Document<'_>>(document) {
            Ok(document) => wanted(document.response.get())?,
            Err(_) => reply::json(StatusCode::OK, output),
        },
    };
    // A page would be one of the origin that executes workers, with whatever a browser knows of it.
    let headers = reply.headers_mut();
    headers.append(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(reply)
}

/// An object; serde would take a list of its values for one.
fn object<'a, T: Deserialize<'a>>(document: &'a [u8]) -> serde_json::Result<T> {
    match document {
        [b'{', ..] => serde_json::from_slice(document),
        _ => Err(serde::de::Error::custom("expected an object")),
    }
}

fn wanted(document: &str) -> Result<Reply, Refusal> {
    let refuse = |mistakes: Vec<String>| {
        let sentence = |mistake| format!("The worker's httpResponse cannot be answered: {mistake}");
        let sentences = mistakes.into_iter().map(sentence).collect();
        Err(Refusal::all(StatusCode::BAD_GATEWAY, sentences))
    };
    let written: Written = match object(document.as_bytes()) {
        Ok(written) => written,
        Err(error) => return refuse(vec![error.to_string()]),
    };
    let mut mistakes = Vec::new();
    let status = StatusCode::from_u16(written.status).ok();
    let status = status.filter(|status| (200..600).contains(&status.as_u16()));
    if status.is_none() {
        mistakes.push(format!("the status is {}, expected 200 to 599", written.status));
    }
    let body = match (written.body, written.body_base64) {
        (Some(_), Some(_)) => {
            mistakes.push("it has both body and bodyBase64".to_owned());
            None
        }
        (Some(text), None) => Some(text.into_bytes()),
        (None, Some(text)) => match BASE64.decode(text.as_bytes()) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                mistakes.push(format!("bodyBase64 is not base64: {error}"));
                None
            }
        },
        (None, None) => None,
    };
    if body.is_some() && matches!(written.status, 204 | 205 | 304) {
        mistakes.push(format!("status {} has no body", written.status));
    }
    let headers = checked(&written.headers, &mut mistakes);
    let Some(status) = status.filter(|_| mistakes.is_empty()) else {
        return refuse(mistakes);
    };
    let mut reply = reply::bytes(status, body.unwrap_or_default());
    *reply.headers_mut() = headers;
    Ok(reply)
}

fn checked(written: &BTreeMap<String, String>, mistakes: &mut Vec<String>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(written.len().min(MAX_HEADERS) + 3);
    if written.len() > MAX_HEADERS {
        mistakes.push(format!(
            "it has {} headers, expected at most {MAX_HEADERS}",
            written.len()
        ));
        return headers;
    }
    for (name, value) in written {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            mistakes.push(format!("{name:?} is not the name of a header"));
            continue;
        };
        let ours = name == EXECUTION_ID || REFUSED.contains(&name.as_str()) || name.as_str().starts_with("proxy-");
        if ours {
            mistakes.push(format!("the header {name} is not the worker's to set"));
            continue;
        }
        let bytes: Option<Vec<u8>> = value.chars().map(|char| u8::try_from(char).ok()).collect();
        match bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok()) {
            Some(value) => _ = headers.append(name, value),
            None => mistakes.push(format!("the value of the header {name} holds what a header cannot")),
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::super::reply::tests::text;
    use super::*;
    use hyper::Request;
    use serde_json::json;

    fn answered(output: &'static str) -> Result<Reply, Refusal> {
        response(Bytes::from_static(output.as_bytes()))
    }

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
    fn documents_that_are_no_response_are_json() {
        for output in [
            "null",
            "[1e400]",
            r#"{"a":1}"#,
            r#"{"httpResponse":{},"more":1}"#,
            r#""httpResponse""#,
        ] {
            let reply = answered(output).unwrap();
            assert_eq!(reply.status(), 200, "{output}");
            assert_eq!(reply.headers()["content-type"], "application/json; charset=utf-8");
            assert_eq!(text(reply), output);
        }
        let reply = answered(" \n").unwrap();
        assert_eq!((reply.status().as_u16(), text(reply).as_str()), (204, ""));
    }

    #[test]
    fn responses_are_as_they_are_wanted() {
        let reply = answered(
            r#"{"httpResponse":{"status":418,"headers":{"X-A":"caf\u00e9","content-type":"text/html",
                "content-security-policy":"default-src 'none'"},"body":"<p>\u00e9"}}"#,
        );
        let reply = reply.unwrap();
        let headers = reply.headers();
        assert_eq!(reply.status(), 418);
        assert_eq!(headers["x-a"], &b"caf\xe9"[..]);
        assert_eq!(headers["content-type"], "text/html");
        let policies: Vec<_> = headers.get_all("content-security-policy").iter().collect();
        assert_eq!(policies, ["default-src 'none'", "sandbox"]);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(text(reply), "<p>é");
        let reply = answered(r#"{"httpResponse":{"bodyBase64":"aGk="}}"#).unwrap();
        assert_eq!((reply.status().as_u16(), text(reply).as_str()), (200, "hi"));
        assert_eq!(answered(r#"{"httpResponse":{"status":204}}"#).unwrap().status(), 204);
    }

    #[test]
    fn all_that_cannot_be_answered_is_told() {
        for (output, expected) in [
            (r#"{"httpResponse":1}"#, vec!["expected an object"]),
            (r#"{"httpResponse":[200]}"#, vec!["expected an object"]),
            (
                r#"{"httpResponse":{"statusCode":200}}"#,
                vec!["unknown field `statusCode`"],
            ),
            (r#"{"httpResponse":{"headers":{"a":1}}}"#, vec!["invalid type"]),
            (
                r#"{"httpResponse":{"status":101,"body":"","bodyBase64":"","headers":{"a b":"","Set-Cookie":"","a":"\n",
                    "b":"\u0100","Proxy-Connection":"","Transfer-Encoding":"","x-execution-id":"1"}}}"#,
                vec![
                    "the status is 101, expected 200 to 599",
                    "it has both body and bodyBase64",
                    "the header proxy-connection is not the worker's to set",
                    "the header set-cookie is not",
                    "the header transfer-encoding is not",
                    "the value of the header a holds",
                    "\"a b\" is not the name of a header",
                    "the value of the header b holds",
                    "the header x-execution-id is not",
                ],
            ),
            (
                r#"{"httpResponse":{"status":204,"bodyBase64":"a"}}"#,
                vec!["bodyBase64 is not base64"],
            ),
            (
                r#"{"httpResponse":{"status":304,"body":""}}"#,
                vec!["status 304 has no body"],
            ),
            (r#"{"httpResponse":{"status":600}}"#, vec!["the status is 600"]),
        ] {
            let reply = Reply::from(answered(output).err().unwrap());
            assert_eq!(reply.status(), 502, "{output}");
            let errors: Value = serde_json::from_str(&text(reply)).unwrap();
            let errors = errors["errors"].as_array().unwrap();
            assert_eq!(errors.len(), expected.len(), "{errors:?}");
            for (error, expected) in errors.iter().zip(expected) {
                let message = error["message"].as_str().unwrap();
                let start = "The worker's httpResponse cannot be answered: ";
                assert!(message.strip_prefix(start).unwrap().starts_with(expected), "{message}");
            }
        }
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
