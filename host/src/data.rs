//! What a host keeps: its database, and the key that seals secrets in it. Opened alike by the server and by the
//! administrative commands beside it.

use crate::kept::{self, MASTER_KEY};
use crate::store::{Config, Database, Key, Keys, OpenAs, Store};
use anyhow::Context;
use data_encoding::BASE64URL_NOPAD;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A statement that takes longer is given up.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where the data is.
#[derive(Clone)]
pub struct Data {
    /// The folder of what the host makes: its database, unless it is elsewhere, and its keys.
    pub folder: PathBuf,
    /// A database elsewhere.
    pub url: Option<String>,
    /// The master key, when the operator gives it.
    pub master_key: Option<String>,
    /// The key before it, while keys are rotated.
    pub previous_key: Option<String>,
}

impl fmt::Debug for Data {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Data {
    /// Opens the database, making or bringing up to date what is needed.
    pub async fn open(&self, role: OpenAs) -> anyhow::Result<Store> {
        kept::make_folder(&self.folder)?;
        let (text, place) = MASTER_KEY.open(&self.folder, self.master_key.as_deref())?;
        let current = key(&text).with_context(|| format!("{place}: this is no master key"))?;
        let previous = self.previous_key.as_deref().map(key).transpose();
        let previous = previous.context("HOST_PREVIOUS_MASTER_KEY: this is no master key")?;
        let database = match &self.url {
            Some(url) => Database::Postgres(url.clone()),
            None => Database::Sqlite(self.folder.clone()),
        };
        let config = Config {
            database,
            role,
            keys: Keys {
                current,
                previous: previous.into_iter().collect(),
            },
            timeout: TIMEOUT,
            connections: 8,
        };
        Ok(Store::open(config).await?)
    }
}

/// A master key is 32 bytes, written in base64url without padding, as the host itself writes it.
fn key(text: &str) -> anyhow::Result<Key> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
    let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    let bytes = bytes.context("expected 32 bytes in base64url without padding, 43 characters")?;
    Ok(Key::new(&bytes))
}

/// Unix milliseconds, the time of everything that is stored.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
