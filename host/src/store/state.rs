//! The state of workers: a few texts by key, merged by whoever ends.

use super::change::Change;
use super::sql::{args, one, optional, run};
use super::{Error, Result, Store};
use std::collections::BTreeMap;

/// Items of one worker.
pub const MAX_ITEMS: usize = 10;

impl Store {
    /// The state of a worker; empty when it has none.
    pub async fn state(&self, key: &str) -> Result<BTreeMap<String, String>> {
        let items = self
            .optional("SELECT items FROM state WHERE worker = $1", args![key])
            .await?;
        items.map_or_else(|| Ok(BTreeMap::new()), parse)
    }

    /// Applies what an execution of the worker made at `created` changed, key by key: the last wins a key, nobody loses another's. Removals first. Gives
    /// the state that came of it, and the keys that would have been one too many and were dropped.
    pub async fn merge_state(
        &self,
        key: &str,
        created: i64,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<(BTreeMap<String, String>, Vec<String>)> {
        self.within(async {
            let mut write = self.begin().await?;
            // One of the same key that was made since has a state of its own.
            let sql = "SELECT key FROM worker WHERE key = $1 AND created = $2";
            let _: (String,) = one(&mut *write.transaction, sql, args![key, created]).await?;
            let sql = "SELECT items FROM state WHERE worker = $1";
            let items = optional(&mut *write.transaction, sql, args![key]).await?;
            let mut state = items.map_or_else(|| Ok(BTreeMap::new()), parse)?;
            let dropped = merge(&mut state, changes);
            let items = serde_json::to_string(&state).map_err(|error| Error::Invalid(error.to_string()))?;
            run(
                &mut *write.transaction,
                "INSERT INTO state (worker, items) VALUES ($1, $2)
                 ON CONFLICT (worker) DO UPDATE SET items = excluded.items",
                args![key, items],
            )
            .await?;
            write.changed(&Change::State(key.to_owned())).await?;
            write.commit().await?;
            Ok((state, dropped))
        })
        .await
    }
}

fn merge(state: &mut BTreeMap<String, String>, changes: &BTreeMap<String, Option<String>>) -> Vec<String> {
    let mut dropped = Vec::new();
    for (key, _) in changes.iter().filter(|(_, text)| text.is_none()) {
        state.remove(key);
    }
    for (key, text) in changes {
        let Some(text) = text else { continue };
        if state.len() < MAX_ITEMS || state.contains_key(key) {
            state.insert(key.clone(), text.clone());
        } else {
            dropped.push(key.clone());
        }
    }
    dropped
}

fn parse((items,): (String,)) -> Result<BTreeMap<String, String>> {
    serde_json::from_str(&items).map_err(|error| Error::Corrupt(format!("the state of a worker: {error}")))
}
