//! The executions under way, so that they can be listed and stopped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// All of this host.
#[derive(Default)]
pub struct Running(Mutex<HashMap<String, Arc<Under>>>);

/// One execution under way.
pub struct Under {
    /// The worker's key.
    pub worker: String,
    /// The worker's project.
    pub project: Option<String>,
    /// Who started it.
    pub caller: String,
    /// When, in unix milliseconds.
    pub started: i64,
    stop: Notify,
}

/// Takes an execution off the list when it ends, however it ends.
pub struct Listed<'a> {
    running: &'a Running,
    id: String,
    under: Arc<Under>,
}

impl Running {
    fn locked(&self) -> MutexGuard<'_, HashMap<String, Arc<Under>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an execution on the list.
    pub fn list(&self, id: &str, worker: &str, project: Option<&str>, caller: &str, started: i64) -> Listed<'_> {
        let under = Arc::new(Under {
            worker: worker.to_owned(),
            project: project.map(str::to_owned),
            caller: caller.to_owned(),
            started,
            stop: Notify::new(),
        });
        self.locked().insert(id.to_owned(), under.clone());
        Listed {
            running: self,
            id: id.to_owned(),
            under,
        }
    }

    /// All of them by their ids, the oldest first.
    pub fn all(&self) -> Vec<(String, Arc<Under>)> {
        let mut all: Vec<_> = self
            .locked()
            .iter()
            .map(|(id, under)| (id.clone(), under.clone()))
            .collect();
        all.sort_by(|(one, a), (two, b)| (a.started, one).cmp(&(b.started, two)));
        all
    }

    /// The one of this id.
    pub fn get(&self, id: &str) -> Option<Arc<Under>> {
        self.locked().get(id).cloned()
    }
}

impl Under {
    /// Has it stopped.
    pub fn stop(&self) {
        self.stop.notify_one();
    }
}

impl Listed<'_> {
    /// Completes when somebody wants it stopped.
    pub async fn stopped(&self) {
        self.under.stop.notified().await;
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.running.locked().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn listed_until_it_ends_and_stopped_from_outside() {
        let running = Running::default();
        let listed = running.list("b", "w", None, "alice", 2);
        let _first = running.list("a", "w", Some("p"), "bob", 1);
        let ids: Vec<String> = running.all().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["a", "b"]);
        running.get("b").unwrap().stop();
        listed.stopped().await;
        drop(listed);
        assert!(running.get("b").is_none() && running.all().len() == 1);
    }
}
