//! What was written since: how hosts learn of each other's writes.

use super::sql::{args, run};
use super::{Error, Result, Store, Write};

/// What has to be loaded again, or is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The worker of this key, its versions or its secrets.
    Worker(String),
    /// The state of the worker of this key.
    State(String),
    /// The token of this id.
    Token(String),
}

/// The changes after a revision, oldest first; each thing once.
#[derive(Debug, PartialEq, Eq)]
pub struct Changes {
    /// What to ask from the next time.
    pub revision: i64,
    /// What changed.
    pub changes: Vec<Change>,
}

impl Store {
    /// The revision that whatever is read after this call has at least.
    pub async fn revision(&self) -> Result<i64> {
        let row = self.optional("SELECT value FROM revision", args![]).await?;
        row.map(|(revision,)| revision).ok_or(Error::NotFound)
    }

    /// What changed after the revision `since`. One query on an index, to be asked each second; also tells of the
    /// caller's own writes.
    pub async fn changes(&self, since: i64) -> Result<Changes> {
        let sql = "SELECT kind, name, revision FROM change WHERE revision > $1 ORDER BY revision";
        let rows: Vec<(String, String, i64)> = self.all(sql, args![since]).await?;
        let revision = rows.last().map_or(since, |row| row.2);
        let change = |(kind, name, _): (String, String, i64)| match kind.as_str() {
            "worker" => Change::Worker(name),
            "state" => Change::State(name),
            _ => Change::Token(name),
        };
        let changes = rows.into_iter().map(change).collect();
        Ok(Changes { revision, changes })
    }
}

impl Write {
    /// Has other hosts load it again.
    pub(super) async fn changed(&mut self, change: &Change) -> Result<()> {
        let (kind, name) = match change {
            Change::Worker(key) => ("worker", key),
            Change::State(key) => ("state", key),
            Change::Token(id) => ("token", id),
        };
        run(
            &mut *self.transaction,
            "INSERT INTO change (kind, name, revision) VALUES ($1, $2, $3)
             ON CONFLICT (kind, name) DO UPDATE SET revision = excluded.revision",
            args![kind, name, self.revision],
        )
        .await?;
        Ok(())
    }
}
