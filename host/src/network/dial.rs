//! Connecting: find the addresses, judge them, connect to one of those, agree on TLS. Nothing else opens connections,
//! so no request goes to an address that was not judged here, a literal one included.

use super::address::not_public;
use super::failure::{failed, find, timed_out};
use super::resolve::Resolve;
use super::tls::{Agreed, Tls};
use super::wire::Wire;
use engine::FetchError;
use futures_util::future::BoxFuture;
use hyper::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::CertificateError;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

/// How many addresses of a name are tried, one after the other.
const ATTEMPTS: usize = 4;

/// Opens connections for a client.
#[derive(Clone)]
pub struct Dialer {
    tcp: Tcp,
    tls: Tls,
}

impl Dialer {
    /// Connects within `limit`; to public addresses only, if so. A write may wait for `stall`.
    pub fn new(public_only: bool, resolve: Resolve, tls: Tls, limit: Duration, stall: Duration) -> Self {
        let tcp = Tcp {
            public_only,
            resolve,
            limit,
            stall,
        };
        Self { tcp, tls }
    }
}

impl Service<Uri> for Dialer {
    type Response = MaybeHttpsStream<TokioIo<Wire>>;
    type Error = FetchError;
    type Future = BoxFuture<'static, Result<Self::Response, FetchError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FetchError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Self { tcp, tls } = self.clone();
        Box::pin(async move {
            let limit = tcp.limit;
            let peer = uri.authority().map(ToString::to_string).unwrap_or_default();
            if uri.scheme_str() != Some("https") {
                let connecting = timeout(limit, tcp.connect(&uri)).await;
                let stream =
                    connecting.unwrap_or_else(|_| Err(timed_out(format_args!("no connection to {peer}"), limit)))?;
                return Ok(MaybeHttpsStream::Http(stream));
            }
            let agreed = tls.agreed().await?;
            let connecting = HttpsConnector::from((tcp, agreed.config.clone())).call(uri);
            match timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(|error| tls_failed(error.as_ref(), &peer, agreed)),
                Err(_) => Err(timed_out(format_args!("no secure connection to {peer}"), limit)),
            }
        })
    }
}

/// Opens the connection below TLS.
#[derive(Clone)]
struct Tcp {
    public_only: bool,
    resolve: Resolve,
    limit: Duration,
    stall: Duration,
}

impl Service<Uri> for Tcp {
    type Response = TokioIo<Wire>;
    type Error = FetchError;
    type Future = BoxFuture<'static, Result<Self::Response, FetchError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FetchError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let tcp = self.clone();
        Box::pin(async move { tcp.connect(&uri).await })
    }
}

impl Tcp {
    async fn connect(&self, uri: &Uri) -> Result<TokioIo<Wire>, FetchError> {
        let host = uri.host().unwrap_or_default();
        let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default_port);
        let addresses = self.addresses(host).await?;
        let tried = &addresses[..addresses.len().min(ATTEMPTS)];
        let mut failure = failed(format_args!("{host} has no address"));
        for address in tried {
            let address = SocketAddr::new(*address, port);
            // One address that swallows everything must leave time for the next.
            let share = self.limit / u32::try_from(tried.len()).unwrap_or(1);
            failure = match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // What is sent is whole requests; waiting for more only delays them.
                    drop(stream.set_nodelay(true));
                    return Ok(TokioIo::new(Wire::new(stream, self.stall)));
                }
                Ok(Err(error)) => failed(format_args!("cannot connect to {host}:{port}: {error}")),
                Err(_) => timed_out(format_args!("no connection to {host}:{port}"), share),
            };
        }
        Err(failure)
    }

    /// The addresses of a host, if all may be connected to. One that may not spoils the others: a name whose owner
    /// mixes public and private ones is either a mistake or an attack.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, FetchError> {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        let addresses = match literal {
            Some(address) => vec![address],
            None => (self.resolve)(host.to_owned())
                .await
                .map_err(|error| failed(format_args!("the address of {host} was not found: {error}")))?,
        };
        for address in addresses.iter().filter(|_| self.public_only) {
            match not_public(*address) {
                None => {}
                Some(what) if literal.is_some() => {
                    let hint = format!("the operator allows it with --allow-net {host}");
                    return Err(failed(format_args!("{host} is {what}; {hint}")));
                }
                Some(what) => return Err(failed(format_args!("{host} resolves to {address}, {what}"))),
            }
        }
        Ok(addresses)
    }
}

/// Why there is no TLS.
fn tls_failed(error: &(dyn Error + 'static), peer: &str, agreed: &Agreed) -> FetchError {
    if let Some(said) = find::<FetchError>(error) {
        return said.clone();
    }
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(reason)) => {
            let hint = match reason {
                _ if agreed.trusts_nobody => {
                    "; this host has no root certificates: install ca-certificates, or set SSL_CERT_FILE"
                }
                // The second is an issuer of the same name with another key.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    "; the operator adds its issuer to the system's certificates, or sets SSL_CERT_FILE"
                }
                _ => "",
            };
            failed(format_args!("the certificate of {peer} is not valid: {reason}{hint}"))
        }
        Some(reason) => failed(format_args!("no TLS with {peer}: {reason}")),
        None => failed(format_args!("no TLS with {peer}: {error}")),
    }
}
