//! What went wrong, as the author of the worker reads it. No sentence holds a path, a query or a header: they may be
//! secret.

use engine::FetchError;
use std::error::Error;
use std::fmt::Display;
use std::io;
use std::time::Duration;
use url::Url;

/// An error as the Fetch standard has it.
pub fn failed(what: impl Display) -> FetchError {
    FetchError {
        name: "TypeError",
        message: format!("fetch failed: {what}"),
    }
}

/// A limit on time that was passed.
pub fn timed_out(what: impl Display, limit: Duration) -> FetchError {
    FetchError {
        name: "TimeoutError",
        message: format!("fetch failed: {what} within {limit:?}"),
    }
}

/// Host and port: what a sentence names of a URL.
pub fn peer(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{host}:{}", url.port_or_known_default().unwrap_or_default())
}

/// The error of a type among an error and its causes. An `io::Error` hides its own cause from `source`, so ask it.
pub fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// Why no response came, or why its body broke off.
pub fn broken(error: &(dyn Error + 'static), peer: &str) -> FetchError {
    // The dialer has said it already.
    if let Some(said) = find::<FetchError>(error) {
        return said.clone();
    }
    let Some(hyper) = find::<hyper::Error>(error) else {
        return failed(format_args!("the request to {peer} failed: {error}"));
    };
    if hyper.is_parse_too_large() {
        failed(format_args!("the head of the response of {peer} is too large"))
    } else if hyper.is_incomplete_message() || find::<io::Error>(hyper).is_some() {
        failed(format_args!("the response of {peer} ended too early"))
    } else if hyper.is_parse() {
        failed(format_args!("{peer} did not answer in HTTP: {hyper}"))
    } else {
        let cause = hyper.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        failed(format_args!("the exchange with {peer} broke: {hyper}{cause}"))
    }
}
