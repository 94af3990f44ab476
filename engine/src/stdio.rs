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
    /// It seems to succeed: half a log is, and a guest that cannot log must not die of it. Of lines there are at most so
    /// many.
    Drop { lines: u32 },
}

/// What a [`Sink`] holds.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// Ends of lines among them, where those are limited.
    lines: usize,
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

    /// Writes all of `bytes`, or none of them and `false` where that would fail.
    pub(crate) fn write_all(&self, bytes: &[u8]) -> bool {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = bytes.len() <= self.cap - written.bytes.len();
        if fits || matches!(self.when_full, WhenFull::Drop { .. }) {
            self.append(&mut written, bytes);
            return true;
        }
        false
    }

    /// Keeps what there is room for; gives whether that is all.
    fn append(&self, written: &mut Written, bytes: &[u8]) -> bool {
        let room = self.cap - written.bytes.len();
        let mut kept = bytes.len().min(room);
        if let WhenFull::Drop { lines } = self.when_full {
            let (fits, ended) = whole_lines(&bytes[..kept], lines as usize - written.lines);
            kept = fits;
            written.lines += ended;
        }
        written.bytes.extend_from_slice(&bytes[..kept]);
        let all = kept == bytes.len();
        written.overflowed |= !all;
        all
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
        if self.append(&mut written, &bytes) {
            return Ok(());
        }
        match self.when_full {
            WhenFull::Drop { .. } => Ok(()),
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

/// How much of `bytes` fits when `left` more lines may end, and how many do.
fn whole_lines(bytes: &[u8], left: usize) -> (usize, usize) {
    if left == 0 {
        return (0, 0);
    }
    // Counting takes a fraction of what copying does; the place of the last is looked for only when there are too many.
    let ended = bytes.iter().filter(|&&byte| byte == b'\n').count();
    if ended < left {
        return (bytes.len(), ended);
    }
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let last = ends.map(|(place, _)| place + 1).nth(left - 1);
    (last.unwrap_or(bytes.len()), left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cap: usize, when_full: WhenFull, writes: &[&str]) -> (String, bool, usize) {
        let mut sink = Sink::new(cap, when_full);
        let refused = writes
            .iter()
            .filter(|write| sink.write(Bytes::copy_from_slice(write.as_bytes())).is_err());
        let refused = refused.count();
        let Written { bytes, overflowed, .. } = sink.take();
        (String::from_utf8(bytes).unwrap(), overflowed, refused)
    }

    #[test]
    fn lines_obeyed_and_violated() {
        let lines = |lines, writes: &[&str]| written(20, WhenFull::Drop { lines }, writes);
        for (writes, kept, overflowed) in [
            (&["a\nb", "\n", "c\n"][..], "a\nb\nc\n", false),
            (&["a\nb\nc\n", ""], "a\nb\nc\n", false),
            (&["a\nb\nc"], "a\nb\nc", false),
            (&["a\nb\nc\n", "d"], "a\nb\nc\n", true),
            (&["a\nb\nc\nd\n"], "a\nb\nc\n", true),
            (&["\n", "\n\n\n\n\n\n", "\n"], "\n\n\n", true),
            (&["a\n", "12345678901234567890"], "a\n123456789012345678", true),
        ] {
            assert_eq!(lines(3, writes), (kept.into(), overflowed, 0), "{writes:?}");
        }
        assert_eq!(lines(0, &["a"]), (String::new(), true, 0));
    }

    #[test]
    fn bytes_obeyed_and_violated() {
        let fail = |writes: &[&str]| written(4, WhenFull::Fail, writes);
        assert_eq!(fail(&["ab", "cd"]), ("abcd".into(), false, 0));
        assert_eq!(fail(&["abc", "de", "f"]), ("abcd".into(), true, 2));
        let lines = u32::MAX;
        assert_eq!(
            written(4, WhenFull::Drop { lines }, &["abc", "de", "f"]),
            ("abcd".into(), true, 0)
        );
    }
}
