//! One fetch, with the redirects it leads to: <https://fetch.spec.whatwg.org/#http-redirect-fetch>.

use super::Network;
use super::body;
use super::failure::{broken, failed, peer, timed_out};
use super::headers::{self, HOPS};
use super::policy::{Policy, Reach};
use super::wire::Exchange;
use bytes::Bytes;
use engine::{FetchError, FetchRequest, FetchResponse, Redirect};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, LOCATION};
use hyper::{Method, Request, Response, StatusCode, Uri, Version};
use std::sync::Arc;
use tokio::time::timeout;
use url::Url;

/// How many redirects are followed.
const REDIRECTS: u32 = 20;

/// A request that can be sent, and sent again elsewhere.
struct Outgoing {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Bytes>,
    /// Whether the platform's token is among the headers.
    token: bool,
}

/// Answers a request of a worker.
pub async fn fetch(
    network: Network,
    policy: Arc<Policy>,
    hops: u32,
    request: FetchRequest,
) -> Result<FetchResponse, FetchError> {
    let follow = request.redirect;
    let mut outgoing = Outgoing::new(&policy, request)?;
    for redirects in 0..=REDIRECTS {
        let (response, exchange) = outgoing.send(&network, &policy, hops).await?;
        let from = peer(&outgoing.url);
        let target = match follow {
            _ if !is_redirect(response.status()) => None,
            Redirect::Manual => None,
            Redirect::Error => {
                return Err(failed(format_args!(
                    "{from} answered with a redirect, which the request forbids"
                )));
            }
            Redirect::Follow => target(&outgoing.url, &response)?,
        };
        let Some(target) = target else {
            return finish(&network, outgoing.url, response, exchange, redirects > 0);
        };
        outgoing.turn(&policy, target, response.status());
    }
    let last = peer(&outgoing.url);
    Err(failed(format_args!(
        "more than {REDIRECTS} redirects, the last to {last}"
    )))
}

impl Outgoing {
    fn new(policy: &Policy, request: FetchRequest) -> Result<Self, FetchError> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| failed("the method is not valid"))?;
        // The first would make a tunnel, the others give back what the worker must not see.
        if ["CONNECT", "TRACE", "TRACK"]
            .iter()
            .any(|name| method.as_str().eq_ignore_ascii_case(name))
        {
            return Err(failed(format_args!("the method {method} is forbidden")));
        }
        let mut url = if request.platform {
            policy.platform(&request.url)?
        } else {
            Url::parse(&request.url).map_err(|error| failed(format_args!("the URL is not valid: {error}")))?
        };
        url.set_fragment(None);
        let mut headers = headers::request(&request.headers)?;
        let token = policy
            .platform_token
            .as_ref()
            .filter(|_| request.platform && !headers.contains_key(AUTHORIZATION));
        if let Some(token) = token {
            let value = HeaderValue::try_from(format!("Bearer {token}"));
            let mut value = value.map_err(|_| failed("the platform's token cannot be sent in a header"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self {
            method,
            url,
            token: token.is_some(),
            headers,
            body: request.body,
        })
    }

    /// Sends the request if it may be, and waits for the head of the response.
    async fn send(
        &self,
        network: &Network,
        policy: &Policy,
        hops: u32,
    ) -> Result<(Response<Incoming>, Exchange), FetchError> {
        let clients = &network.0;
        let client = match policy.reach(&self.url)? {
            Reach::Public => &clients.public,
            Reach::Named => &clients.named,
        };
        let mut request = Request::new(Full::new(self.body.clone().unwrap_or_default()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri(&self.url)?;
        *request.headers_mut() = self.headers.clone();
        // hyper tells the length of every body but an empty one.
        let posts = self.method == Method::POST || self.method == Method::PUT;
        if self.body.as_ref().map_or(posts, Bytes::is_empty) {
            request.headers_mut().insert(CONTENT_LENGTH, 0.into());
        }
        if policy.is_platform(&self.url) {
            request.headers_mut().insert(HOPS, hops.saturating_add(1).into());
        }
        let peer = peer(&self.url);
        let mut exchange = Exchange::of(&mut request);
        let limit = clients.limits.head;
        let answered = timeout(limit, client.request(request)).await;
        let response = answered
            .map_err(|_| timed_out(format_args!("{peer} did not answer"), limit))?
            .map_err(|error| broken(&error, &peer))?;
        match response.status().as_u16() {
            200..=599 => {
                if response.body().is_end_stream() {
                    exchange.finish();
                }
                Ok((response, exchange))
            }
            status => Err(failed(format_args!("{peer} answered with the status {status}"))),
        }
    }

    /// Becomes the request to where a redirect leads.
    fn turn(&mut self, policy: &Policy, target: Url, status: StatusCode) {
        let becomes_get = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            StatusCode::SEE_OTHER => self.method != Method::GET && self.method != Method::HEAD,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
            headers::strip_content(&mut self.headers);
        }
        if target.origin() != self.url.origin() {
            headers::strip_credentials(&mut self.headers);
            self.token = false;
        } else if self.token && !policy.is_below_platform(&target) {
            self.headers.remove(AUTHORIZATION);
            self.token = false;
        }
        self.url = target;
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where a redirect leads; nowhere without a `Location`. Whether one may go there is asked when one goes.
fn target(from: &Url, response: &Response<Incoming>) -> Result<Option<Url>, FetchError> {
    let Some(location) = response.headers().get(LOCATION) else {
        return Ok(None);
    };
    let mut target = from
        .join(&String::from_utf8_lossy(location.as_bytes()))
        .map_err(|error| {
            let from = peer(from);
            failed(format_args!("{from} redirects to a URL that is not valid: {error}"))
        })?;
    target.set_fragment(None);
    Ok(Some(target))
}

/// The address in the words of the HTTP client. Both parsers must find the same host and port in it, or the one that
/// was allowed would not be the one that is connected to.
fn uri(url: &Url) -> Result<Uri, FetchError> {
    let uri: Uri = url
        .as_str()
        .parse()
        .map_err(|error| failed(format_args!("the URL cannot be sent: {error}")))?;
    if uri.host() != url.host_str() || uri.port_u16() != url.port() || uri.scheme_str() != Some(url.scheme()) {
        return Err(failed("the URL is ambiguous"));
    }
    Ok(uri)
}

fn finish(
    network: &Network,
    url: Url,
    response: Response<Incoming>,
    exchange: Exchange,
    redirected: bool,
) -> Result<FetchResponse, FetchError> {
    let (head, body) = response.into_parts();
    // HTTP/2 has no reason phrase; HTTP/1's is kept apart only when it is not the usual one.
    let status_text = match head.extensions.get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None if head.version == Version::HTTP_2 => String::new(),
        None => head.status.canonical_reason().unwrap_or_default().to_owned(),
    };
    // The answer to HEAD names a coding, but has nothing to decode.
    let coding = body::coding(&head.headers).filter(|_| !body.is_end_stream());
    Ok(FetchResponse {
        status: head.status.as_u16(),
        status_text,
        headers: headers::response(head.headers, coding.is_some()),
        body: body::read(body, exchange, coding, network.0.limits.idle, peer(&url)),
        url: url.into(),
        redirected,
    })
}
