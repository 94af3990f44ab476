//! Versions of a worker's code. They only grow: rolling back adds a copy, so that what was executed when stays readable.

use super::change::Change;
use super::sql::{args, one, run};
use super::worker::{Saved, head};
use super::{Error, Result, Store, no_nul};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row};

/// Older versions of a worker are dropped.
pub const VERSIONS_KEPT: u32 = 50;

/// What a version was made from.
#[derive(Clone, Debug)]
pub enum Code {
    /// Text.
    Source(String),
    /// An uploaded module.
    Module(Vec<u8>),
}

/// What the author says of a version. Texts may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// `commitSha`, up to 128 characters.
    pub commit_sha: String,
    /// Up to 256 characters.
    pub description: String,
    /// `versionNumber`, up to 64 characters; free text.
    pub version_number: String,
}

/// A version as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Counts from 1 for each worker.
    pub number: i64,
    /// Absent for an uploaded module.
    pub source: Option<String>,
    /// The BLAKE3 hash of the uploaded module in hexadecimal digits.
    pub module: Option<String>,
    /// What the author says of it.
    pub labels: Labels,
    /// The version that this one went back to.
    pub copy_of: Option<i64>,
    /// When it was made.
    pub created: i64,
    /// By whom.
    pub created_by: String,
}

/// Code on its way into the tables.
pub(super) struct Packed {
    source: Option<String>,
    module: Option<Pressed>,
    labels: Labels,
    copy_of: Option<i64>,
}

struct Pressed {
    hash: String,
    bytes: Vec<u8>,
}

const SELECT: &str = "SELECT number AS v_number, source AS v_source, module AS v_module,
    commit_sha AS v_commit_sha, description AS v_description, label AS v_label, copy_of AS v_copy_of,
    created AS v_created, created_by AS v_created_by FROM version WHERE worker = $1 AND ";

impl Store {
    /// Up to `limit` versions below the number `before`, newest first.
    pub async fn versions(&self, key: &str, before: Option<i64>, limit: u32) -> Result<Vec<Version>> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} number < $2 ORDER BY number DESC LIMIT $3"));
        self.all(sql, args![key, before.unwrap_or(i64::MAX), i64::from(limit)])
            .await
    }

    /// One version.
    pub async fn version(&self, key: &str, number: i64) -> Result<Option<Version>> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} number = $2"));
        self.optional(sql, args![key, number]).await
    }

    /// Makes a copy of an older version the current one, of the worker as it was at the revision `expected`: else
    /// `Changed`.
    pub async fn roll_back(&self, key: &str, expected: i64, number: i64, by: &str, now: i64) -> Result<Saved> {
        self.within(async {
            let mut write = self.begin().await?;
            let (current, _, revision) = head(&mut write.transaction, key).await?;
            if revision != expected {
                return Err(Error::Changed);
            }
            let sql = sqlx::AssertSqlSafe(format!("{SELECT} number = $2"));
            let old: Version = one(&mut *write.transaction, sql, args![key, number]).await?;
            let copy = Packed {
                source: old.source,
                labels: old.labels,
                copy_of: Some(number),
                module: old.module.map(|hash| Pressed {
                    hash,
                    bytes: Vec::new(),
                }),
            };
            let version = current + 1;
            run(
                &mut *write.transaction,
                "UPDATE worker SET version = $2, revision = $3, changed = $4, changed_by = $5 WHERE key = $1",
                args![key, version, write.revision, now, by],
            )
            .await?;
            copy.insert(&mut write.transaction, key, version, by, now).await?;
            write.changed(&Change::Worker(key.to_owned())).await?;
            let revision = write.commit().await?;
            Ok(Saved { revision, version })
        })
        .await
    }

    /// The bytes of a worker's module. `None` when it has none of this hash, or a damaged one.
    pub async fn module(&self, key: &str, hash: &str) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM module WHERE worker = $1 AND hash = $2";
        let pressed: Vec<u8> = match self.optional(sql, args![key, hash]).await {
            Ok(Some((pressed,))) => pressed,
            Ok(None) | Err(Error::Corrupt(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let bytes = blocking(move || lz4_flex::decompress_size_prepended(&pressed)).await?;
        let right = |bytes: &Vec<u8>| blake3::hash(bytes).to_hex().as_str() == hash;
        Ok(bytes.ok().filter(right))
    }
}

impl Code {
    pub(super) async fn pack(self, labels: Labels) -> Result<Packed> {
        no_nul([&*labels.commit_sha, &labels.description, &labels.version_number])?;
        let (source, module) = match self {
            Self::Source(source) => {
                no_nul([&*source])?;
                (Some(source), None)
            }
            Self::Module(bytes) => (None, Some(press(bytes).await?)),
        };
        Ok(Packed {
            source,
            module,
            labels,
            copy_of: None,
        })
    }
}

impl Packed {
    /// Adds the version, and drops what is no longer kept.
    pub(super) async fn insert(
        &self,
        connection: &mut AnyConnection,
        key: &str,
        number: i64,
        by: &str,
        now: i64,
    ) -> Result<()> {
        if let Some(module) = &self.module {
            module.insert(connection, key).await?;
        }
        run(
            &mut *connection,
            "INSERT INTO version (worker, number, source, module, commit_sha, description, label, copy_of,
             created, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            args![
                key,
                number,
                &self.source,
                self.module.as_ref().map(|module| &*module.hash),
                &self.labels.commit_sha,
                &self.labels.description,
                &self.labels.version_number,
                self.copy_of,
                now,
                by
            ],
        )
        .await?;
        tidy(connection, key, number).await
    }
}

impl Pressed {
    /// Nothing to do when the worker has it, which a copy relies on.
    async fn insert(&self, connection: &mut AnyConnection, key: &str) -> Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        run(
            connection,
            "INSERT INTO module (worker, hash, bytes) VALUES ($1, $2, $3)
             ON CONFLICT (worker, hash) DO UPDATE SET bytes = excluded.bytes",
            args![key, &self.hash, &self.bytes],
        )
        .await?;
        Ok(())
    }
}

impl FromRow<'_, AnyRow> for Version {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            number: row.try_get("v_number")?,
            source: row.try_get("v_source")?,
            module: row.try_get("v_module")?,
            labels: Labels {
                commit_sha: row.try_get("v_commit_sha")?,
                description: row.try_get("v_description")?,
                version_number: row.try_get("v_label")?,
            },
            copy_of: row.try_get("v_copy_of")?,
            created: row.try_get("v_created")?,
            created_by: row.try_get("v_created_by")?,
        })
    }
}

/// Drops old versions, and the modules that no version names any more.
async fn tidy(connection: &mut AnyConnection, key: &str, current: i64) -> Result<()> {
    let oldest = current - i64::from(VERSIONS_KEPT);
    let versions = "DELETE FROM version WHERE worker = $1 AND number <= $2";
    run(&mut *connection, versions, args![key, oldest]).await?;
    let modules = "DELETE FROM module WHERE worker = $1 AND NOT EXISTS
        (SELECT 1 FROM version v WHERE v.worker = module.worker AND v.module = module.hash)";
    run(&mut *connection, modules, args![key]).await?;
    Ok(())
}

async fn press(bytes: Vec<u8>) -> Result<Pressed> {
    blocking(move || Pressed {
        hash: blake3::hash(&bytes).to_hex().to_string(),
        bytes: lz4_flex::compress_prepend_size(&bytes),
    })
    .await
}

/// Megabytes are not for a thread that serves requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Unavailable(error.to_string()))
}
