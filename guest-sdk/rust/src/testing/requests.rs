//! Requests that a worker sent to the mock, and what they are answered with.

use crate::Redirect;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Status and body, by `"METHOD address"`.
pub(super) type Answers = BTreeMap<String, (u16, String)>;

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The method, in capitals.
    pub method: String,
    /// The URL; for the platform the endpoint, with its slash in front and its query.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty when there was none.
    pub body: Vec<u8>,
    /// What was to become of a redirect.
    pub redirect: Redirect,
    /// Whether it went to the platform.
    pub platform: bool,
}

impl Sent {
    pub(super) fn of(operation: &Value, body: &[u8]) -> Self {
        let text = |name: &str| operation[name].as_str().unwrap_or_default();
        Self {
            method: text("method").to_owned(),
            url: text("url").to_owned(),
            headers: Deserialize::deserialize(&operation["headers"]).unwrap_or_default(),
            body: body.to_vec(),
            redirect: match text("redirect") {
                "error" => Redirect::Error,
                "manual" => Redirect::Manual,
                _ => Redirect::Follow,
            },
            platform: operation["platform"] == true,
        }
    }

    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(given, value)| (given == name).then_some(value.as_str()))
    }
}

/// The head of a response and its body, or why there is none.
pub(super) fn answer(
    answers: &Answers,
    base_url: Option<&str>,
    sent: &Sent,
    stream: u32,
) -> Result<(Value, Vec<u8>), String> {
    let asked = format!("{} {}", sent.method, sent.url);
    if sent.platform && base_url.is_none() {
        return Err("fetch failed: no platform is configured; the operator does it with --platform-url".into());
    }
    let bare = asked.split(['?', '#']).next().unwrap_or_default();
    let Some((status, body)) = answers.get(&asked).or_else(|| answers.get(bare)) else {
        let known: Vec<&str> = answers.keys().map(String::as_str).collect();
        let known = if known.is_empty() {
            "nothing".to_owned()
        } else {
            known.join(", ")
        };
        return Err(format!(
            "Mock: the worker sent {asked}, but `answer` was called for {known}"
        ));
    };
    let url = match base_url {
        Some(base) if sent.platform => format!("{}{}", base.trim_end_matches('/'), sent.url),
        _ => sent.url.clone(),
    };
    let json = serde_json::from_str::<Value>(body).is_ok();
    let content_type = if json {
        "application/json"
    } else {
        "text/plain;charset=utf-8"
    };
    let head = json!({
        "status": status,
        "statusText": "",
        "headers": [["content-type", content_type]],
        "url": url,
        "redirected": false,
        "stream": stream,
    });
    Ok((head, body.clone().into_bytes()))
}

#[cfg(test)]
mod tests {
    use crate::testing::Mock;

    #[test]
    fn a_request_is_answered_with_its_query_first() {
        let mock = Mock::new()
            .answer("GET /a?b=1", 200, "one")
            .answer("GET /a", 200, "any");
        let context = mock.context();
        let text = |endpoint: &str| context.platform("GET", endpoint).send().unwrap().text().into_owned();
        assert_eq!(
            (text("/a?b=1"), text("/a?b=2"), text("/a")),
            ("one".into(), "any".into(), "any".into())
        );
        assert_eq!(mock.requests()[1].url, "/a?b=2");
    }

    #[test]
    fn what_is_not_answered_says_so() {
        let mock = Mock::new().answer("GET /a", 200, "").answer("PUT /b", 200, "");
        let error = mock.context().platform("POST", "/a").send().unwrap_err();
        assert_eq!(
            error.to_string(),
            "Mock: the worker sent POST /a, but `answer` was called for GET /a, PUT /b"
        );
        let context = mock.base_url(None).context();
        let error = context.platform("GET", "/a").send().unwrap_err().to_string();
        assert!(error.contains("no platform is configured"), "{error}");
        assert_eq!(context.base_url().unwrap(), None);
    }
}
