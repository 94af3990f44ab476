//! Tokens of one issuer outside: JWTs (RFC 7519), checked as RFC 8725 recommends.

use super::jwks::Jwks;
use super::scope::Roles;
use super::{Caller, Failure, Now, opaque, signature};
use jsonwebtoken::{Algorithm, Header, Validation, errors};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Seconds by which the issuer's clock may differ from ours.
pub const LEEWAY: f64 = 30.0;

/// All that can be trusted: who publishes a key must not be able to sign with it.
pub const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Whom to trust, as the operator says.
pub struct Trust {
    issuer: String,
    audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
}

impl Trust {
    /// Tokens with exactly this `iss`, one of these in `aud`, and signed with one of these algorithms; with any of
    /// [`ALGORITHMS`] when none is named.
    pub fn new(issuer: &str, audiences: Vec<String>, algorithms: &[String]) -> Result<Self, String> {
        if issuer.is_empty() {
            return Err("the issuer of tokens is empty".to_owned());
        }
        if audiences.is_empty() || audiences.iter().any(String::is_empty) {
            return Err(
                "tokens of an issuer need an audience: one meant for another service would be good here".to_owned(),
            );
        }
        let mut known = Vec::new();
        for name in algorithms {
            match name.parse() {
                Ok(algorithm) if ALGORITHMS.contains(&algorithm) => known.push(algorithm),
                _ => return Err(format!("{name:?} is none of the algorithms {ALGORITHMS:?}")),
            }
        }
        if known.is_empty() {
            known.extend(ALGORITHMS);
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            audiences,
            algorithms: known,
        })
    }
}

/// For how long a token that was verified need not be verified again: a signature takes as long as an execution. A key
/// taken back is good for so much longer.
pub const REMEMBERED: Duration = Duration::from_secs(10);
/// The most tokens that are remembered.
const MAX_REMEMBERED: usize = 1024;

/// What verifies the tokens of an issuer.
pub struct Jwt {
    trust: Trust,
    jwks: Arc<Jwks>,
    /// By the hash of the token.
    verified: Mutex<HashMap<[u8; 32], Verified>>,
}

struct Verified {
    caller: Caller,
    at: Instant,
    /// What the token says.
    exp: f64,
}

/// What a token says. A claim that is there twice is refused, here or by `jsonwebtoken`, which reads those of the
/// standard once more.
#[derive(serde::Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: f64,
    nbf: Option<f64>,
    scp: Option<Scope>,
    scope: Option<Scope>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Scope {
    /// Separated by spaces (RFC 8693, section 4.2).
    Text(String),
    /// One each, as some issuers have it.
    List(Vec<String>),
}

impl Jwt {
    /// Trusts whom the operator says, by these keys.
    pub fn new(trust: Trust, jwks: Arc<Jwks>) -> Self {
        signature::install();
        Self {
            trust,
            jwks,
            verified: Mutex::default(),
        }
    }

    /// Fetches the keys at the start, so that the operator reads of a wrong address then. Says how many there are.
    pub async fn warm(&self, now: Now) -> anyhow::Result<usize> {
        self.jwks.warm(now.instant).await
    }

    /// The caller that the token shows, which is not longer than [`super::MAX_TOKEN_BYTES`].
    pub async fn verify(&self, token: &str, now: Now) -> Result<Caller, Failure> {
        let hash = *blake3::hash(token.as_bytes()).as_bytes();
        let fresh = |known: &Verified| now.instant.saturating_duration_since(known.at) < REMEMBERED;
        if let Some(known) = self.verified().get(&hash).filter(|known| fresh(known)) {
            expired(known.exp, now.unix).map_err(Failure::new)?;
            return Ok(known.caller.clone());
        }
        let claims = self.check(token, now).await?;
        let exp = claims.exp;
        let caller = self.accept(claims, now.unix).map_err(Failure::new)?;
        let mut verified = self.verified();
        if verified.len() >= MAX_REMEMBERED {
            verified.retain(|_, known| fresh(known));
        }
        if verified.len() < MAX_REMEMBERED {
            let (caller, at) = (caller.clone(), now.instant);
            verified.insert(hash, Verified { caller, at, exp });
        }
        Ok(caller)
    }

    /// How many tokens are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.verified().len()
    }

    fn verified(&self) -> MutexGuard<'_, HashMap<[u8; 32], Verified>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The claims, if the signature is one of the issuer's keys, and the token is meant for us.
    async fn check(&self, token: &str, now: Now) -> Result<Claims, Failure> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| refused("the header of the token", &error))?;
        self.check_header(&header).map_err(Failure::new)?;
        let id = header.kid.as_deref();
        let keys = self.jwks.find(id, header.alg, now.instant).await;
        let keys = keys.map_err(Failure::Unavailable)?;
        let mut validation = Validation::new(header.alg);
        // `exp` is required by our own claims; the library would take a fraction for none.
        validation.set_required_spec_claims(&["iss", "sub", "aud"]);
        validation.set_audience(&self.trust.audiences);
        // The clock is ours: see `accept`.
        validation.validate_exp = false;
        for key in &keys {
            match jsonwebtoken::decode(token, key, &validation) {
                Ok(token) => return Ok(token.claims),
                // The next key may have the same id.
                Err(error) if *error.kind() == errors::ErrorKind::InvalidSignature => {}
                Err(error) => return Err(refused("the token", &error)),
            }
        }
        let id = shown(id.unwrap_or_default());
        Err(Failure::new(match keys.len() {
            0 => format!("the issuer has no key \"{id}\" for {:?}", header.alg),
            _ => format!("the signature of the token is not of the key \"{id}\""),
        }))
    }

    /// Of the rest of a header, `jku`, `jwk`, `x5u` and `x5c` among it, nothing is used: whoever made the token wrote
    /// it.
    fn check_header(&self, header: &Header) -> Result<(), &'static str> {
        let typ = header.typ.as_deref().unwrap_or("JWT");
        let typ = typ.strip_prefix("application/").unwrap_or(typ);
        if !self.trust.algorithms.contains(&header.alg) {
            Err("the token's algorithm is not allowed")
        } else if header.crit.is_some() {
            Err("the token wants extensions to be understood")
        } else if !["JWT", "at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(typ)) {
            Err("the token is of a type that is for something else")
        } else {
            Ok(())
        }
    }

    fn accept(&self, claims: Claims, unix: u64) -> Result<Caller, &'static str> {
        if claims.iss != self.trust.issuer {
            return Err("the token is of another issuer");
        }
        expired(claims.exp, unix)?;
        if claims.nbf.is_some_and(|nbf| unix as f64 + LEEWAY < nbf) {
            return Err("the token is not valid yet");
        }
        if !opaque::valid_subject(&claims.sub) {
            return Err("the token's subject is empty, too long or has control characters");
        }
        let roles = match claims.scp.or(claims.scope) {
            Some(Scope::Text(text)) => Roles::parse(&text),
            Some(Scope::List(list)) => list.iter().filter_map(|scope| scope.parse().ok()).collect(),
            None => Roles::default(),
        };
        Ok(Caller {
            subject: claims.sub,
            roles,
        })
    }
}

fn expired(exp: f64, unix: u64) -> Result<(), &'static str> {
    if unix as f64 >= exp + LEEWAY {
        return Err("the token has expired");
    }
    Ok(())
}

fn refused(what: &str, error: &errors::Error) -> Failure {
    Failure::new(format!("{what} is refused: {}", shown(&error.to_string())))
}

/// What a stranger wrote, fit for the log.
fn shown(text: &str) -> String {
    text.chars().take(120).flat_map(char::escape_debug).collect()
}
