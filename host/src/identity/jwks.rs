//! The public keys of an issuer: fetched, kept, and fetched again when they grow old or a token names one that is not
//! there.
//!
//! | the kept keys are | and the token's key is there | and it is not |
//! |---|---|---|
//! | younger than [`FRESH`] | used | fetched first |
//! | younger than [`OLD`] | used, fetched beside it | fetched first |
//! | older, and a fetch failed less than [`FRESH`] ago | used, fetched beside it | fetched first |
//! | older | fetched first, used if that fails | fetched first |
//! | older than [`DEAD`] | fetched first | fetched first |
//!
//! "First" means that the request waits. At most one fetch is under way, and one begins every [`RETRY`]; it goes on
//! when the request that began it ends.

use anyhow::{Context, bail};
use futures_util::future::BoxFuture;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;

/// Until this age nobody asks for newer keys.
pub const FRESH: Duration = Duration::from_secs(4 * 60);
/// From this age on, keys are used only when there are no newer ones to be had: a key that the issuer takes back is
/// refused from then on.
pub const OLD: Duration = Duration::from_secs(5 * 60);
/// From this age on, keys are not used at all, however long the issuer is away.
pub const DEAD: Duration = Duration::from_secs(12 * 60 * 60);
/// The time between the beginnings of two fetches: tokens that name made-up keys cause no more than this.
pub const RETRY: Duration = Duration::from_secs(10);
/// How long a fetch may take.
pub const FETCH: Duration = Duration::from_secs(5);
/// The largest document, in bytes, and the most keys in it.
pub const MAX_DOCUMENT_BYTES: usize = 256 << 10;
const MAX_KEYS: usize = 64;

/// Gets the document (RFC 7517, section 5). It ends a longer one than [`MAX_DOCUMENT_BYTES`] itself; its time is
/// limited here.
pub type Fetch = Box<dyn Fn() -> BoxFuture<'static, anyhow::Result<Vec<u8>>> + Send + Sync>;

/// A document that is a file. It is read as often as another would be fetched, so it can be replaced.
pub fn file(path: PathBuf) -> Fetch {
    let read = move |path: PathBuf| {
        let mut document = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(MAX_DOCUMENT_BYTES as u64 + 1).read_to_end(&mut document))
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(document)
    };
    Box::new(move || {
        let path = path.clone();
        Box::pin(async move { tokio::task::spawn_blocking(move || read(path)).await? })
    })
}

/// A key that may verify.
struct Key {
    id: Option<String>,
    /// Those that fit its type, its curve and what it says itself.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Default)]
struct State {
    keys: Vec<Key>,
    /// When they were fetched; `None` before the first time.
    fetched: Option<Instant>,
    /// When the last fetch began.
    attempted: Option<Instant>,
    /// Why the last fetch failed, if it did.
    failure: Option<String>,
}

/// The keys of one issuer.
pub struct Jwks {
    fetch: Fetch,
    state: Mutex<State>,
    /// Held by whoever fetches.
    gate: Arc<tokio::sync::Mutex<()>>,
}

/// Whether to go for newer keys.
enum Refresh {
    No,
    Beside,
    First,
}

impl Jwks {
    /// Keys that `fetch` gets, when they are first needed.
    pub fn new(fetch: Fetch) -> Arc<Self> {
        Arc::new(Self {
            fetch,
            state: Mutex::default(),
            gate: Arc::default(),
        })
    }

    /// The keys that may have signed a token with this header: those of the id that it names, or the only one that fits
    /// when it names none. Empty when there is none; an error when there are no keys at all to choose from.
    pub async fn find(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
        now: Instant,
    ) -> anyhow::Result<Vec<DecodingKey>> {
        let (mut found, refresh) = self.look(id, algorithm, now);
        match refresh {
            Refresh::No => {}
            Refresh::Beside => {
                if let Ok(turn) = self.gate.clone().try_lock_owned() {
                    self.fetch_if_due(turn, now);
                }
            }
            Refresh::First => {
                self.refresh(now).await;
                (found, _) = self.look(id, algorithm, now);
            }
        }
        found.with_context(|| {
            let failure = self.state().failure.clone();
            format!("no keys of the issuer: {}", failure.as_deref().unwrap_or("not fetched"))
        })
    }

