//! When workers are due: each tick is claimed by one host. Apart from the registry's revisions, so that ticks do not
//! wait for its writers.

use super::sql::{args, run};
use super::{Error, Result, Store};

impl Store {
    /// Has a worker be due at `due`, whatever was set before, or never. `NotFound` without the worker; it takes its
    /// schedule with it when it is deleted.
    ///
    /// For the one host that saves the worker, with a time that is still to come: setting back a tick that was claimed
    /// already has it run again.
    pub async fn set_schedule(&self, key: &str, due: Option<i64>) -> Result<()> {
        let Some(due) = due else {
            let sql = "DELETE FROM schedule WHERE worker = $1";
            return self.within(run(&self.0.write, sql, args![key])).await.map(drop);
        };
        let sql = "INSERT INTO schedule (worker, due) VALUES ($1, $2)
             ON CONFLICT (worker) DO UPDATE SET due = excluded.due";
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
