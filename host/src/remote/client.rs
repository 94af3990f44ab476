//! The one HTTP client of these commands: a request with its token to one server, and what was answered. A redirect is an
//! answer like any other, so a token goes nowhere else.

use super::place::Place;
use crate::network::dial::Dialer;
use crate::network::failure::broken;
use crate::network::resolve;
use crate::network::tls::Tls;
use anyhow::{Context, anyhow, bail};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;
use tokio::time::timeout;

/// To find the address, connect and agree on TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// For a server that takes nothing, or tells nothing of a body that it began.
const SILENCE: Duration = Duration::from_secs(60);
/// To the head of an answer: longer than any save and any build takes.
const HEAD: Duration = Duration::from_secs(120);
/// The same of an execution, which may wait, and whose time is the operator's.
pub const EXECUTION: Duration = Duration::from_secs(60 * 60);

/// The largest body that is read: a thousand entries of the history.
const MAX_BODY_BYTES: usize = 256 << 20;

/// What stands in a part of a path as it is (RFC 3986, 2.3).
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const USER_AGENT: &str = concat!("worker-host/", env!("CARGO_PKG_VERSION"));

/// A text as a part of a path or a query.
pub fn part(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The path with these parameters, as far as they are given.
pub fn with_query(path: &str, parameters: &[(&str, Option<&str>)]) -> String {
    let given = parameters
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", part((*value)?))));
    match given.collect::<Vec<_>>().join("&") {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// Asks one server.
pub struct Client {
    http: legacy::Client<Dialer, Full<Bytes>>,
    /// Which.
    pub place: Place,
}

/// What is sent.
pub enum Content {
    /// No body.
    Nothing,
    /// A document.
    Json(Bytes),
    /// A module.
    Module(Bytes),
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// All of its body.
    pub body: Bytes,
}

impl Client {
    /// Connects when something is asked.
    pub fn new(place: Place) -> Self {
        let dialer = Dialer::new(false, resolve::system(), Tls::system(), CONNECT, SILENCE);
        let http = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .build(dialer);
        Self { http, place }
    }

    /// The address of `path` below the API.
    pub fn address(&self, path: &str) -> String {
        format!("{}/worker/api/{path}", self.place.address)
    }

    /// Asks for `path` below the API, and waits for all of the answer.
    pub async fn ask(&self, method: Method, path: &str, content: Content) -> anyhow::Result<Answer> {
        self.ask_within(method, path, content, HEAD).await
    }

    /// The same, with another time for the head of the answer.
    pub async fn ask_within(
        &self,
        method: Method,
        path: &str,
        content: Content,
        limit: Duration,
    ) -> anyhow::Result<Answer> {
        let response = self.open(method, path, content, limit).await?;
        self.read(response).await
    }

    /// All of an answer whose head has come.
    pub async fn read(&self, response: Response<Incoming>) -> anyhow::Result<Answer> {
        let (head, mut body) = response.into_parts();
        let mut read = BytesMut::new();
        while let Some(part) = self.part(&mut body, SILENCE).await? {
            if read.len() + part.len() > MAX_BODY_BYTES {
                bail!("{} answers with more than {MAX_BODY_BYTES} bytes", self.place.address);
            }
            read.extend_from_slice(&part);
        }
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: read.freeze(),
        })
    }

    /// Asks, and waits for the head of the answer.
    pub async fn open(
        &self,
        method: Method,
        path: &str,
        content: Content,
        limit: Duration,
    ) -> anyhow::Result<Response<Incoming>> {
        let request = self.request(method, path, content)?;
        match timeout(limit, self.http.request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => bail!("{} does not answer within {limit:?}", self.place.address),
        }
    }

    /// The next part of a body, for which the server gets this long; `None` at its end.
    pub async fn part(&self, body: &mut Incoming, limit: Duration) -> anyhow::Result<Option<Bytes>> {
        loop {
            let address = &self.place.address;
            let Ok(frame) = timeout(limit, body.frame()).await else {
                bail!("{address} began to answer, and said nothing more within {limit:?}");
            };
            let Some(frame) = frame else { return Ok(None) };
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(data)) => return Ok(Some(data)),
                // Trailers.
                Ok(Err(_)) => {}
                Err(error) => bail!("{}", sentence(&broken(&error, address).message)),
            }
        }
    }

    fn request(&self, method: Method, path: &str, content: Content) -> anyhow::Result<Request<Full<Bytes>>> {
        let address = self.address(path);
        let uri: Uri = address.parse().with_context(|| format!("{address} is no address"))?;
        let (media, body) = match content {
            // hyper tells the length of every body but an empty one.
            Content::Nothing => (None, Bytes::new()),
            Content::Json(body) => (Some("application/json"), body),
            Content::Module(body) => (Some("application/wasm"), body),
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(
            header::ACCEPT,
            HeaderValue::from_static("application/json, text/event-stream"),
        );
        if let Some(media) = media {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        }
        if let Some(token) = &self.place.token {
            let value = HeaderValue::try_from(format!("Bearer {}", token.text));
            let mut value = value.map_err(|_| anyhow!("{} cannot be sent in a header", token.from))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }

    /// Why there is no answer.
    fn failed(&self, error: &legacy::Error) -> anyhow::Error {
        let address = &self.place.address;
        let problem = sentence(&broken(error, address).message).to_owned();
        if !error.is_connect() {
            return anyhow!("{problem}");
        }
        let hint = match self.place.is_default {
            true => {
                "no server was named, so this one was asked: name another with --server, HOST_SERVER or host login, or \
                 start one with host serve"
            }
            false => "is it running? host serve starts one",
        };
        anyhow!("cannot reach {address}: {problem}\n{hint}")
    }
}

/// Without what is for the authors of workers.
fn sentence(message: &str) -> &str {
    message.strip_prefix("fetch failed: ").unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_parts_of_a_path() {
        assert_eq!(part("my-worker_1.x"), "my-worker_1.x");
        assert_eq!(part("a/b?c#d%e \u{e9}"), "a%2Fb%3Fc%23d%25e%20%C3%A9");
        assert_eq!(with_query("v1/x", &[("a", None)]), "v1/x");
        assert_eq!(
            with_query("v1/x", &[("a", Some("1&2")), ("b", None), ("c", Some(""))]),
            "v1/x?a=1%262&c="
        );
    }
}
