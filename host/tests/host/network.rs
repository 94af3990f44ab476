//! Outbound HTTP against servers on this machine: what all of its tests need.

#[path = "network/bodies.rs"]
mod bodies;
#[path = "network/exchange.rs"]
mod exchange;
#[path = "network/https.rs"]
mod https;
#[path = "network/reach.rs"]
mod reach;
#[path = "network/redirects.rs"]
mod redirects;

use async_compression::tokio::write::{BrotliEncoder, GzipEncoder};
use bytes::Bytes;
use engine::{FetchError, FetchRequest, FetchResponse, Redirect};
use futures_util::{StreamExt, TryStreamExt};
use host::network::policy::Policy;
use host::network::tls::Tls;
use host::network::{Limits, Network, allowed};
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Hands every connection to `serve`.
async fn listen<F, R>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// A server of HTTP/1.1 that answers as it is told, and remembers what it was asked.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// `answer` gets the head and the body of a request, in lower case but for the body; after an answer that does not
    /// say its length the connection is closed.
    async fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let (answer, seen, connections) = (Arc::new(answer), Arc::default(), Arc::default());
        let log: Arc<Mutex<Vec<String>>> = Arc::clone(&seen);
        let count: Arc<AtomicUsize> = Arc::clone(&connections);
        let address = listen(move |mut stream| {
            count.fetch_add(1, Ordering::Relaxed);
            let (answer, log) = (answer.clone(), log.clone());
            async move {
                while let Some(request) = read_request(&mut stream).await {
                    let answer = answer(&request);
                    log.lock().unwrap().push(request);
                    let lasts = String::from_utf8_lossy(&answer).contains("content-length");
                    if stream.write_all(&answer).await.is_err() || !lasts {
                        return;
                    }
                }
            }
        });
        Self {
            address: address.await,
            seen,
            connections,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests since the last time this was asked.
    fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1);
    let length = length.map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}

fn reply(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn redirect(status: u16, location: &str) -> Vec<u8> {
    reply(&format!("{status} Elsewhere\r\nlocation: {location}"), b"")
}

/// A client that knows a few names.
fn network(tls: &Tls) -> Network {
    within(Duration::from_secs(10), tls)
}

/// The same with a limit on how long servers may take.
fn within(limit: Duration, tls: &Tls) -> Network {
    let limits = Limits {
        connect: limit,
        head: limit,
        idle: limit,
        head_bytes: 8192,
    };
    let resolve = |name: String| -> futures_util::future::BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let addresses = match name.trim_end_matches('.') {
            "platform.test" | "localhost" | "a.localhost" => "127.0.0.1",
            "inside.test" => "10.0.0.7",
            "mixed.test" => "1.1.1.1 ::ffff:127.0.0.1",
            "metadata.test" => "fd00:ec2::254",
            "empty.test" => "",
            _ => return Box::pin(async { Err(io::Error::other("no such name")) }),
        };
        let addresses = addresses
            .split_whitespace()
            .map(|address| address.parse().unwrap())
            .collect();
        Box::pin(async { Ok(addresses) })
    };
    Network::new(limits, tls, Arc::new(resolve))
}

fn nobody() -> Tls {
    Tls::trusting(Vec::new())
}

/// What a worker sends, before a test changes it.
fn get(url: impl Into<String>) -> FetchRequest {
    FetchRequest {
        method: "GET".to_owned(),
        url: url.into(),
        headers: Vec::new(),
        body: None,
        redirect: Redirect::Follow,
        platform: false,
    }
}

fn with(mut request: FetchRequest, headers: &[(&str, &str)]) -> FetchRequest {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    request.headers = headers.iter().map(owned).collect();
    request
}

fn policy(allowed: &str) -> Arc<Policy> {
    Arc::new(Policy {
        allowed: allowed::parse_list(allowed).unwrap(),
        ..Policy::default()
    })
}

fn platform(url: &str, allowed: &str) -> Arc<Policy> {
    Arc::new(Policy {
        platform_url: Some(url::Url::parse(url).unwrap()),
        platform_token: Some("t0ken".to_owned()),
        allowed: allowed::parse_list(allowed).unwrap(),
    })
}

/// Sends it as a worker that may reach this machine by its address.
async fn fetch(request: FetchRequest) -> Result<FetchResponse, FetchError> {
    network(&nobody()).fetcher(policy("127.0.0.1"), 0)(request).await
}

async fn text(response: FetchResponse) -> Result<String, FetchError> {
    let parts: Vec<Bytes> = response.body.try_collect().await?;
    Ok(String::from_utf8(parts.concat()).unwrap())
}

fn header<'a>(response: &'a FetchResponse, name: &str) -> Option<&'a str> {
    let mut found = response.headers.iter().filter(|(header, _)| header == name);
    found.next().map(|(_, value)| value.as_str())
}

fn failure<T>(result: Result<T, FetchError>) -> String {
    let error = result.err().unwrap();
    assert!(error.message.starts_with("fetch failed: "), "{error}");
    error.message
}
