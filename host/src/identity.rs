//! Who is asking, and what they may do.
//!
//! In the order a request takes: [`credentials`] finds the token in its headers; what was issued here is [`opaque`] and
//! looked up in the store, what comes from outside is a [`jwt`], verified with the keys of a [`jwks`] by [`signature`];
//! its [`scope`] says the roles; and [`permission`] is the table of what a role may do to which worker.

pub mod admin;
pub mod credentials;
pub mod jwks;
pub mod jwt;
pub mod opaque;
pub mod permission;

pub mod scope;
pub mod signature;

use crate::http::reply::Refusal;
use admin::Token;
use futures_util::future::BoxFuture;
use hyper::StatusCode;
use hyper::header::{HeaderMap, WWW_AUTHENTICATE};
use jwt::Jwt;
use opaque::{Hash, Record};
use scope::Roles;
use std::borrow::Cow;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 << 10;

/// Finds an issued token by its hash. Called once for every request that presents one, so a token revoked in the store
/// is refused as soon as this no longer finds it; what it remembers, it must forget within a second.
pub type Lookup = Box<dyn Fn(Hash) -> BoxFuture<'static, anyhow::Result<Option<Record>>> + Send + Sync>;

/// Somebody we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name in history entries and logs: not empty, no control characters, 256 bytes at most.
    pub subject: String,
    /// What they are.
    pub roles: Roles,
}

/// The two clocks, as of the arrival of a request: one says when tokens expire, the other how old keys are and is not
/// disturbed when the first is set.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Seconds since 1970.
    pub unix: u64,
    /// The clock that only goes forward.
    pub instant: Instant,
}

impl Now {
    /// Reads the clocks.
    pub fn read() -> Self {
        Self {
            // A clock before 1970 is wrong: then every token has expired, rather than none.
            unix: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(u64::MAX, |time| time.as_secs()),
            instant: Instant::now(),
        }
    }
}

/// Why there is no caller.
#[derive(Debug)]
pub enum Failure {
    /// The request does not show who asks. All of these are one answer; the reason is for the host's log.
    Unauthenticated(Cow<'static, str>),
    /// We could not find out: the store is down, or the keys of the issuer were never to be had. It says nothing of the
    /// token.
    Unavailable(anyhow::Error),
}

impl Failure {
    fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Unauthenticated(reason.into())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unauthenticated(reason) => {
                tracing::info!("401: {reason}");
                let message = "A valid token is needed: Authorization: Bearer <token>";
                Self::new(StatusCode::UNAUTHORIZED, message).with(WWW_AUTHENTICATE, "Bearer realm=\"workers\"")
            }
            Failure::Unavailable(error) => {
                tracing::warn!("503: cannot tell who asks: {error:#}");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The token cannot be checked now").try_again()
            }
        }
    }
}

/// Everything that makes a caller of a request.
pub struct Identity {
    /// The operator's token, `HOST_ADMIN_TOKEN`.
    pub admin: Token,
    /// The tokens issued here.
    pub lookup: Lookup,
    /// The tokens of one issuer outside, if the operator trusts one.
    pub jwt: Option<Jwt>,
    /// Whether who sends these headers is taken for the admin, whatever token they have: `host dev` alone does so.
    pub open: Option<fn(&HeaderMap) -> bool>,
}

impl Identity {
    /// Who sends these headers.
    pub async fn caller(&self, headers: &HeaderMap, now: Now) -> Result<Caller, Failure> {
        if self.open.is_some_and(|open| open(headers)) {
            return Ok(Self::admin());
        }
        let token = credentials::presented(headers).ok_or_else(|| Failure::new("no token"))?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Failure::new("the token is too long"));
        }
        if self.admin.is(&token) {
            return Ok(Self::admin());
        }
        if let Some(hash) = opaque::hash(&token) {
            let record = (self.lookup)(hash).await.map_err(Failure::Unavailable)?;
            return opaque::accept(record, &hash, now.unix).map_err(Failure::new);
        }
        match (&self.jwt, std::str::from_utf8(&token)) {
            (Some(jwt), Ok(token)) => jwt.verify(token, now).await,
            _ => Err(Failure::new("an unknown token")),
        }
    }

    fn admin() -> Caller {
        Caller {
            subject: "admin".to_owned(),
            roles: Roles::ADMIN,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
