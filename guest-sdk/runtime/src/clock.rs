//! Time: `performance.now()` and what else is measured from the start of the execution.

use std::cell::Cell;
use std::time::SystemTime;

thread_local! {
    /// Set when an execution starts; until then, while the worker is built, time stands still.
    static START: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Milliseconds since the execution started.
pub fn now() -> f64 {
    START
        .get()
        .map_or(0.0, |start| monotonic().saturating_sub(start) as f64 / 1e6)
}

/// The clock that nobody sets, in nanoseconds.
fn monotonic() -> u64 {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u16;
    }
    const MONOTONIC: u32 = 1;
    let mut time = 0;
    // SAFETY: the host writes one number where there is room for it.
    unsafe { clock_time_get(MONOTONIC, 1, &raw mut time) };
    time
}

/// Milliseconds since 1970.
pub fn wall_clock() -> f64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |time| (time.as_secs_f64() * 1e3).floor())
}

/// Notes that an execution starts.
pub fn start() {
    // Our host's clock starts with the execution; of others nothing is known.
    START.set(Some(if cfg!(feature = "host") { 0 } else { monotonic() }));
}
