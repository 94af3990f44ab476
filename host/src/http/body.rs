//! The body of a request: read within a size and a time, and read away when nobody wants it.

use super::reply::Refusal;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{EXPECT, HeaderMap};
use std::fmt::Display;
use std::time::Duration;
use tokio::time::timeout;

/// What a client may still send after it was refused, so that it gets to reading why: closing a connection while
/// the other side sends makes its system throw our answer away.
const UNWANTED_BYTES: usize = 8 << 20;

/// How long it may send that.
const UNWANTED_TIME: Duration = Duration::from_secs(2);

/// The body of a request that is being answered.
pub struct Upload<B> {
    body: B,
    /// Whether the client waits for a word before it sends: `Expect: 100-continue`.
    waits: bool,
}

impl<B> Upload<B>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Display,
{
    /// A body that nobody has looked at yet.
    pub fn new(body: B, headers: &HeaderMap) -> Self {
        Self {
            body,
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

    #[tokio::test]
    async fn limits_obeyed() {
        let mut whole = Upload::new(Full::new(Bytes::from_static(b"12345")), &HeaderMap::new());
        assert_eq!(whole.read(5, TIME).await.unwrap(), "12345");
        let (mut sender, body) = Channel::<Bytes>::new(4);
        for part in ["12", "", "3", "45"] {
            sender.send_data(Bytes::from_static(part.as_bytes())).await.unwrap();
        }
        drop(sender);
        assert_eq!(
            Upload::new(body, &HeaderMap::new()).read(5, TIME).await.unwrap(),
            "12345"
        );
    }

    #[tokio::test]
    async fn limits_violated() {
        let mut declared = Upload::new(Full::new(Bytes::from_static(b"123456")), &HeaderMap::new());
        assert_eq!(Reply::from(declared.read(5, TIME).await.unwrap_err()).status(), 413);
        let (mut sender, body) = Channel::<Bytes>::new(4);
        let mut upload = Upload::new(body, &HeaderMap::new());
        sender.send_data(Bytes::from_static(b"123")).await.unwrap();
        sender.send_data(Bytes::from_static(b"456")).await.unwrap();
        assert_eq!(Reply::from(upload.read(5, TIME).await.unwrap_err()).status(), 413);
        let (_sender, body) = Channel::<Bytes>::new(4);
        let refusal = Upload::new(body, &HeaderMap::new()).read(5, TIME).await.unwrap_err();
        assert!(refusal.gives_up);
        assert_eq!(Reply::from(refusal).status(), 408);
    }
}
