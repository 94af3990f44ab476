//! Who follows the executions of a worker on this host, while they come to their ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// All of them at once. One that reads nothing holds what it is told, 16 entries of up to 130 KB.
pub const MAX_FOLLOWERS: usize = 32;

/// Executions that wait for a slow follower; then it loses the oldest, and is told so.
const WAITING: usize = 16;

/// A worker by key and project: one of the same key made in another project is another one.
type Name = (String, Option<String>);

/// All of this host.
#[derive(Clone, Default)]
pub struct Followers(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Read before the lock, for the most executions that nobody follows.
    number: AtomicUsize,
    senders: Mutex<HashMap<Name, Sender<Arc<str>>>>,
}

/// One of them, for as long as it follows.
pub struct Follower {
    /// What is told, an execution each.
    pub told: Receiver<Arc<str>>,
    name: Name,
    of: Followers,
}

impl Followers {
    /// A new one; none when there are too many.
    pub fn follow(&self, worker: &str, project: Option<&str>) -> Option<Follower> {
        let name = (worker.to_owned(), project.map(str::to_owned));
        let mut senders = self.senders();
        if self.0.number.load(Ordering::Relaxed) >= MAX_FOLLOWERS {
            return None;
        }
        self.0.number.fetch_add(1, Ordering::Relaxed);
        let told = senders
            .entry(name.clone())
            .or_insert_with(|| channel(WAITING).0)
            .subscribe();
        let of = self.clone();
        Some(Follower { told, name, of })
    }

    /// Tells those who follow this worker, if there are any. All of them may have gone when something is sent.
    pub fn of(&self, worker: &str, project: Option<&str>) -> Option<Sender<Arc<str>>> {
        if self.0.number.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let name = (worker.to_owned(), project.map(str::to_owned));
        self.senders().get(&name).cloned()
    }

    fn senders(&self) -> MutexGuard<'_, HashMap<Name, Sender<Arc<str>>>> {
        self.0.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut senders = self.of.senders();
        self.of.0.number.fetch_sub(1, Ordering::Relaxed);
        // This one is still counted.
        if senders
            .get(&self.name)
            .is_some_and(|sender| sender.receiver_count() <= 1)
        {
            senders.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_follow_are_told_and_nobody_else() {
        let followers = Followers::default();
        assert!(followers.of("w", None).is_none());
        let tell = |text: &str| followers.of("w", None).unwrap().send(text.into()).unwrap();
        let mut one = followers.follow("w", None).unwrap();
        let mut two = followers.follow("w", None).unwrap();
        let mut other = followers.follow("w", Some("p")).unwrap();
        tell("1");
        assert_eq!(&*one.told.try_recv().unwrap(), "1");
        drop(one);
        tell("2");
        assert_eq!(
            (&*two.told.try_recv().unwrap(), &*two.told.try_recv().unwrap()),
            ("1", "2")
        );
        other.told.try_recv().unwrap_err();
        drop(two);
        assert!(followers.of("w", None).is_none() && followers.of("w", Some("p")).is_some());
        drop(other);
        assert!(followers.senders().is_empty() && followers.0.number.load(Ordering::Relaxed) == 0);
    }

    #[test]
    fn followers_obeyed_and_violated() {
        let followers = Followers::default();
        let mut all: Vec<_> = (0..MAX_FOLLOWERS)
            .map(|_| followers.follow("w", None).unwrap())
            .collect();
        assert!(followers.follow("w", None).is_none());
        all.pop();
        assert!(followers.follow("w", None).is_some());
    }
}
