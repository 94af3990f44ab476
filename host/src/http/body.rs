//! The body of a request: read within a size and a time, and read away when nobody wants it.

use super::reply::Refusal;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{EXPECT, HeaderMap};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::timeout;

/// What a client may still send after it was refused, so that it gets to reading why: closing a connection while
/// the other side sends makes its system throw our answer away.
const UNWANTED_BYTES: usize = 8 << 20;

/// How long it may send that.
const UNWANTED_TIME: Duration = Duration::from_secs(2);

/// Bytes of all bodies in memory at once. A connection may send a hundred of them, and bodies are read before anybody has a
/// place, so this is what keeps clients from filling the memory.
const MAX_HELD_BYTES: usize = 512 << 20;

/// What the bodies of all requests under way hold of it.
#[derive(Default)]
pub struct Held(AtomicUsize);

/// What one body holds, until its request is answered.
struct Share {
    held: Arc<Held>,
    bytes: usize,
}

impl Share {
    fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let before = self.held.0.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        if before + bytes > MAX_HELD_BYTES {
            let message = "The host holds as much as it can of what was sent to it";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message)
                .try_again()
                .give_up());
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.held.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The body of a request that is being answered.
pub struct Upload<B> {
    body: B,
    share: Share,
    /// Whether the client waits for a word before it sends: `Expect: 100-continue`.
    waits: bool,
}

impl<B> Upload<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Display,
{
    /// A body that nobody has looked at yet.
    pub fn new(body: B, headers: &HeaderMap, held: Arc<Held>) -> Self {
        Self {
            body,
            share: Share { held, bytes: 0 },
            waits: headers.contains_key(EXPECT),
        }
    }

    /// Reads all of it: at most `limit` bytes, within `time`.
    pub async fn read(&mut self, limit: usize, time: Duration) -> Result<Bytes, Refusal> {
        // A length that is declared can be refused before the first byte.
        if self.body.size_hint().lower() > limit as u64 {
            return Err(too_large(limit));
        }
        self.waits = false;
        match timeout(time, self.collect(limit)).await {
            Ok(read) => read,
            Err(_) => {
                let message = format!("The body did not arrive within {time:?}");
                Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, message).give_up())
            }
        }
    }

    async fn collect(&mut self, limit: usize) -> Result<Bytes, Refusal> {
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| {
                Refusal::new(StatusCode::BAD_REQUEST, format!("The body could not be read: {error}")).give_up()
            })?;
            // What is no data are trailers, which say nothing here.
            let Ok(data) = frame.into_data() else { continue };
            if first.len() + all.len() + data.len() > limit {
                return Err(too_large(limit));
            }
            self.share.grow(data.len())?;
            // Nearly every body is one frame: that one is not copied.
            if first.is_empty() && all.is_empty() {
                first = data;
            } else {
                all.extend_from_slice(&std::mem::take(&mut first));
                all.extend_from_slice(&data);
            }
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// Reads away what is left, in the background and within bounds.
    pub fn discard(mut self) {
        if self.body.is_end_stream() || self.waits {
            return;
        }
        drop(self.share);
        tokio::spawn(timeout(UNWANTED_TIME, async move {
            let mut left = UNWANTED_BYTES;
            while let Some(Ok(frame)) = self.body.frame().await {
                match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                    Some(rest) => left = rest,
                    None => break,
                }
            }
        }));
    }
}

fn too_large(limit: usize) -> Refusal {
    Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("The body is larger than the {limit} bytes allowed"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::reply::Reply;
    use super::*;
    use http_body_util::{Channel, Full};

    const TIME: Duration = Duration::from_millis(50);

    fn upload<B>(body: B) -> Upload<B>
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Display,
    {
        Upload::new(body, &HeaderMap::new(), Arc::default())
    }

    #[tokio::test]
    async fn what_all_bodies_hold_is_bounded_and_given_back() {
        let held = Arc::new(Held::default());
        let of = |bytes: usize| Upload::new(Full::new(Bytes::from(vec![0; bytes])), &HeaderMap::new(), held.clone());
        held.0.store(MAX_HELD_BYTES - 10, Ordering::Relaxed);
        let mut first = of(6);
        first.read(100, TIME).await.unwrap();
        let refusal = of(6).read(100, TIME).await.unwrap_err();
        assert!(refusal.gives_up);
        let reply = Reply::from(refusal);
        assert_eq!(
            (reply.status(), reply.headers()["retry-after"].as_bytes()),
            (StatusCode::SERVICE_UNAVAILABLE, &b"1"[..])
        );
        of(4).read(100, TIME).await.unwrap();
        drop(first);
        of(10).read(100, TIME).await.unwrap();
        assert_eq!(held.0.load(Ordering::Relaxed), MAX_HELD_BYTES - 10);
    }

    #[tokio::test]
    async fn limits_obeyed() {
        let mut whole = upload(Full::new(Bytes::from_static(b"12345")));
        assert_eq!(whole.read(5, TIME).await.unwrap(), "12345");
        let (mut sender, body) = Channel::<Bytes>::new(4);
        for part in ["12", "", "3", "45"] {
            sender.send_data(Bytes::from_static(part.as_bytes())).await.unwrap();
        }
        drop(sender);
        assert_eq!(upload(body).read(5, TIME).await.unwrap(), "12345");
    }

    #[tokio::test]
    async fn limits_violated() {
        let mut declared = upload(Full::new(Bytes::from_static(b"123456")));
        assert_eq!(Reply::from(declared.read(5, TIME).await.unwrap_err()).status(), 413);
        let (mut sender, body) = Channel::<Bytes>::new(4);
        let mut parts = upload(body);
        sender.send_data(Bytes::from_static(b"123")).await.unwrap();
        sender.send_data(Bytes::from_static(b"456")).await.unwrap();
        assert_eq!(Reply::from(parts.read(5, TIME).await.unwrap_err()).status(), 413);
        let (_sender, body) = Channel::<Bytes>::new(4);
        let refusal = upload(body).read(5, TIME).await.unwrap_err();
        assert!(refusal.gives_up);
        assert_eq!(Reply::from(refusal).status(), 408);
    }
}
