//! An answer that is no success, as a sentence that says what to do.

use super::client::{Answer, Client, Content};
use crate::console::printable;
use crate::suggest::did_you_mean;
use anyhow::{Context, anyhow};
use hyper::{Method, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The one error body of the API.
#[derive(Deserialize)]
struct Errors {
    errors: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    message: String,
}

/// The keys of a list.
#[derive(Deserialize)]
struct Keys {
    keys: Vec<String>,
}

impl Client {
    /// Gets `path`, which must succeed. `key` is the worker that it is about, if it is about one.
    pub async fn get(&self, path: &str, key: Option<&str>) -> anyhow::Result<Answer> {
        self.send(Method::GET, path, Content::Nothing, key).await
    }

    /// Asks, and makes an error of everything but success.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content: Content,
        key: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let answer = self.ask(method, path, content).await?;
        self.succeeded(answer, key).await
    }

    /// The answer, or why it is none.
    pub async fn succeeded(&self, answer: Answer, key: Option<&str>) -> anyhow::Result<Answer> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        let mut hint = String::new();
        if let (StatusCode::NOT_FOUND, Some(key)) = (answer.status, key)
            && answer
                .messages()
                .is_some_and(|messages| messages.iter().any(|it| it.contains(key)))
        {
            hint = self.nearest(key).await;
        }
        Err(self.refusal(&answer, &hint))
    }

    /// The worker that was probably meant, as far as it can be told.
    async fn nearest(&self, key: &str) -> String {
        let known = async {
            let answer = self
                .ask(Method::GET, "v2/workers?keysOnly=true", Content::Nothing)
                .await;
            answer.ok()?.json::<Keys>().ok()
        };
        let keys = known.await.map(|known| known.keys).unwrap_or_default();
        // There is one of this name: it is something of it that is missing.
        match keys.iter().any(|known| known == key) {
            true => String::new(),
            false => printable(&did_you_mean(key, keys.iter().map(String::as_str))),
        }
    }

    fn refusal(&self, answer: &Answer, hint: &str) -> anyhow::Error {
        let (address, status) = (&self.place.address, answer.status);
        if status.is_redirection() {
            let to = answer.headers.get(header::LOCATION).and_then(|to| to.to_str().ok());
            let to = printable(to.unwrap_or("nowhere"));
            return anyhow!(
                "{address} redirects to {to}, where the token was not sent; name that server with --server"
            );
        }
        let Some(messages) = answer.messages() else {
            return anyhow!("{address} answers {status}, and not as a worker host does: is this its address?");
        };
        let text = match messages.as_slice() {
            // The diagnostics of a source, as a compiler prints them.
            all if all.iter().any(|message| message.starts_with("error: ")) => return anyhow!("{}", all.join("\n\n")),
            [one] => format!("{}{hint}", lower(one)),
            all => format!("{address} found {} mistakes:\n  {}", all.len(), all.join("\n  ")),
        };
        match status {
            StatusCode::UNAUTHORIZED => anyhow!("{}", self.unauthorized()),
            StatusCode::FORBIDDEN => {
                anyhow!("{text}; host token create, or whoever runs the server, makes a token that may")
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let after = answer
                    .headers
                    .get(header::RETRY_AFTER)
                    .and_then(|after| after.to_str().ok());
                let after = after.and_then(|after| after.parse::<u64>().ok());
                let after = after.map_or_else(|| "later".into(), |after| format!("in {after} s"));
                anyhow!("{text}; try again {after}")
            }
            _ => anyhow!("{text}"),
        }
    }

    fn unauthorized(&self) -> String {
        let address = &self.place.address;
        match &self.place.token {
            Some(token) => format!(
                "{address} does not accept {}: it is wrong, expired or revoked",
                token.from
            ),
            None => format!(
                "{address} wants a token: set HOST_TOKEN, or keep one with host login --server {address}\n\
                 The first one of a server is its HOST_ADMIN_TOKEN, or in the file admin-token of its data folder."
            ),
        }
    }
}

impl Answer {
    /// What its body is.
    pub fn json<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_slice(&self.body)
            .context("the server answers with what was not expected: is it a worker host?")
    }

    /// What is wrong, if it is told as the API does.
    fn messages(&self) -> Option<Vec<String>> {
        let Errors { errors } = serde_json::from_slice(&self.body).ok()?;
        let messages: Vec<_> = errors.iter().map(|one| printable(&one.message)).collect();
        Some(messages).filter(|messages| !messages.is_empty())
    }
}

/// A sentence that goes on after a colon. A name in capitals stays one.
fn lower(sentence: &str) -> String {
    let mut chars = sentence.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(sentence.chars().skip(1)).collect()
        }
        _ => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::{Place, Token};
    use super::*;
    use bytes::Bytes;
    use hyper::header::HeaderMap;

    fn client(token: Option<&str>) -> Client {
        let token = token.map(|text| Token {
            text: text.into(),
            from: "the token of the login a".into(),
        });
        Client::new(Place {
            address: "http://x".into(),
            is_default: false,
            token,
        })
    }

    fn told(token: Option<&str>, status: u16, headers: &[(header::HeaderName, &'static str)], body: &str) -> String {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()));
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter(headers),
            body: Bytes::from(body.to_owned()),
        };
        client(token).refusal(&answer, "").to_string()
    }

    #[test]
    fn every_status_says_what_to_do() {
        let one = |message: &str| crate::api::errors(400, &[message]);
        assert_eq!(told(None, 409, &[], &one("It is there")), "it is there");
        assert_eq!(told(None, 404, &[], &one("URL x")), "URL x");
        assert!(told(None, 401, &[], &one("No")).contains("set HOST_TOKEN"));
        let refused = told(Some("hidden"), 401, &[], &one("The token is not valid"));
        assert_eq!(
            refused,
            "http://x does not accept the token of the login a: it is wrong, expired or revoked"
        );
        assert!(told(None, 403, &[], &one("A may not do this")).starts_with("a may not do this; host token create"));
        let after = [(header::RETRY_AFTER, "7")];
        assert_eq!(told(None, 429, &after, &one("Too much")), "too much; try again in 7 s");
        assert_eq!(told(None, 503, &[], &one("Closing")), "closing; try again later");
        let to = [(header::LOCATION, "https://y/")];
        assert!(told(None, 308, &to, "").starts_with("http://x redirects to https://y/, where"));
        for body in ["", "<html>", "{}", r#"{"errors":[]}"#] {
            assert!(
                told(None, 502, &[], body).starts_with("http://x answers 502 Bad Gateway, and not as"),
                "{body}"
            );
        }
        let two = crate::api::errors(400, &["key: is missing", "a: \u{1b}[2J"]);
        assert_eq!(
            told(None, 400, &[], &two),
            "http://x found 2 mistakes:\n  key: is missing\n  a: \\u{1b}[2J"
        );
        let faults = crate::api::errors(400, &["error: a\n --> worker.ts:1:1", "error: b"]);
        assert_eq!(
            told(None, 400, &[], &faults),
            "error: a\n --> worker.ts:1:1\n\nerror: b"
        );
    }
}
