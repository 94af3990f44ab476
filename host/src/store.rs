//! The store: workers with their versions, secrets and state, tokens, and the history of executions, in SQLite or
//! PostgreSQL.
//!
//! Three concepts: a [`Store`] is open on one [`Database`]; whatever writes the registry gets the next *revision* first,
//! so that [`Store::changes`] tells every host what it has to load again; history is [recorded](Store::record) without
//! waiting and written in batches.
//!
//! All times are unix milliseconds, given by the caller. Names and lengths are checked by the caller too; the tables
//! only make sure. A write is durable when it is answered. [`Error::Unavailable`] alone leaves open whether a write
//! happened.

mod change;
mod error;
mod history;
mod open;
mod schedule;
mod secret;
mod sql;
mod sqlite;
mod state;
mod token;
mod version;
mod worker;
mod writer;

pub use change::{Change, Changes};
pub use error::Error;
pub use history::{Cursor, Entry, Filter, MAX_ENTRY_BYTES};
pub use open::{Config, Database, Role as OpenAs};
pub use secret::{Key, Keys, SecretChange};
pub use state::MAX_ITEMS as MAX_STATE_ITEMS;
pub use token::{NewToken, Token};
pub use version::{Code, Labels, VERSIONS_KEPT, Version};
pub use worker::{Definition, Mode, Save, Saved, Worker, WorkerFilter};
pub use writer::Counters;

use sql::args;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{AnyPool, FromRow, SqlSafeStr, Transaction};
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

/// What a call of the store comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// An open store; clones share it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    /// On SQLite apart from `write`, so that readers do not wait for a commit; on PostgreSQL the same.
    read: AnyPool,
    /// On SQLite one connection: writers queue here and not in SQLite, which would have them poll.
    write: AnyPool,
    keys: Keys,
    tokens: token::Cache,
    history: writer::Writer,
    /// Longer than any statement should take; what does not come by then is `Unavailable`.
    timeout: Duration,
    /// Held by the one server of a data folder.
    _lock: Option<File>,
}

/// A transaction that has its revision.
struct Write {
    transaction: Transaction<'static, sqlx::Any>,
    revision: i64,
}

impl Store {
    /// Writes what is left of the history, for as long as `patience`, and closes. Other clones can do nothing after it.
    pub async fn close(&self, patience: Duration) {
        self.0.history.close(patience).await;
        let close = async {
            self.0.write.close().await;
            self.0.read.close().await;
        };
        // A hung database does not hold up the end of the process.
        let _ = tokio::time::timeout(Duration::from_secs(2), close).await;
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        within(self.0.timeout, work).await
    }

    /// What a query finds.
    async fn all<T>(&self, sql: impl SqlSafeStr, arguments: AnyArguments) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        self.within(sql::all(&self.0.read, sql, arguments)).await
    }

    /// The one row that a query finds, if it does.
    async fn optional<T>(&self, sql: impl SqlSafeStr, arguments: AnyArguments) -> Result<Option<T>>
    where
        T: for<'r> FromRow<'r, AnyRow> + Send + Unpin,
    {
        self.within(sql::optional(&self.0.read, sql, arguments)).await
    }

    /// Begins to write the registry. The first statement writes: on SQLite it waits for its turn instead of failing on
    /// a snapshot that is out of date, on PostgreSQL it holds the row until the commit, so that revisions become
    /// visible in their order.
    async fn begin(&self) -> Result<Write> {
        let mut transaction = self.0.write.begin().await?;
        let (revision,) = sql::one(
            &mut *transaction,
            "UPDATE revision SET value = value + 1 RETURNING value",
            args![],
        )
        .await?;
        Ok(Write { transaction, revision })
    }
}

impl Write {
    async fn commit(self) -> Result<i64> {
        self.transaction.commit().await?;
        Ok(self.revision)
    }
}

async fn within<T>(timeout: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(Error::Unavailable(format!(
            "the database did not answer within {timeout:?}"
        ))),
    }
}

/// PostgreSQL cannot keep NUL in a text, so SQLite does not either.
fn no_nul<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<()> {
    match texts.into_iter().find(|text| text.contains('\0')) {
        None => Ok(()),
        Some(_) => Err(Error::Invalid(
            "a text holds a NUL character, which cannot be stored".into(),
        )),
    }
}

#[cfg(test)]
mod tests;
