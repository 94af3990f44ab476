//! A body of server-sent events (the HTML standard, 9.2), sent as they come.

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use hyper::body::{Body, Frame};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The type of such a body.
pub const MEDIA: &str = "text/event-stream";

/// What is sent when there is nothing to tell, so that nobody on the way takes the connection for dead.
pub const STILL_HERE: Bytes = Bytes::from_static(b": still here\n\n");

/// The body.
pub struct Events {
    stream: BoxStream<'static, Bytes>,
    held: Option<Box<dyn Send + Sync>>,
}

impl Events {
    /// Ends when the stream does.
    pub fn new(stream: BoxStream<'static, Bytes>) -> Self {
        Self { stream, held: None }
    }

    /// Keeps something until the stream ends or nobody reads it any more.
    pub fn hold(&mut self, held: impl Send + Sync + 'static) {
        self.held = Some(Box::new(held));
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = Pin::new(&mut self.stream).poll_next(task);
        if matches!(next, Poll::Ready(None)) {
            self.held = None;
        }
        next.map(|event| event.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// One event. `data` is one line.
pub fn event(name: &str, data: &str) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}
