//! A stream that is written to after the other tasks that are ready had a turn.
//!
//! Who waits for an answer on another core is woken by it, which costs the sender more than all the rest of sending: 14 % of
//! an echo on a virtual machine, where the other core sleeps in the hypervisor. Of answers that are sent one right after the
//! other only the first wakes somebody. So an answer waits until its thread looks at the network next, which it does
//! after eight turns of tasks ([`serve`](crate::serve)), or when there is nothing else to be done; then for its own turn.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::yield_now;

/// The stream, and whether what is to be written had to wait already.
pub struct Together<S> {
    stream: S,
    waited: bool,
}

impl<S> Together<S> {
    /// Around a stream.
    pub fn new(stream: S) -> Self {
        Self { stream, waited: false }
    }

    /// Ready every other time.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.waited = !self.waited;
        if self.waited {
            // Once it was polled, its waker is in the list of those to be woken: it need not live longer.
            pin!(yield_now()).poll(context)
        } else {
            Poll::Ready(())
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Together<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Together<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(context));
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_turn(context));
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test]
    async fn what_is_ready_has_its_turn_before_the_first_answer_is_sent() {
        let done = Arc::new(AtomicUsize::new(0));
        let connections: Vec<_> = (0..3)
            .map(|_| {
                let (near, far) = duplex(64);
                let done = done.clone();
                let answering = tokio::spawn(async move {
                    let mut stream = Together::new(near);
                    done.fetch_add(1, Ordering::Relaxed);
                    stream.write_all(b"answer").await.unwrap();
                    // The last of them finds all done, and so does the first.
                    done.load(Ordering::Relaxed)
                });
                (answering, far)
            })
            .collect();
        for (answering, mut far) in connections {
            assert_eq!(answering.await.unwrap(), 3);
            let mut received = String::new();
            far.read_to_string(&mut received).await.unwrap();
            assert_eq!(received, "answer");
        }
    }

    #[tokio::test]
    async fn what_is_larger_than_the_peer_takes_at_once_arrives_whole() {
        let (near, mut far) = duplex(7);
        let sent: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let expected = sent.clone();
        let sending = tokio::spawn(async move {
            let mut stream = Together::new(near);
            stream.write_all(&sent).await.unwrap();
            stream.shutdown().await.unwrap();
        });
        let mut received = Vec::new();
        far.read_to_end(&mut received).await.unwrap();
        sending.await.unwrap();
        assert!(received == expected);
    }
}
