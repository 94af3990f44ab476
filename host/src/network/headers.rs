//! What of a worker's headers is sent, and what of a response's it sees.

use super::failure::failed;
use engine::FetchError;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Counts workers calling workers through the platform.
pub const HOPS: HeaderName = HeaderName::from_static("x-worker-hops");

/// What belongs to the connection, which is ours: it would let a worker smuggle a second request into it.
const OURS: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-worker-hops",
];

/// What belongs to the connection in a response.
const OF_CONNECTION: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Who we are, unless the worker says who it is.
const USER_AGENT: &str = concat!("worker-host/", env!("CARGO_PKG_VERSION"));

/// The headers to send. Those a worker may not set are left out without a word, as browsers do.
pub fn request(given: &[(String, String)]) -> Result<HeaderMap, FetchError> {
    let mut headers = HeaderMap::with_capacity(given.len() + 4);
    for (name, value) in given {
        let wrong = |what| failed(format_args!("the {what} of the header {name:?} is not valid"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("name"))?;
        if OURS.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
            continue;
        }
        // A character stands for a byte, as the standard has it.
        let bytes: Option<Vec<u8>> = value.chars().map(|char| u8::try_from(char).ok()).collect();
        let value = bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        let value = value.ok_or_else(|| wrong("value"))?;
        headers
            .try_append(name, value)
            .map_err(|_| failed("there are too many headers"))?;
    }
    let mut default = |name, value| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::ACCEPT, "*/*");
    default(header::USER_AGENT, USER_AGENT);
    // A part of an encoded body cannot be decoded.
    let codings = if headers.contains_key(header::RANGE) {
        "identity"
    } else {
        "gzip, br"
    };
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(codings));
    Ok(headers)
}

/// Leaves out what must not go to another origin.
pub fn strip_credentials(headers: &mut HeaderMap) {
    headers.remove(header::AUTHORIZATION);
    headers.remove(header::COOKIE);
}

/// Leaves out what describes a body, when there is none any more.
pub fn strip_content(headers: &mut HeaderMap) {
    for name in [
        header::CONTENT_ENCODING,
        header::CONTENT_LANGUAGE,
        header::CONTENT_LOCATION,
        header::CONTENT_TYPE,
    ] {
        headers.remove(name);
    }
}

/// The headers of a response as the worker sees them. The length of a body that was `decoded` is not that of the body
/// it reads.
pub fn response(mut headers: HeaderMap, decoded: bool) -> Vec<(String, String)> {
    for name in OF_CONNECTION {
        headers.remove(name);
    }
    if decoded {
        headers.remove(header::CONTENT_ENCODING);
        headers.remove(header::CONTENT_LENGTH);
    }
    let text = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        headers.iter().map(owned).collect()
    }

    #[test]
    fn what_is_ours_is_left_out() {
        // Not by the table, which could be wrong.
        let ours = "accept-encoding connection content-length expect host http2-settings keep-alive proxy-connection te \
                    trailer transfer-encoding upgrade x-worker-hops";
        let mut all: Vec<_> = ours.split(' ').map(|name| (name, "1")).collect();
        all.extend([
            ("proxy-authorization", "1"),
            ("x", "1"),
            ("x", "caf\u{e9}"),
            ("cookie", "a=b"),
        ]);
        let headers = request(&given(&all)).unwrap();
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "cookie", "user-agent", "x"]);
        assert_eq!(headers["accept-encoding"], "gzip, br");
        assert_eq!(headers["user-agent"], USER_AGENT);
        assert_eq!(headers.get_all("x").iter().nth(1).unwrap(), &b"caf\xe9"[..]);
    }

    #[test]
    fn what_the_worker_may_set_is_kept() {
        let headers = request(&given(&[
            ("user-agent", "me"),
            ("accept", "a/b"),
            ("range", "bytes=0-1"),
        ]))
        .unwrap();
        assert_eq!(
            (&headers["user-agent"], &headers["accept"]),
            (&HeaderValue::from_static("me"), &HeaderValue::from_static("a/b"))
        );
        assert_eq!(headers["accept-encoding"], "identity");
    }

    #[test]
    fn invalid_ones_are_named() {
        for (name, value, wanted) in [
            ("a b", "", "the name of the header \"a b\""),
            ("a", "x\r\ny: z", "the value of the header \"a\""),
            ("a", "\0", "the value"),
            ("a", "\u{100}", "the value"),
        ] {
            let error = request(&given(&[(name, value)])).unwrap_err();
            assert!(error.message.contains(wanted), "{error}");
        }
    }
}
