//! Any body is executed or refused, as the README says of payloads, and every answer is one JSON document.

use super::json::{self, Value};
use super::service::{SERVICE, TOKIO};
use bytes::{Buf, Bytes};
use engine::{Limits, MAX_NESTING};
use host::http::service::Stage;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::watch;

/// Sends `input`: a line with the content type, if it is not empty; a character for the size of the body's parts, another
/// for white space in front of it; the body.
pub fn execute(input: &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    let media = HeaderValue::from_bytes(&input[..end])
        .ok()
        .filter(|media| !media.is_empty());
    let rest = input.get(end + 1..).unwrap_or_default();
    let (parts, body) = match rest {
        [part, spaces, body @ ..] => (count(*part), padded(count(*spaces), body)),
        _ => (0, Vec::new()),
    };
    let (status, answer) = ask(media.as_ref(), &body, parts);

    let document = json::read(&answer, usize::MAX).unwrap_or_else(|| panic!("no document: {}", show(&answer)));
    let expected = expected(media.as_ref(), &body);
    let failed = || format!("{media:?} {} gave {status} {}", show(&body), show(&answer));
    match &expected {
        Expected::Refused(expected) => {
            assert!(
                status == *expected && document.at(&["errors", "0", "status"]) == Some(&number(status)),
                "{}",
                failed()
            );
        }
        Expected::Executed { data, outcome } => {
            assert!(status == 200, "{}", failed());
            assert!(
                document.at(&["executionStatus"]) == Some(&Value::text(outcome)),
                "{}",
                failed()
            );
            assert!(document.at(&["data"]) == data.as_ref(), "{}", failed());
            assert!(document.at(&["error"]).is_none(), "{}", failed());
        }
        Expected::TooLarge => {
            assert!(
                status == 200 && document.at(&["error", "code"]) == Some(&Value::text("output_too_large")),
                "{}",
                failed()
            );
        }
    }
}

/// What the README says of a request.
enum Expected {
    Refused(u16),
    Executed { data: Option<Value>, outcome: &'static str },
    TooLarge,
}

fn expected(media: Option<&HeaderValue>, body: &[u8]) -> Expected {
    if media.is_some_and(|media| !is_json(media)) {
        return Expected::Refused(415);
    }
    if body.len() > Limits::default().payload_bytes {
        return Expected::Refused(413);
    }
    let executed = |data, outcome| Expected::Executed { data, outcome };
    if body.is_empty() {
        return executed(None, "STATUS_SUCCESS");
    }
    let read = json::read(body, MAX_NESTING);
    let accepted = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() && std::str::from_utf8(body).is_ok();
    assert!(accepted || read.is_none(), "serde_json refuses {}", show(body));
    let Some(value) = read else {
        return Expected::Refused(400);
    };
    let value = value.through_javascript();
    if value.written() > Limits::default().output_bytes {
        return Expected::TooLarge;
    }
    let says = value.at(&["executionStatus"]);
    let failed = value.is_object() && (says == Some(&Value::Number(2.0)) || says == Some(&Value::text("STATUS_FAIL")));
    executed(Some(value), if failed { "STATUS_FAIL" } else { "STATUS_SUCCESS" })
}

/// JSON by its name, what curl sends by itself, or nothing in particular.
fn is_json(media: &HeaderValue) -> bool {
    let text = String::from_utf8_lossy(media.as_bytes()).to_ascii_lowercase();
    let essence = text.split(';').next().unwrap_or_default().trim();
    let listed = ["", "application/json", "text/json", "application/x-www-form-urlencoded"].contains(&essence);
    listed || (essence.contains('/') && essence.ends_with("+json"))
}

/// A printable character as a number; a space is none.
fn count(character: u8) -> usize {
    usize::from(character.wrapping_sub(b' '))
}

/// The body behind white space: none, or powers of two up to twice the limit.
fn padded(power: usize, body: &[u8]) -> Vec<u8> {
    let spaces = (1 << (power % 23)) >> 1;
    let mut padded = vec![b' '; spaces];
    padded.extend_from_slice(body);
    padded
}

/// One request, and the status and the body of its answer.
fn ask(media: Option<&HeaderValue>, body: &[u8], parts: usize) -> (u16, Vec<u8>) {
    let mut request = Request::new(Parts {
        rest: Bytes::copy_from_slice(body),
        size: parts,
        declared: parts == 0,
    });
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "/worker/api/v1/execute/echo".parse().expect("a path");
    let headers = request.headers_mut();
    headers.insert("authorization", HeaderValue::from_static("Bearer t"));
    if let Some(media) = media {
        headers.insert(CONTENT_TYPE, media.clone());
    }
    let (_open, stage) = watch::channel(Stage::Open);
    // The first call makes it, which blocks, as one must not on a runtime.
    let service = &*SERVICE;
    TOKIO.block_on(async {
        let reply = service.answer(request, stage).await;
        let status = reply.status().as_u16();
        let answer = reply
            .into_body()
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        (
            status,
            answer.unwrap_or_else(|_| panic!("the answer breaks off")).to_vec(),
        )
    })
}

/// A body that comes in parts of one size, or all at once if that is none; its length is declared or not.
struct Parts {
    rest: Bytes,
    size: usize,
    declared: bool,
}

impl Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.rest.has_remaining() {
            return Poll::Ready(None);
        }
        // Large bodies in at most some thousand parts.
        let all = self.rest.len();
        let size = if self.size == 0 {
            all
        } else {
            self.size.max(all >> 10).min(all)
        };
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(size)))))
    }

    fn size_hint(&self) -> SizeHint {
        if self.declared {
            SizeHint::with_exact(self.rest.len() as u64)
        } else {
            SizeHint::default()
        }
    }
}

fn number(status: u16) -> Value {
    Value::Number(status.into())
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)])
        .trim_start()
        .to_owned()
}
