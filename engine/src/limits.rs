//! What one execution may use. Defaults are those of the service we are compatible with, where it names one.

use std::time::Duration;

/// The limits of one execution. All of them are armed before the module is instantiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Units of work: about one per WebAssembly instruction, plus a price per host call and per byte moved.
    /// JavaScript burns 5 to 15 of them per nanosecond, so the default of 10 G is about one second of CPU.
    pub fuel: u64,
    /// Time on a CPU. Fuel is the limit that is the same on every machine; this one ends what burns fuel slowly, such as
    /// an empty loop.
    pub cpu: Duration,
    /// Wall time from the start of the instantiation, waiting included.
    pub timeout: Duration,
    /// Linear memory, in bytes; what the snapshot occupies counts.
    pub memory_bytes: usize,
    /// The returned value as JSON, in bytes.
    pub output_bytes: usize,
    /// Log lines, in bytes; what comes after is dropped and marked.
    pub log_bytes: usize,
    /// Requests to the network; one more is an error to the worker.
    pub requests: u32,
    /// Bytes of the bodies that its requests send and their responses bring, decoded; more is an error to the worker.
    pub traffic_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 10_000_000_000,
            cpu: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            memory_bytes: 64 << 20,
            output_bytes: 1 << 20,
            log_bytes: 256 << 10,
            requests: 100,
            traffic_bytes: 64 << 20,
        }
    }
}

/// A payload larger than this many bytes is refused at the door.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// A payload nested deeper than this many arrays and objects is refused at the door: `JSON.parse` recurses.
pub const MAX_NESTING: usize = 128;

/// A source longer than this many characters is refused.
pub const MAX_SOURCE_CHARS: usize = 100_000;

/// A worker keeps at most so many items in its state.
pub const MAX_STATE_ITEMS: usize = 10;

/// A key of the state has at most so many UTF-16 units, as JavaScript counts characters.
pub const MAX_STATE_KEY: usize = 40;

/// A value of the state has at most so many UTF-16 units.
pub const MAX_STATE_VALUE: usize = 250;
