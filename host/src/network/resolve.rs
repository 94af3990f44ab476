//! Finding the addresses of a name, and remembering them for a moment.

use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Finds all addresses of a name.
pub type Resolve = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The system's resolver holds a thread for as long as it likes, out of a number that other work needs too.
const LOOKUPS_AT_ONCE: usize = 64;

type Memory = Mutex<HashMap<String, (Instant, Vec<IpAddr>)>>;

/// How long addresses are remembered, and for how many names.
const REMEMBERED: Duration = Duration::from_secs(5);
const NAMES: usize = 1024;

/// The system's resolver: `/etc/hosts`, DNS, and whatever else the host is set up with.
pub fn system() -> Resolve {
    let turns = Arc::new(Semaphore::new(LOOKUPS_AT_ONCE));
    Arc::new(move |name| {
        let turns = turns.clone();
        Box::pin(async move {
            let turn = turns.acquire_owned().await.map_err(io::Error::other)?;
            let lookup = tokio::task::spawn_blocking(move || {
                // Given back by the thread, not by the future: who waits may have gone long before.
                let _turn = turn;
                let found = (name.as_str(), 0).to_socket_addrs()?;
                Ok(found.map(|address| address.ip()).collect())
            });
            lookup.await.map_err(io::Error::other)?
        })
    })
}

/// The same with a memory; failures are not remembered.
pub fn cached(resolve: Resolve) -> Resolve {
    let memory = Arc::<Memory>::default();
    Arc::new(move |name| {
        let (memory, resolve) = (memory.clone(), resolve.clone());
        Box::pin(async move {
            let fresh = |at: &Instant| at.elapsed() < REMEMBERED;
            if let Some((at, addresses)) = memory.lock().unwrap_or_else(PoisonError::into_inner).get(&name)
                && fresh(at)
            {
                return Ok(addresses.clone());
            }
            let addresses = resolve(name.clone()).await?;
            let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
            if memory.len() >= NAMES {
                memory.retain(|_, (at, _)| fresh(at));
            }
            // A worker that asks for ever new names is not helped by a memory.
            if memory.len() < NAMES {
                memory.insert(name, (Instant::now(), addresses.clone()));
            }
            Ok(addresses)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn names_are_remembered_and_failures_are_not() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let resolve = cached(Arc::new(move |name| {
            count.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                match name.as_str() {
                    "gone" => Err(io::Error::other("gone")),
                    _ => Ok(vec![IpAddr::from([1, 1, 1, 1])]),
                }
            })
        }));
        for _ in 0..3 {
            assert_eq!(resolve("a".to_owned()).await.unwrap().len(), 1);
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        for _ in 0..3 {
            resolve("gone".to_owned()).await.unwrap_err();
        }
        assert_eq!(asked.load(Ordering::Relaxed), 4);
        for name in 0..2 * NAMES {
            resolve(name.to_string()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_system_knows_localhost() {
        let addresses = system()("localhost".to_owned()).await.unwrap();
        assert!(
            !addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback),
            "{addresses:?}"
        );
    }
}
