//! Outbound HTTP of the workers: what they may reach, and how it is reached.
//!
//! In the order a request takes: the operator's list ([`allowed`]) within the [`policy`] of a worker says whether a URL
//! may be asked for; [`headers`] are cleaned; the connection is [`dial`]led to an [`address`] that was [`resolve`]d and
//! checked, under [`tls`], on a [`wire`] that can be cut; [`follow`] walks the redirects, each as if it were a new request; the [`body`] is decoded as
//! it is read. What goes wrong on the way becomes a sentence ([`failure`]).
//!
//! The address check is on what is connected to, not on names: that is why there are two clients, each with its own
//! pool. What one of them reached is never reused for a request that the other should have carried.

pub mod address;
pub mod allowed;
pub mod body;
pub mod dial;
pub mod failure;
pub mod follow;
pub mod headers;
pub mod policy;
pub mod resolve;
pub mod tls;
pub mod wire;

use bytes::Bytes;
use dial::Dialer;
use engine::Fetch;
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use policy::Policy;
use resolve::Resolve;
use std::sync::Arc;
use std::time::Duration;
use tls::Tls;

/// How long connections stay open for the next request, and how many for one origin.
const IDLE_TIME: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS: usize = 16;

/// What a server may send of one response over HTTP/2 before the worker reads it, and of all on one connection. They
/// are far apart because connections are shared: a worker that does not read must not stop the responses of others.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 32 << 20;

/// Headers a response may have.
const RESPONSE_HEADERS: usize = 256;

/// What one request may take. How many there may be, and how much they may bring, is for the engine to say.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To find the address, connect and agree on TLS.
    pub connect: Duration,
    /// From the start of a request to the head of its response, connecting included; anew for each redirect.
    pub head: Duration,
    /// For the next part of a body, while the worker waits for it; and for the peer to take the next part of a request.
    pub idle: Duration,
    /// Bytes of the head of a response; 8192 at least.
    pub head_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            head: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            head_bytes: 64 << 10,
        }
    }
}

/// The HTTP client of a process; clones share its connections.
#[derive(Clone)]
pub struct Network(Arc<Clients>);

/// hyper-util's client, and not reqwest, which brings the same parts and more: reqwest asks its resolver about names
/// only, so that an address in a URL would need a second check, and does not let one limit the head of a response.
type Client = legacy::Client<Dialer, Full<Bytes>>;

struct Clients {
    /// Connects to public addresses only.
    public: Client,
    /// Connects to what the operator named: the platform, literal addresses, `localhost`.
    named: Client,
    limits: Limits,
}

impl Network {
    /// A client that finds addresses by `resolve` ([`resolve::system`]) and trusts the authorities of `tls`
    /// ([`Tls::system`]). It connects to nothing yet.
    pub fn new(limits: Limits, tls: &Tls, resolve: Resolve) -> Self {
        let resolve = resolve::cached(resolve);
        let client = |public_only| {
            legacy::Client::builder(TokioExecutor::new())
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(IDLE_TIME)
                .pool_max_idle_per_host(IDLE_CONNECTIONS)
                .http1_max_buf_size((limits.head_bytes as usize).max(8192))
                .http1_max_headers(RESPONSE_HEADERS)
                .http2_max_header_list_size(limits.head_bytes)
                .http2_initial_stream_window_size(STREAM_WINDOW)
                .http2_initial_connection_window_size(CONNECTION_WINDOW)
                // A connection that died without a word would fail every request put on it.
                .http2_keep_alive_interval(Duration::from_secs(20))
                .http2_keep_alive_timeout(Duration::from_secs(10))
                .build(Dialer::new(
                    public_only,
                    resolve.clone(),
                    tls.clone(),
                    limits.connect,
                    limits.idle,
                ))
        };
        Self(Arc::new(Clients {
            public: client(true),
            named: client(false),
            limits,
        }))
    }

    /// The function that the engine calls for a worker: it reaches what `policy` allows, and tells the platform that
    /// this is call number `hops + 1` in a row of workers calling workers.
    pub fn fetcher(&self, policy: Arc<Policy>, hops: u32) -> Fetch {
        let network = self.clone();
        Arc::new(move |request| Box::pin(follow::fetch(network.clone(), policy.clone(), hops, request)))
    }
}
