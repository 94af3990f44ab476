//! When workers are due: each tick is claimed by one host. Apart from the registry's revisions, so that ticks do not
//! wait for its writers.

use super::sql::{args, run};
use super::{Error, Result, Store};

impl Store {
    /// Has a worker be due at `due` for the first time; nothing happens when it is due some time already, or is gone. A
    /// save with another schedule, or one that disables it, takes that back, and so does its deletion.
    pub async fn add_schedule(&self, key: &str, due: i64) -> Result<()> {
        let sql = "INSERT INTO schedule (worker, due) SELECT key, $2 FROM worker WHERE key = $1
             ON CONFLICT (worker) DO NOTHING";
        self.within(run(&self.0.write, sql, args![key, due])).await.map(drop)
    }

    /// All workers that are due some time, the next first.
    pub async fn schedules(&self) -> Result<Vec<(String, i64)>> {
        self.all("SELECT worker, due FROM schedule ORDER BY due, worker", args![])
            .await
    }

    /// Moves a worker from `due` to `next`, which is later, and tells whether this call did: of all who claim a tick one
    /// may run it. `false` also when it was deleted or set anew. After an error nobody may run it: it may have been
    /// claimed, so a tick is lost at worst and never run twice.
    pub async fn claim_tick(&self, key: &str, due: i64, next: i64) -> Result<bool> {
        if next <= due {
            return Err(Error::Invalid(
                "the next time must be later than the one that is due".into(),
            ));
        }
        let sql = "UPDATE schedule SET due = $3 WHERE worker = $1 AND due = $2";
        let moved = self.within(run(&self.0.write, sql, args![key, due, next])).await?;
        Ok(moved == 1)
    }
}
