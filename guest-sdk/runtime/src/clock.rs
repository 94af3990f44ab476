//! Time: `performance.now()` and what else is measured from the start of the execution.

use std::cell::Cell;
use std::time::{Instant, SystemTime};

thread_local! {
    /// Set when an execution starts; until then, while the worker is built, time stands still.
    static START: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Milliseconds since the execution started.
pub fn now() -> f64 {
    START.get().map_or(0.0, |start| start.elapsed().as_secs_f64() * 1e3)
}

/// Milliseconds since 1970.
pub fn wall_clock() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |time| (time.as_secs_f64() * 1e3).floor())
}

/// Notes that an execution starts.
pub fn start() {
    START.set(Some(Instant::now()));
}
