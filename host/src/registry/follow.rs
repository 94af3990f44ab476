//! Takes up what other hosts write.

use super::{Fault, Registry};
use crate::store::{self, Change};
use std::time::Duration;

/// How often the store is asked.
const POLL: Duration = Duration::from_secs(1);

impl Registry {
    /// Does so for ever, from this revision on.
    pub async fn follow(&self, mut revision: i64) {
        let mut reachable = true;
        loop {
            tokio::time::sleep(POLL).await;
            match self.take_up(revision).await {
                Ok(seen) => {
                    revision = seen;
                    reachable = true;
                }
                Err(error) => {
                    if std::mem::replace(&mut reachable, false) {
                        tracing::warn!("cannot see what other hosts write: {error}");
                    }
                }
            }
        }
    }

    async fn take_up(&self, since: i64) -> Result<i64, Fault> {
        let store::Changes { revision, changes } = self.store.changes(since).await?;
        for change in changes {
            match change {
                Change::Worker(key) => {
                    let _turn = self.taking_up.lock().await;
                    match self.store.worker(&key).await? {
                        None => self.remove(&key),
                        Some(stored) => {
                            let known = self.get(&key);
                            if known.is_some_and(|entry| entry.is_fixed()) {
                                tracing::error!(
                                    worker = key,
                                    "another host saved a worker that is in this host's folder"
                                );
                            } else {
                                self.insert_stored(&stored);
                            }
                        }
                    }
                }
                Change::State(key) => {
                    let _turn = self.keeping.lock().await;
                    let entry = self.get(&key).filter(|entry| !entry.is_fixed());
                    if let Some(ready) = entry.as_ref().and_then(|entry| entry.ready.get()) {
                        ready.context.set_state(self.store.state(&key).await?);
                    }
                }
                // The store's own cache knows.
                Change::Token(_) => {}
            }
        }
        Ok(revision)
    }
}
