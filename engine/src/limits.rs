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
    /// The payload, in bytes. Of all limits the one that is not armed but checked at the door, by [`crate::Payload::parse`].
    pub payload_bytes: usize,
    /// The returned value as JSON, in bytes.
    pub output_bytes: usize,
    /// Log lines, in bytes; what comes after is dropped and marked.
    pub log_bytes: usize,
    /// Log lines; what comes after is dropped and marked.
    pub log_lines: u32,
    /// Operations of the host that it may start, such as requests, timers and reads of a secret; one more ends it. In how
    /// many parts a response comes is not the worker's doing, so reading one does not count.
    pub host_calls: u32,
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
            payload_bytes: 1 << 20,
            output_bytes: 1 << 20,
            log_bytes: 256 << 10,
            log_lines: 10_000,
            host_calls: 10_000,
            requests: 100,
            traffic_bytes: 64 << 20,
        }
    }
}

/// No payload and no returned value can be allowed more bytes than this: they are held in memory, and checked in one go.
pub const MAX_PAYLOAD_BYTES: usize = 16 << 20;

/// A payload nested deeper than this many arrays and objects is refused at the door: `JSON.parse` recurses.
pub const MAX_NESTING: usize = 128;

/// Stack of the guest, in bytes; only what is used is ever touched. QuickJS stops JavaScript well before: its measure is
/// the stack in linear memory (`STACK_BYTES` of the runtime), of which a native frame can use ten times less.
pub const WASM_STACK_BYTES: usize = 4 << 20;

/// A module has at most so many tables.
pub const MAX_TABLES: u32 = 4;

/// A table has at most so many elements, whatever the module asks for when.
pub const MAX_TABLE_ELEMENTS: usize = 64 << 10;

/// Random bytes one call may ask for; more is an error to the guest.
pub const MAX_RANDOM_BYTES: u64 = 64 << 10;

/// A guest has at most so many operations under way, those that have ended and were not read included.
pub const MAX_OPERATIONS: usize = 1_000;

/// An operation may be so long: a URL, headers, or the whole state. What is under way holds it, and it is no traffic.
pub const MAX_OPERATION_BYTES: u32 = 128 << 10;

/// The body of an operation may be so long.
pub const MAX_BODY_BYTES: u32 = 16 << 20;

/// A source longer than this many characters is refused.
pub const MAX_SOURCE_CHARS: usize = 100_000;

/// A worker keeps at most so many items in its state.
pub const MAX_STATE_ITEMS: usize = 10;

/// A key of the state has at most so many UTF-16 units, as JavaScript counts characters.
pub const MAX_STATE_KEY: usize = 40;

/// A value of the state has at most so many UTF-16 units.
pub const MAX_STATE_VALUE: usize = 250;
