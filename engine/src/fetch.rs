//! Outbound HTTP as the engine sees it: one asynchronous function, given by the host, which alone decides what a worker
//! may reach.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde::Deserialize;
use std::sync::Arc;

/// Sends one request and gives the head of its response. Dropping the future, or the body, gives the request up.
pub type Fetch = Arc<dyn Fn(FetchRequest) -> BoxFuture<'static, Result<FetchResponse, FetchError>> + Send + Sync>;

/// A request of a worker, as the Fetch standard has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    /// The method, a token.
    pub method: String,
    /// An absolute URL of the schemes `http` or `https`; for a request to the platform its path, with one slash in
    /// front, to be appended to the platform's address.
    pub url: String,
    /// Names in lower case, in the order they were set.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Option<Bytes>,
    /// What to do with a redirect.
    pub redirect: Redirect,
    /// Whether the request goes to the platform, with its token.
    pub platform: bool,
}

/// What to do with a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Redirect {
    /// Go there, 20 times at most.
    Follow,
    /// Fail.
    Error,
    /// Give the redirect itself.
    Manual,
}

/// The head of a response, and its body to be read.
pub struct FetchResponse {
    /// The status, 200 to 599.
    pub status: u16,
    /// The reason phrase, often empty.
    pub status_text: String,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The URL that answered, without its fragment.
    pub url: String,
    /// Whether a redirect led there.
    pub redirected: bool,
    /// The body, decoded from its content encoding.
    pub body: BoxStream<'static, Result<Bytes, FetchError>>,
}

/// Why a request failed, in words for the author of the worker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// The name of the error that the worker sees: `TypeError` as the standard has it, or that of a `DOMException`.
    pub name: &'static str,
    /// One sentence; it begins with `fetch failed`.
    pub message: String,
}