    /// Fetches now, unless that was done a moment ago. Says how many keys there are.
    pub async fn warm(self: &Arc<Self>, now: Instant) -> anyhow::Result<usize> {
        self.refresh(now).await;
        let state = self.state();
        match &state.failure {
            Some(failure) => bail!("no keys of the issuer: {failure}"),
            None => Ok(state.keys.len()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys that fit, `None` when there are none that could be used, whatever the token names.
    fn look(&self, id: Option<&str>, algorithm: Algorithm, now: Instant) -> (Option<Vec<DecodingKey>>, Refresh) {
        let state = self.state();
        let age = state.fetched.map(|fetched| now.saturating_duration_since(fetched));
        let Some(age) = age.filter(|age| *age < DEAD) else {
            return (None, Refresh::First);
        };
        let fits = |key: &&Key| key.algorithms.contains(&algorithm) && (id.is_none() || key.id.as_deref() == id);
        let mut found: Vec<_> = state.keys.iter().filter(fits).map(|key| key.key.clone()).collect();
        if id.is_none() && found.len() > 1 {
            found.clear();
        }
        let attempted = state.attempted.map(|at| now.saturating_duration_since(at));
        let failed_lately = state.failure.is_some() && attempted.is_some_and(|age| age < FRESH);
        let refresh = match age {
            _ if found.is_empty() => Refresh::First,
            age if age < FRESH => Refresh::No,
            age if age < OLD || failed_lately => Refresh::Beside,
            _ => Refresh::First,
        };
        (Some(found), refresh)
    }

    /// Waits for the fetch that is under way, or else for a new one if one is due.
    async fn refresh(self: &Arc<Self>, now: Instant) {
        let turn = self.gate.clone().lock_owned().await;
        if let Some(fetch) = self.fetch_if_due(turn, now) {
            // It panicked: then the keys are as they were.
            let _ = fetch.await;
        }
    }

    fn fetch_if_due(self: &Arc<Self>, turn: OwnedMutexGuard<()>, now: Instant) -> Option<JoinHandle<()>> {
        {
            let mut state = self.state();
            if state
                .attempted
                .is_some_and(|at| now.saturating_duration_since(at) < RETRY)
            {
                return None;
            }
            state.attempted = Some(now);
        }
        // A task of its own: a client that hangs up must not end it, or nobody would get newer keys.
        let jwks = self.clone();
        Some(tokio::spawn(async move {
            let _turn = turn;
            let document = tokio::time::timeout(FETCH, (jwks.fetch)()).await;
            let keys = document
                .unwrap_or_else(|_| bail!("no answer within {FETCH:?}"))
                .and_then(|document| parse(&document));
            let mut state = jwks.state();
            match keys {
                Ok(keys) => {
                    (state.keys, state.fetched, state.failure) = (keys, Some(now), None);
                }
                Err(error) => {
                    tracing::warn!("cannot get the keys of the issuer: {error:#}");
                    state.failure = Some(format!("{error:#}"));
                }
            }
        }))
    }
}

/// The usable keys of a document. One without any is refused: it would lock everybody out, and the old ones are still
/// good for a while.
fn parse(document: &[u8]) -> anyhow::Result<Vec<Key>> {
    #[derive(serde::Deserialize)]
    struct Document {
        keys: Vec<serde_json::Value>,
    }
    if document.len() > MAX_DOCUMENT_BYTES {
        bail!("the key set is larger than {MAX_DOCUMENT_BYTES} bytes");
    }
    let Document { keys } = serde_json::from_slice(document).context("this is no key set")?;
    if keys.len() > MAX_KEYS {
        bail!("the key set has more than {MAX_KEYS} keys");
    }
    let all = keys.len();
    let keys: Vec<_> = keys.into_iter().filter_map(usable).collect();
    if keys.is_empty() {
        bail!("none of the {all} keys of the key set can be used");
    }
    tracing::debug!("{} of {all} keys of the issuer can be used", keys.len());
    Ok(keys)
}

/// A key of a type we know, that is there to verify. Others are passed over: a set may hold what is for somebody else.
fn usable(key: serde_json::Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let common = &jwk.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
        || common
            .key_operations
            .as_ref()
            .is_some_and(|operations| !operations.contains(&KeyOperations::Verify))
    {
        return None;
    }
    let mut algorithms = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => AlgorithmFamily::Rsa.algorithms().to_vec(),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => vec![Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => vec![Algorithm::ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => vec![Algorithm::EdDSA],
        // Shared secrets among them: what is published is none.
        _ => return None,
    };
    if let Some(own) = common.key_algorithm {
        algorithms.retain(|algorithm| KeyAlgorithm::from(*algorithm) == own);
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    let weak = matches!(key.kind(), DecodingKeyKind::RsaModulusExponent { n, .. } if n.len() < 256);
    (!weak && !algorithms.is_empty()).then_some(Key {
        id: jwk.common.key_id,
        algorithms,
        key,
    })
}

#[cfg(test)]
mod tests;
