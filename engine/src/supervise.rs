//! Drives a guest to its end, or stops it: dropping the future of a guest is what stops it.

use crate::Limits;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How a guest came to its end.
pub(crate) enum Ended<T> {
    /// By itself.
    Finished(T),
    /// It was stopped at its limit of time on a CPU.
    OutOfCpu,
    /// It was stopped at its limit of wall time.
    TimedOut,
    /// It was stopped because nobody waits for it.
    Cancelled,
}

/// Runs `guest` within the times of `limits`, or until `cancelled`; also gives the time it spent on a CPU.
pub(crate) async fn supervise<T>(
    guest: impl Future<Output = T>,
    limits: &Limits,
    cancelled: impl Future<Output = ()>,
) -> (Ended<T>, Duration) {
    let started = Instant::now();
    let mut guest = pin!(guest);
    let mut cancelled = pin!(cancelled);
    let mut deadline = pin!(None);
    let mut cpu = Duration::ZERO;
    let mut first = true;
    let ended = poll_fn(|task| {
        let polled = Instant::now();
        if polled.duration_since(started) >= limits.timeout {
            return Poll::Ready(Ended::TimedOut);
        }
        // Most guests end at the first poll, for which a system call would be dear. From then on the thread's own clock
        // counts, so that nobody pays for what else runs on the machine.
        let thread = (!first).then(thread_time);
        first = false;
        let result = guest.as_mut().poll(task);
        cpu += thread.map_or_else(|| polled.elapsed(), |before| thread_time().saturating_sub(before));
        if let Poll::Ready(value) = result {
            return Poll::Ready(Ended::Finished(value));
        }
        // Only a guest that waits or yields gets this far; the others never need a timer.
        if cpu >= limits.cpu {
            return Poll::Ready(Ended::OutOfCpu);
        }
        if cancelled.as_mut().poll(task).is_ready() {
            return Poll::Ready(Ended::Cancelled);
        }
        if deadline.is_none() {
            deadline.set(Some(tokio::time::sleep_until((started + limits.timeout).into())));
        }
        match deadline.as_mut().as_pin_mut().map(|deadline| deadline.poll(task)) {
            Some(Poll::Ready(())) => Poll::Ready(Ended::TimedOut),
            _ => Poll::Pending,
        }
    })
    .await;
    (ended, cpu)
}

/// The time this thread has spent on a CPU.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
