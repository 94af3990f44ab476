//! The places for executions, and whose turn it is when all are taken. Who waits does so in a queue of its worker; a place
//! that becomes free goes to the worker that has the fewest, so that the flood of one worker does not starve another.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How many there are.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Executions under way.
    pub places: usize,
    /// Of one worker.
    pub of_worker: usize,
    /// Executions that wait for one.
    pub queue: usize,
    /// How long they do.
    pub patience: Duration,
}

/// All places of a host.
pub struct Places(Arc<Inner>);

/// One of them; free again when this is dropped.
pub struct Place {
    inner: Arc<Inner>,
    worker: String,
}

/// There is none, and none became free in time.
#[derive(Debug, PartialEq, Eq)]
pub struct Full;

struct Inner {
    room: Room,
    state: Mutex<State>,
}

/// Whenever nobody holds the lock: as long as there is a free place, who waits does so because its worker has all it may
/// have.
#[derive(Default)]
struct State {
    taken: usize,
    waiting: usize,
    tickets: u64,
    /// Those that have places or wait.
    workers: HashMap<String, Worker>,
}

#[derive(Default)]
struct Worker {
    taken: usize,
    queue: VecDeque<Waiter>,
}

struct Waiter {
    /// In the order of arrival.
    ticket: u64,
    place: oneshot::Sender<Place>,
}

/// Leaves the queue when it is dropped, if it is still there.
struct InQueue<'a> {
    inner: &'a Inner,
    worker: &'a str,
    ticket: u64,
}

impl Places {
    /// All of them free.
    pub fn new(room: Room) -> Self {
        Self(Arc::new(Inner {
            room,
            state: Mutex::default(),
        }))
    }

    /// Takes a place for an execution of this worker, and waits for one if it must.
    pub async fn take(&self, worker: &str) -> Result<Place, Full> {
        let Inner { room, .. } = *self.0;
        let (receiver, _in_queue) = {
            let mut state = self.0.locked();
            let (taken, waiting) = state.workers.get(worker).map_or((0, 0), Worker::counts);
            if state.taken < room.places && taken < room.of_worker && waiting == 0 {
                return Ok(self.0.enter(&mut state, worker));
            }
            if state.waiting >= room.queue && !state.push_out(waiting) {
                return Err(Full);
            }
            let (place, receiver) = oneshot::channel();
            state.waiting += 1;
            state.tickets += 1;
            let ticket = state.tickets;
            let queue = &mut state.workers.entry(worker.to_owned()).or_default().queue;
            queue.push_back(Waiter { ticket, place });
            let in_queue = InQueue {
                inner: &self.0,
                worker,
                ticket,
            };
            (receiver, in_queue)
        };
        match tokio::time::timeout(room.patience, receiver).await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(Full),
        }
    }
}

impl Inner {
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>, state: &mut State, worker: &str) -> Place {
        state.taken += 1;
        match state.workers.get_mut(worker) {
            Some(worker) => worker.taken += 1,
            None => {
                let taken = Worker {
                    taken: 1,
                    ..Worker::default()
                };
                state.workers.insert(worker.to_owned(), taken);
            }
        }
        Place {
            inner: self.clone(),
            worker: worker.to_owned(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut given = Vec::new();
        let mut state = self.inner.locked();
        state.taken -= 1;
        if let Some(worker) = state.workers.get_mut(&self.worker) {
            worker.taken -= 1;
        }
        state.forget(&self.worker);
        while state.taken < self.inner.room.places
            && let Some((worker, waiter)) = state.next(self.inner.room.of_worker)
        {
            given.push((waiter, self.inner.enter(&mut state, &worker)));
        }
        drop(state);
        for (waiter, place) in given {
            // Who has just left gives it back: the place is dropped, and goes to the next.
            let _ = waiter.place.send(place);
        }
    }
}

impl Drop for InQueue<'_> {
    fn drop(&mut self) {
        let mut state = self.inner.locked();
        let Some(worker) = state.workers.get_mut(self.worker) else {
            return;
        };
        // Tickets ascend.
        if let Ok(index) = worker.queue.binary_search_by_key(&self.ticket, |waiter| waiter.ticket) {
            worker.queue.remove(index);
            state.waiting -= 1;
            state.forget(self.worker);
        }
    }
}

impl Worker {
    fn counts(&self) -> (usize, usize) {
        (self.taken, self.queue.len())
    }
}

impl State {
    /// Makes room in the queue for a worker of which so many wait: the newest of the worker that has the most leaves it,
    /// if those are more even so.
    fn push_out(&mut self, waiting: usize) -> bool {
        let longest = self.workers.values_mut().max_by_key(|worker| worker.queue.len());
        let Some(longest) = longest.filter(|worker| worker.queue.len() > waiting + 1) else {
            return false;
        };
        longest.queue.pop_back();
        self.waiting -= 1;
        true
    }

    /// The next to get a place: of the worker that has the fewest, and of those the one that came first.
    fn next(&mut self, of_worker: usize) -> Option<(String, Waiter)> {
        if self.waiting == 0 {
            return None;
        }
        let waits = |(key, worker): (&String, &Worker)| {
            let first = worker.queue.front().filter(|_| worker.taken < of_worker)?;
            Some((worker.taken, first.ticket, key.clone()))
        };
        let (.., key) = self.workers.iter().filter_map(waits).min()?;
        let waiter = self.workers.get_mut(&key)?.queue.pop_front()?;
        self.waiting -= 1;
        Some((key, waiter))
    }

