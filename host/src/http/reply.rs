//! What a client gets: an answer, or a refusal in the one error body of the API.

use super::events::Events;
use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use std::borrow::Cow;
use std::time::Duration;

/// A response; its body is complete, or events that are still to come.
pub type Reply = Response<Either<Full<Bytes>, Events>>;

/// Of every body we send.
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Why a request was not executed: the status and the client's sentence. What the operator should know is logged
/// where it happens, and never sent.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    messages: Vec<Cow<'static, str>>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether what else the client sends is not worth reading: it is slow, or gone.
    pub gives_up: bool,
}

impl Refusal {
    /// A refusal.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            messages: vec![message.into()],
            headers: Vec::new(),
            gives_up: false,
        }
    }

    /// Everything that is wrong with a request, an error for each.
    pub fn all(status: StatusCode, messages: Vec<String>) -> Self {
        Self {
            messages: messages.into_iter().map(Cow::Owned).collect(),
            ..Self::new(status, "")
        }
    }

    /// Our own fault. The client learns nothing of it but that.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The host failed to execute the worker",
        )
    }

    /// With a header.
    pub fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// Worth another try in a second.
    pub fn try_again(self) -> Self {
        self.try_again_in(Duration::from_secs(1))
    }

    /// Worth another try after this time, told in whole seconds.
    pub fn try_again_in(mut self, time: Duration) -> Self {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        self.headers.push((header::RETRY_AFTER, seconds.into()));
        self
    }

    /// The connection ends with this.
    pub fn give_up(mut self) -> Self {
        self.gives_up = true;
        self
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let body = crate::api::errors(refusal.status.as_u16(), &refusal.messages);
        let mut reply = json(refusal.status, body);
        reply.headers_mut().extend(refusal.headers);
        reply
    }
}

/// A response with a JSON body.
pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = bytes(status, body);
    reply.headers_mut().insert(header::CONTENT_TYPE, JSON);
    reply
}

/// A response with a body of any type, which is still to be named.
pub fn bytes(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Either::Left(Full::new(body.into())));
    *reply.status_mut() = status;
    reply
}

/// A reply whose body comes little by little.
pub fn stream(media: &'static str, events: Events) -> Reply {
    let mut reply = Response::new(Either::Right(events));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    reply
}

/// A reply without a body.
pub fn empty(status: StatusCode) -> Reply {
    bytes(status, Bytes::new())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use http_body_util::BodyExt;

    /// The body of a reply.
    pub(crate) fn text(reply: Reply) -> String {
        let mut body = reply.into_body();
        let frame = futures_now(body.frame())
            .and_then(|frame| frame.unwrap().into_data().ok())
            .unwrap_or_default();
        String::from_utf8(frame.to_vec()).unwrap()
    }

    /// A body that is complete needs no runtime.
    fn futures_now<T>(future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        match future
            .as_mut()
            .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
        {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("the body is not complete"),
        }
    }

    #[test]
    fn a_refusal_is_the_error_body() {
        let reply = Reply::from(Refusal::new(StatusCode::TOO_MANY_REQUESTS, "busy: \"x\"").try_again());
        assert_eq!(reply.status(), 429);
        assert_eq!(reply.headers()["content-type"], "application/json; charset=utf-8");
        assert_eq!(reply.headers()["retry-after"], "1");
        assert_eq!(text(reply), r#"{"errors":[{"status":429,"message":"busy: \"x\""}]}"#);
    }
}
