//! Secrets of workers, sealed with XChaCha20-Poly1305. The worker's key and the secret's name are sealed with the value,
//! so that a row moved by hand does not open. The table `sealing` says which key is in use; who holds it and the one
//! before goes on through a rotation.

use super::change::Change;
use super::sql::{all, args, one, run};
use super::{Error, Result, Store, worker};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sqlx::AnyConnection;
use std::collections::BTreeMap;
use std::fmt;

const NONCE: usize = 24;

/// What becomes of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretChange {
    /// It is gone, and it is no mistake if it was.
    Remove(String),
    /// The one of this name has this value.
    Set(String, String),
}

/// Never shows a value.
impl fmt::Debug for SecretChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remove(name) => write!(f, "Remove({name:?})"),
            Self::Set(name, _) => write!(f, "Set({name:?}, …)"),
        }
    }
}

/// A master key.
#[derive(Clone)]
pub struct Key {
    cipher: XChaCha20Poly1305,
    fingerprint: String,
}

/// The keys that a host was given.
#[derive(Clone)]
pub struct Keys {
    /// Seals in a new database, and everywhere after a rotation.
    pub current: Key,
    /// What may have sealed before.
    pub previous: Vec<Key>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.fingerprint)
    }
}

impl Key {
    /// A key of 256 random bits.
    pub fn new(bytes: &[u8; 32]) -> Self {
        // Tells keys apart and nothing about them.
        let fingerprint = blake3::derive_key("host 2026 fingerprint of a master key", bytes);
        Self {
            cipher: XChaCha20Poly1305::new(&(*bytes).into()),
            fingerprint: data_encoding::HEXLOWER.encode(&fingerprint[..8]),
        }
    }

    fn seal(&self, worker: &str, name: &str, value: &str) -> Result<Vec<u8>> {
        let mut nonce = [0_u8; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| Error::Unavailable(format!("no random numbers: {error}")))?;
        let aad = associated(worker, name);
        let payload = Payload {
            msg: value.as_bytes(),
            aad: &aad,
        };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::Invalid("the secret is too long".into()))?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn open(&self, worker: &str, name: &str, sealed: &[u8]) -> Option<String> {
        let (nonce, msg) = sealed.split_first_chunk::<NONCE>()?;
        let aad = associated(worker, name);
        let value = self
            .cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg, aad: &aad })
            .ok()?;
        String::from_utf8(value).ok()
    }
}

/// A worker's key has no NUL, so no two pairs give the same.
fn associated(worker: &str, name: &str) -> Vec<u8> {
    [worker.as_bytes(), b"\0", name.as_bytes()].concat()
}

impl Keys {
    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    fn named(&self, fingerprint: &str) -> Result<&Key> {
        self.all().find(|key| key.fingerprint == fingerprint).ok_or_else(|| {
            Error::Refused(format!(
                "the secrets are sealed with the master key {fingerprint}, and this host has another one ({}); give it \
                 that one, or both while keys are rotated",
                self.current.fingerprint
            ))
        })
    }

    fn open(&self, worker: &str, name: &str, sealed: &[u8]) -> Result<String> {
        let opened = self.all().find_map(|key| key.open(worker, name, sealed));
        opened.ok_or_else(|| Error::Corrupt(format!("secret {name:?} of worker {worker} does not open with our key")))
    }
}

impl Store {
    /// The secrets of a worker, for the worker.
    pub async fn secrets(&self, key: &str) -> Result<BTreeMap<String, String>> {
        let sql = "SELECT name, sealed FROM secret WHERE worker = $1";
        let rows: Vec<(String, Vec<u8>)> = self.all(sql, args![key]).await?;
        let open = |(name, sealed): (String, Vec<u8>)| {
            let value = self.0.keys.open(key, &name, &sealed)?;
            Ok((name, value))
        };
        rows.into_iter().map(open).collect()
    }

    /// Changes secrets of a worker alone; a save does it with the rest.
    pub async fn change_secrets(&self, key: &str, changes: &[SecretChange], now: i64) -> Result<()> {
        self.within(async {
            let mut write = self.begin().await?;
            worker::head(&mut write.transaction, key).await?;
            self.apply_secrets(&mut write.transaction, key, changes, now).await?;
            run(
                &mut *write.transaction,
                "UPDATE worker SET revision = $2 WHERE key = $1",
                args![key, write.revision],
            )
            .await?;
            write.changed(&Change::Worker(key.to_owned())).await?;
            write.commit().await?;
            Ok(())
        })
        .await
    }

    /// Seals all secrets anew with the current key, all or none; gives their number.
    pub async fn rotate_key(&self) -> Result<u64> {
        // The one write that may be long: it has the patience of the caller.
        let mut write = self.begin().await?;
        let rows: Vec<(String, String, Vec<u8>)> = all(
            &mut *write.transaction,
            "SELECT worker, name, sealed FROM secret",
            args![],
        )
        .await?;
        let mut count = 0;
        for (worker, name, sealed) in rows {
            let value = self.0.keys.open(&worker, &name, &sealed)?;
            run(
                &mut *write.transaction,
                "UPDATE secret SET sealed = $3 WHERE worker = $1 AND name = $2",
                args![&worker, &name, self.0.keys.current.seal(&worker, &name, &value)?],
            )
            .await?;
            count += 1;
        }
        run(
            &mut *write.transaction,
            "UPDATE sealing SET key = $1",
            args![&self.0.keys.current.fingerprint],
        )
        .await?;
        write.commit().await?;
        Ok(count)
    }

    pub(super) async fn apply_secrets(
        &self,
        connection: &mut AnyConnection,
        key: &str,
        changes: &[SecretChange],
        now: i64,
    ) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        for change in changes {
            if let SecretChange::Remove(name) = change {
                run(
                    &mut *connection,
                    "DELETE FROM secret WHERE worker = $1 AND name = $2",
                    args![key, name],
                )
                .await?;
            }
        }
        // Asked in the transaction: a rotation may have come between.
        let (master,): (String,) = one(&mut *connection, "SELECT key FROM sealing", args![]).await?;
        let master = self.0.keys.named(&master)?;
        for change in changes {
            if let SecretChange::Set(name, value) = change {
                super::no_nul([&**name])?;
                run(
                    &mut *connection,
                    "INSERT INTO secret (worker, name, sealed, changed) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (worker, name) DO UPDATE SET sealed = excluded.sealed, changed = excluded.changed",
                    args![key, name, master.seal(key, name, value)?, now],
                )
                .await?;
            }
        }
        Ok(())
    }

    /// Refuses a database whose secrets this host could not open.
    pub(super) async fn check_key(&self) -> Result<()> {
        self.within(async {
            run(
                &self.0.write,
                "INSERT INTO sealing (one, key) VALUES (1, $1) ON CONFLICT (one) DO NOTHING",
                args![&self.0.keys.current.fingerprint],
            )
            .await?;
            let (found,): (String,) = one(&self.0.read, "SELECT key FROM sealing", args![]).await?;
            self.0.keys.named(&found).map(drop)
        })
        .await
    }
}