    /// Keeps no worker that has nothing.
    fn forget(&mut self, key: &str) {
        if self.workers.get(key).is_some_and(|worker| worker.counts() == (0, 0)) {
            self.workers.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    fn places(places: usize, of_worker: usize, queue: usize) -> Places {
        Places::new(Room {
            places,
            of_worker,
            queue,
            patience: Duration::from_secs(5),
        })
    }

    type Taking<'a> = BoxFuture<'a, Result<Place, Full>>;

    /// Begins to take one, and says how far that is: in, waits or refused.
    fn begin<'a>(places: &'a Places, worker: &'a str) -> (&'static str, Option<Place>, Taking<'a>) {
        let mut taking = places.take(worker).boxed();
        match (&mut taking).now_or_never() {
            Some(Ok(place)) => ("in", Some(place), taking),
            Some(Err(Full)) => ("refused", None, taking),
            None => ("waits", None, taking),
        }
    }

    fn counts(places: &Places) -> (usize, usize, usize) {
        let state = places.0.locked();
        (state.taken, state.waiting, state.workers.len())
    }

    #[tokio::test]
    async fn places_and_queue_obeyed_and_violated() {
        let places = places(4, 4, 8);
        let mut begun: Vec<_> = (0..32).map(|_| begin(&places, "w")).collect();
        let count = |what| begun.iter().filter(|(so, ..)| *so == what).count();
        assert_eq!((count("in"), count("waits"), count("refused")), (4, 8, 20));
        // In the order of their coming, one for each place.
        begun[2].1.take();
        assert!((&mut begun[4].2).now_or_never().unwrap().is_ok());
        assert!(
            (&mut begun[5].2).now_or_never().is_some(),
            "the place was dropped again"
        );
        drop(begun);
        assert_eq!(counts(&places), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_free_place_goes_to_the_worker_that_has_the_fewest() {
        let places = places(2, 2, 8);
        let mut flood: Vec<_> = (0..6).map(|_| begin(&places, "flood")).collect();
        let (so, _, mut other) = begin(&places, "other");
        assert_eq!(so, "waits");
        flood[0].1.take();
        let other = (&mut other).now_or_never().unwrap().unwrap();
        assert!((&mut flood[2].2).now_or_never().is_none());
        drop(other);
        assert!((&mut flood[2].2).now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_full_queue_has_room_for_who_waits_least() {
        let places = places(1, 1, 4);
        let mut flood: Vec<_> = (0..5).map(|_| begin(&places, "flood")).collect();
        assert_eq!(flood[4].0, "waits");
        let others: Vec<_> = ["a", "b", "c"]
            .into_iter()
            .map(|worker| begin(&places, worker))
            .collect();
        assert!(others.iter().all(|(so, ..)| *so == "waits"));
        // The newest left; one of each waits now, and nobody has more than another would.
        let left = flood
            .iter_mut()
            .skip(1)
            .map(|(.., taking)| taking.now_or_never().is_some());
        assert_eq!(left.collect::<Vec<_>>(), [false, true, true, true]);
        for worker in ["d", "a", "flood"] {
            assert_eq!(begin(&places, worker).0, "refused");
        }
    }

    #[tokio::test]
    async fn places_of_a_worker_obeyed_and_violated() {
        let places = places(4, 2, 8);
        let mut own: Vec<_> = (0..3).map(|_| begin(&places, "w")).collect();
        assert_eq!(
            own.iter().map(|(so, ..)| *so).collect::<Vec<_>>(),
            ["in", "in", "waits"]
        );
        assert_eq!(begin(&places, "other").0, "in");
        own[0].1.take();
        assert!((&mut own[2].2).now_or_never().unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn queue_wait_violated() {
        let places = places(1, 1, 1);
        let _place = places.take("w").await.unwrap();
        let began = tokio::time::Instant::now();
        assert_eq!(places.take("v").await.err(), Some(Full));
        assert_eq!(began.elapsed().as_secs(), 5);
        assert_eq!(counts(&places), (1, 0, 1));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn none_is_lost_or_made_however_they_come_and_go() {
        let places = Arc::new(Places::new(Room {
            places: 3,
            of_worker: 2,
            queue: 10,
            patience: Duration::from_micros(300),
        }));
        let tasks: Vec<_> = (0..16_u64)
            .map(|task| {
                let places = places.clone();
                tokio::spawn(async move {
                    let worker = format!("w{}", task % 5);
                    for turn in 0..300 {
                        let taken = tokio::time::timeout(Duration::from_micros(turn * 13 % 700), places.take(&worker));
                        if let Ok(Ok(_place)) = taken.await {
                            let (taken, waiting, _) = counts(&places);
                            assert!(taken <= 3 && waiting <= 10, "{taken} {waiting}");
                            tokio::time::sleep(Duration::from_micros(turn * 7 % 200)).await;
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(counts(&places), (0, 0, 0));
    }
}
