//! What a worker answers over HTTP: the document `{"httpResponse":{…}}`, which `context.response` makes.

use crate::http::execution::EXECUTION_ID;
use crate::http::reply::{self, Refusal, Reply};
use bytes::Bytes;
use data_encoding::BASE64;
use hyper::StatusCode;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

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
pub(super) fn of(output: Bytes) -> Result<Reply, Refusal> {
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
    use super::*;
    use crate::http::reply::tests::text;
    use serde_json::Value;

    fn answered(output: &'static str) -> Result<Reply, Refusal> {
        of(Bytes::from_static(output.as_bytes()))
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
}
