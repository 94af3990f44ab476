//! Tokens by their hash. Their text, and whether one is valid now, are nothing to the store: whoever issues and accepts
//! them has it.

use super::change::Change;
use super::sql::{args, optional, run};
use super::{Error, Result, Store, no_nul, within};
use data_encoding::HEXLOWER;
use sqlx::any::AnyRow;
use sqlx::{FromRow, Row};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A token to keep.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Of the token's text; finds it.
    pub hash: [u8; 32],
    /// Who presents it.
    pub subject: String,
    /// What they may do, in the words of whoever reads it.
    pub role: String,
    /// From when on it is void.
    pub expires: Option<i64>,
    /// Who had it issued.
    pub created_by: Option<String>,
    /// When it is issued.
    pub now: i64,
}

/// What is known of a token. It may have expired or been revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Names it, 16 hexadecimal digits; no secret.
    pub id: String,
    /// Of the token's text. To be compared again, in constant time.
    pub hash: [u8; 32],
    /// Who presents it.
    pub subject: String,
    /// What they may do, in the words of whoever wrote it.
    pub role: String,
    /// When it was issued.
    pub created: i64,
    /// From when on it is void.
    pub expires: Option<i64>,
    /// When it was revoked.
    pub revoked: Option<i64>,
    /// Who had it issued.
    pub created_by: Option<String>,
}

/// What was found for a hash. Asked again after `FRESH`, so that a revocation is seen by every host within a second, and
/// by no more than one request at a time.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<[u8; 32], Found>>);

struct Found {
    token: Option<Token>,
    /// When it was true.
    seen: Instant,
    /// When to ask next. Whoever asks puts it off for as long as the answer may take.
    ask: Instant,
}

const FRESH: Duration = Duration::from_millis(400);
/// While the database is down or slow, a token that was found is believed for so long: workers that are loaded go on
/// through a short outage. The price is that a host which is cut off does not see a revocation for as long.
const STALE: Duration = Duration::from_secs(60);
/// Guesses must not fill the memory.
const MAX_CACHED: usize = 10_000;
/// Who has an older answer does not wait for long for a new one.
const PATIENCE: Duration = Duration::from_millis(400);

const SELECT: &str = "SELECT id, hash, subject, role, created, expires, revoked, created_by FROM token ";

