//! Requests to the platform and to hosts that the operator allows.

use crate::operation::Operations;
use crate::{Error, Pending, Response};
use serde::Serialize;
use serde_json::json;

/// A request that is being put together; [`send`](Self::send) it, or [`start`](Self::start) it beside others.
///
/// ```
/// # use worker::testing::Mock;
/// # let mock = Mock::new().answer("PUT /api/labels/a", 201, "");
/// # let context = mock.context();
/// let answer = context
///     .platform("PUT", "/api/labels/a")
///     .header("x-reason", "nightly")
///     .json(&["checked"])
///     .send()?;
/// assert_eq!(answer.status, 201);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a request is not sent before `send` or `start`"]
pub struct Request {
    operations: Operations,
    method: String,
    url: String,
    platform: bool,
    headers: Vec<(String, String)>,
    redirect: Redirect,
    body: Vec<u8>,
    /// What was wrong with it so far; told when it is started.
    fault: Option<Error>,
}

/// What to do with a redirect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Redirect {
    /// Go there, 20 times at most.
    #[default]
    Follow,
    /// Fail.
    Error,
    /// Give the redirect itself.
    Manual,
}

impl Request {
    pub(crate) fn to_url(operations: Operations, method: &str, url: &str) -> Self {
        Self {
            operations,
            method: method.to_ascii_uppercase(),
            url: url.to_owned(),
            platform: false,
            headers: Vec::new(),
            redirect: Redirect::Follow,
            body: Vec::new(),
            fault: None,
        }
    }

    pub(crate) fn to_platform(operations: Operations, method: &str, endpoint: &str) -> Self {
        let (url, fault) = match to_path(endpoint) {
            Ok(path) => (path, None),
            Err(error) => (String::new(), Some(error)),
        };
        Self {
            platform: true,
            fault,
            ..Self::to_url(operations, method, &url)
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// What to do with a redirect; by default it is followed.
    pub fn redirect(mut self, redirect: Redirect) -> Self {
        self.redirect = redirect;
        self
    }

    /// The body, of any type; to the platform it is JSON unless a `content-type` says otherwise.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        if self.platform {
            self.default_header("content-type", "application/json");
        }
        self
    }

    /// The body, as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => self.body = json,
            Err(error) => {
                let message = format!("the body of {} cannot be written as JSON: {error}", self.name());
                self.fault.get_or_insert(Error::new("TypeError", message));
            }
        }
        self.default_header("content-type", "application/json");
        self
    }

    /// Sends it and waits for the response, its body included.
    ///
    /// # Errors
    /// When there is no response; and when it comes from the platform with a status of 400 or more, which is
    /// in [`Error::response`] then.
    pub fn send(self) -> Result<Response, Error> {
        self.start()?.wait()
    }

    /// Sends it, and leaves it under way.
    ///
    /// # Errors
    /// When it cannot be sent as it is. What the network says of it, [`Pending::wait`] says.
    pub fn start(mut self) -> Result<Pending, Error> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.platform {
            self.default_header("accept", "application/json, text/plain, */*");
        }
        let operation = json!({
            "op": "fetch",
            "method": self.method,
            "url": self.url,
            "headers": self.headers,
            "redirect": self.redirect,
            "platform": self.platform,
        });
        let id = self.operations.start(&operation, &self.body)?;
        let (name, platform) = (self.name(), self.platform);
        Ok(Pending::new(self.operations, id, name, platform))
    }

    fn default_header(&mut self, name: &str, value: &str) {
        if self.headers.iter().all(|(given, _)| given != name) {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
    }

    /// What a message calls it: query, fragment and credentials can hold secrets.
    fn name(&self) -> String {
        let bare = self.url.split(['?', '#']).next().unwrap_or_default();
        match bare.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                let host = authority.rsplit('@').next().unwrap_or_default();
                format!("{} {scheme}://{host}{path}", self.method)
            }
            None => format!("{} {bare}", self.method),
        }
    }
}

/// The path with one slash in front, so that the host can only append it to the platform's address.
fn to_path(endpoint: &str) -> Result<String, Error> {
    // As the URL standard reads it: these characters are dropped, and a backslash is a slash.
    let path = endpoint
        .trim_matches(|char| char <= ' ')
        .replace(['\t', '\n', '\r'], "");
    let rest = path.trim_start_matches(['/', '\\']);
    let slashes = path.len() - rest.len();
    let scheme = rest.split_once(':').is_some_and(|(scheme, _)| {
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '.' | '-');
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.chars().all(plain)
    });
    if slashes > 1 || (slashes == 0 && scheme) {
        let expected = "the endpoint must be relative, such as /artifactory/api/system/ping";
        let message = format!("platform: {expected}, not {endpoint:?}; for other hosts use fetch");
        return Err(Error::new("TypeError", message));
    }
    Ok(format!("/{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Mock;

    #[test]
    fn an_endpoint_has_one_slash_in_front() {
        for (endpoint, expected) in [
            ("/api/a?b=c", "/api/a?b=c"),
            ("api", "/api"),
            ("", "/"),
            ("\\api", "/api"),
            (" /a\nb ", "/ab"),
            ("/a:b", "/a:b"),
            ("1:b", "/1:b"),
        ] {
            assert_eq!(to_path(endpoint).unwrap(), expected);
        }
        for endpoint in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\t/\n/evil",
            "a:b",
        ] {
            let error = to_path(endpoint).unwrap_err().to_string();
            assert!(error.contains("must be relative"), "{error}");
        }
    }

    #[test]
    fn what_is_sent_is_what_was_put_together() {
        let mock = Mock::new()
            .answer("POST /a", 200, "")
            .answer("GET https://b.example/", 200, "");
        let context = mock.context();
        context.platform("post", "a").body("[1]").send().unwrap();
        let get = context.fetch("GET", "https://b.example/").redirect(Redirect::Manual);
        get.header("X-One", "1").send().unwrap();
        let [posted, got] = &mock.requests()[..] else {
            panic!("two requests")
        };
        assert_eq!((posted.method.as_str(), posted.url.as_str()), ("POST", "/a"));
        assert_eq!((posted.body.as_slice(), posted.platform), (b"[1]".as_slice(), true));
        assert_eq!(posted.header("content-type"), Some("application/json"));
        assert_eq!(posted.header("accept"), Some("application/json, text/plain, */*"));
        assert_eq!(
            (got.header("x-one"), got.header("accept"), got.platform),
            (Some("1"), None, false)
        );
        assert_eq!(got.redirect, Redirect::Manual);
    }

    #[test]
    fn what_is_wrong_is_told_when_it_is_sent() {
        let context = Mock::new().context();
        let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
        let error = context
            .fetch("GET", "https://u:p@a.example/b?key=1")
            .json(&keys)
            .send()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the body of GET https://a.example/b cannot be written as JSON: key must be a string"
        );
        let error = context.platform("GET", "//a").json(&keys).start().unwrap_err();
        assert!(error.to_string().contains("must be relative"), "{error}");
    }
}
