//! What a guest writes: kept in memory up to a cap.

use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// stdout or stderr of one execution. Clones share what was written.
#[derive(Clone)]
pub(crate) struct Sink {
    written: Arc<Mutex<Written>>,
    cap: usize,
    when_full: WhenFull,
}

/// What becomes of a write that does not fit.
#[derive(Clone, Copy)]
pub(crate) enum WhenFull {
    /// It fails: half a value is of no use.
    Fail,
    /// It seems to succeed: half a log is, and a guest that cannot log must not die of it.
    Drop,
}

/// What a [`Sink`] holds.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// Whether more was written than the cap allows, whatever the guest was told.
    pub(crate) overflowed: bool,
}

impl Sink {
    pub(crate) fn new(cap: usize, when_full: WhenFull) -> Self {
        Self {
            written: Arc::default(),
            cap,
            when_full,
        }
    }

    /// Takes out what was written.
    pub(crate) fn take(&self) -> Written {
        std::mem::take(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this form, and no guest here can import it.
        Box::new(tokio::io::sink())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi::async_trait]
impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.cap - written.bytes.len();
        let kept = bytes.len().min(room);
        written.bytes.extend_from_slice(&bytes[..kept]);
        if kept == bytes.len() {
            return Ok(());
        }
        written.overflowed = true;
        match self.when_full {
            WhenFull::Drop => Ok(()),
            WhenFull::Fail => Err(StreamError::LastOperationFailed(
                std::io::Error::from(std::io::ErrorKind::StorageFull).into(),
            )),
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}