impl Store {
    /// Keeps a token and names it. `Exists` when its hash is there already.
    pub async fn add_token(&self, new: NewToken) -> Result<Token> {
        let mut id = [0_u8; 8];
        getrandom::fill(&mut id).map_err(|error| Error::Unavailable(format!("no random numbers: {error}")))?;
        let token = Token {
            id: HEXLOWER.encode(&id),
            hash: new.hash,
            subject: new.subject,
            role: new.role,
            created: new.now,
            expires: new.expires,
            revoked: None,
            created_by: new.created_by,
        };
        let texts = [&token.subject, &token.role].into_iter().chain(&token.created_by);
        no_nul(texts.map(String::as_str))?;
        self.within(async {
            let mut write = self.begin().await?;
            run(
                &mut *write.transaction,
                "INSERT INTO token (id, hash, subject, role, created, expires, created_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                args![
                    &token.id,
                    token.hash.to_vec(),
                    &token.subject,
                    &token.role,
                    token.created,
                    token.expires,
                    &token.created_by
                ],
            )
            .await?;
            write.changed(&Change::Token(token.id.clone())).await?;
            write.commit().await
        })
        .await?;
        self.0.tokens.locked().remove(&token.hash);
        Ok(token)
    }

    /// Revokes a token for good; the first time counts. Every host that reaches the database knows within a second, the
    /// others within a minute.
    pub async fn revoke_token(&self, id: &str, now: i64) -> Result<()> {
        self.within(async {
            let mut write = self.begin().await?;
            let revoked = run(
                &mut *write.transaction,
                "UPDATE token SET revoked = COALESCE(revoked, $2) WHERE id = $1",
                args![id, now],
            )
            .await?;
            if revoked == 0 {
                return Err(Error::NotFound);
            }
            write.changed(&Change::Token(id.to_owned())).await?;
            write.commit().await
        })
        .await?;
        self.0.tokens.locked().clear();
        Ok(())
    }

    /// Up to `limit` tokens after the id `after`, by id; also those that are void.
    pub async fn tokens(&self, after: &str, limit: u32) -> Result<Vec<Token>> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE id > $1 ORDER BY id LIMIT $2"));
        self.all(sql, args![after, i64::from(limit)]).await
    }

    /// The token of this hash, void or not, as it was at most 400 ms ago; while the database is down or slow, up to 60 s
    /// ago. `Unavailable` when nothing as recent is known.
    pub async fn token(&self, hash: [u8; 32]) -> Result<Option<Token>> {
        let known = match self.0.tokens.get(&hash, self.0.timeout) {
            Some((token, true)) => return Ok(token),
            Some((token, false)) => token,
            None => None,
        };
        // A task of its own: whoever hangs up does not keep others from the answer, and a slow one still comes.
        let asked = tokio::spawn(self.clone().ask(hash));
        let patience = if known.is_some() { PATIENCE } else { Duration::MAX };
        match (tokio::time::timeout(patience, asked).await, known) {
            (Ok(Ok(Err(Error::Unavailable(_)))) | Ok(Err(_)) | Err(_), Some(token)) => Ok(Some(token)),
            (Ok(Ok(answer)), _) => answer,
            (Ok(Err(_)) | Err(_), None) => Err(Error::Unavailable("the look-up was broken off".into())),
        }
    }

    async fn ask(self, hash: [u8; 32]) -> Result<Option<Token>> {
        let begun = Instant::now();
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE hash = $1"));
        let find = async { optional(&self.0.read, sql, args![hash.to_vec()]).await };
        let answer = within(self.0.timeout, find).await;
        match &answer {
            Ok(token) => self.0.tokens.put(hash, token.clone(), begun),
            Err(_) => self.0.tokens.failed(&hash),
        }
        answer
    }
}

impl Cache {
    fn locked(&self) -> MutexGuard<'_, HashMap<[u8; 32], Found>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, and whether that will do; if it will not, the caller is the one to ask, within `timeout`.
    pub(super) fn get(&self, hash: &[u8; 32], timeout: Duration) -> Option<(Option<Token>, bool)> {
        let mut all = self.locked();
        let found = all.get_mut(hash)?;
        let now = Instant::now();
        let enough = now < found.ask;
        // That there was none is no answer to go on with: the token may be new.
        if now.duration_since(found.seen) > STALE || (found.token.is_none() && !enough) {
            all.remove(hash);
            return None;
        }
        if !enough {
            found.ask = now + timeout;
        }
        Some((found.token.clone(), enough))
    }

    /// What was so when it was asked for, or later.
    pub(super) fn put(&self, hash: [u8; 32], token: Option<Token>, seen: Instant) {
        let mut all = self.locked();
        if all.get(&hash).is_some_and(|found| found.seen > seen) {
            return;
        }
        if all.len() >= MAX_CACHED {
            // Those that are nobody's go first.
            all.retain(|_, found| found.token.is_some());
            if all.len() >= MAX_CACHED {
                all.clear();
            }
        }
        let ask = seen + FRESH;
        all.insert(hash, Found { token, seen, ask });
    }

    pub(super) fn failed(&self, hash: &[u8; 32]) {
        if let Some(found) = self.locked().get_mut(hash) {
            found.ask = Instant::now() + FRESH;
        }
    }
}

impl FromRow<'_, AnyRow> for Token {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let hash: Vec<u8> = row.try_get("hash")?;
        Ok(Self {
            id: row.try_get("id")?,
            hash: hash
                .try_into()
                .map_err(|_| sqlx::Error::Decode("the hash of a token has not 32 bytes".into()))?,
            subject: row.try_get("subject")?,
            role: row.try_get("role")?,
            created: row.try_get("created")?,
            expires: row.try_get("expires")?,
            revoked: row.try_get("revoked")?,
            created_by: row.try_get("created_by")?,
        })
    }
}
