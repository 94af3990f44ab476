//! A connection that can be cut: by whoever waits for its answer and gives up, and by itself when the other side takes
//! nothing any more. Without it a connection would be held, with the body it cannot send, for as long as its peer likes.

use futures_util::task::AtomicWaker;
use hyper::Request;
use hyper::http::Extensions;
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, Connection, capture_connection};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// A TCP connection with a [`Cut`].
pub struct Wire {
    stream: TcpStream,
    cut: Cut,
    /// How long a write may wait.
    limit: Duration,
    /// Set while one waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Ends a connection from outside.
#[derive(Clone, Default)]
pub struct Cut(Arc<State>);

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Cut {
    /// Whatever reads or writes there fails from now on.
    pub fn cut(&self) {
        self.0.is_cut.store(true, Ordering::Release);
        self.0.reader.wake();
        self.0.writer.wake();
    }

    fn check(&self, waker: &AtomicWaker, task: &Context<'_>) -> io::Result<()> {
        // Registered before looking, so that no cut is missed between the two.
        waker.register(task.waker());
        if self.0.is_cut.load(Ordering::Acquire) {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the request was given up",
            ));
        }
        Ok(())
    }
}

/// Holds the connection of one request: it is cut if this is dropped before the exchange has come to its end. A
/// connection of HTTP/2 carries others, and ends the stream by itself.
pub struct Exchange(Option<CaptureConnection>);

impl Exchange {
    /// Of a request that is about to be sent.
    pub fn of<B>(request: &mut Request<B>) -> Self {
        Self(Some(capture_connection(request)))
    }

    /// The exchange has come to its end; the connection may be used again.
    pub fn finish(&mut self) {
        self.0 = None;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Some(captured) = self.0.take() else { return };
        if let Some(connected) = &*captured.connection_metadata()
            && !connected.is_negotiated_h2()
        {
            let mut extras = Extensions::new();
            connected.get_extras(&mut extras);
            if let Some(cut) = extras.get::<Cut>() {
                cut.cut();
            }
        }
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.cut.clone())
    }
}

impl Wire {
    /// A connection on which a write may wait for `limit`.
    pub fn new(stream: TcpStream, limit: Duration) -> Self {
        Self {
            stream,
            cut: Cut::default(),
            limit,
            stalled: None,
        }
    }

    /// What became of a write: one that waits too long fails.
    fn written<T>(&mut self, task: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(stalled.as_mut().poll(task));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the other side takes nothing",
        )))
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.cut.check(&self.cut.0.reader, task)?;
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.cut.check(&self.cut.0.writer, task)?;
        let written = Pin::new(&mut self.stream).poll_write(task, bytes);
        self.written(task, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.cut.check(&self.cut.0.writer, task)?;
        let written = Pin::new(&mut self.stream).poll_write_vectored(task, parts);
        self.written(task, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}
