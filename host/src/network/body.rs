//! The body of a response: read when the worker asks for it, decoded part by part.

use super::failure::{broken, failed, find, timed_out};
use super::wire::Exchange;
use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder};
use bytes::Bytes;
use engine::FetchError;
use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::time::timeout;
use tokio_util::io::{ReaderStream, StreamReader};

/// What is decoded at once. It bounds what a bomb can take, besides the window of the coding.
const DECODED_BYTES: usize = 16 << 10;

/// The codings that we ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Also known as `x-gzip`.
    Gzip,
    /// `br`
    Brotli,
}

/// The coding of a body. One that we did not ask for, or several, are the worker's to decode.
pub fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    match value.as_bytes().trim_ascii().to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => Some(Coding::Gzip),
        b"br" => Some(Coding::Brotli),
        _ => None,
    }
}

/// The body as the worker reads it. Dropping it gives the rest up, and with it the connection if it carries no other.
pub fn read(
    body: Incoming,
    exchange: Exchange,
    coding: Option<Coding>,
    idle: Duration,
    peer: String,
) -> BoxStream<'static, Result<Bytes, FetchError>> {
    let parts = parts(body, exchange, idle, peer.clone());
    match coding {
        Some(coding) => decode(parts, coding, peer).boxed(),
        None => parts.boxed(),
    }
}

fn parts(
    body: Incoming,
    exchange: Exchange,
    idle: Duration,
    peer: String,
) -> impl Stream<Item = Result<Bytes, FetchError>> + Send {
    stream::try_unfold(
        (body, exchange, peer),
        move |(mut body, mut exchange, peer)| async move {
            loop {
                match timeout(idle, body.frame()).await {
                    Err(_) => return Err(timed_out(format_args!("{peer} sent no more of its response"), idle)),
                    Ok(None) => {
                        exchange.finish();
                        return Ok(None);
                    }
                    Ok(Some(Err(error))) => return Err(broken(&error, &peer)),
                    // What is no data are trailers, which the standard does not show.
                    Ok(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) if !data.is_empty() => return Ok(Some((data, (body, exchange, peer)))),
                        _ => {}
                    },
                }
            }
        },
    )
}

fn decode(
    parts: impl Stream<Item = Result<Bytes, FetchError>> + Send + 'static,
    coding: Coding,
    peer: String,
) -> impl Stream<Item = Result<Bytes, FetchError>> + Send {
    let decoded = async move {
        let mut parts = Box::pin(parts.peekable());
        // Servers encode nothing as nothing, which is not a valid encoding of it.
        if parts.as_mut().peek().await.is_none() {
            return stream::empty().boxed();
        }
        let reader = StreamReader::new(parts.map_err(io::Error::other));
        let decoder: Pin<Box<dyn AsyncRead + Send>> = match coding {
            Coding::Gzip => {
                let mut decoder = GzipDecoder::new(reader);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            Coding::Brotli => Box::pin(BrotliDecoder::new(reader)),
        };
        ReaderStream::with_capacity(decoder, DECODED_BYTES)
            .map_err(move |error| undecodable(&error, coding, &peer))
            .boxed()
    };
    stream::once(decoded).flatten()
}

fn undecodable(error: &io::Error, coding: Coding, peer: &str) -> FetchError {
    match find::<FetchError>(error) {
        Some(said) => said.clone(),
        None if error.kind() == ErrorKind::UnexpectedEof => {
            failed(format_args!("the response of {peer} ended too early"))
        }
        None => failed(format_args!(
            "the response of {peer} cannot be decoded as {coding:?}: {error}"
        )),
    }
}
