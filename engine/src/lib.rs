//! Builds small TypeScript programs into WebAssembly snapshots and runs each request in a fresh sandbox.
//!
//! Three concepts: an [`Engine`] builds a [`Source`] into a module and loads a module as a [`Worker`]; a [`Request`] is
//! what one run is given; an [`Execution`] is what became of it.
//!
//! The files follow the data: `transform` → `bundle` → `snapshot` → `image` → `worker` → `sandbox` → `run` → `execution`, with
//! `limits`, `wasi`, `hostcall` with its `operation`s, `cache`, and `inspect` beside them. Only this crate names a type of wasmtime.

mod bundle;
mod cache;
mod casing;
mod charge;
mod compiler;
mod diagnostic;
mod engine;
mod execution;
mod fetch;
mod frames;
#[cfg(any(fuzzing, test))]
#[path = "../fuzz/promises/mod.rs"]
pub mod fuzzing;
mod grants;
mod hostcall;
mod image;
mod images;
mod inspect;
mod join;
pub mod limits;
mod operation;
mod packed;
mod payload;
mod run;
mod sandbox;
mod sealed;
mod snapshot;
mod source_map;
mod stdio;
mod supervise;
mod trampolines;
mod transform;
mod wasi;
mod worker;
mod world;

pub use compiler::{Compiler, OUT_OF_MEMORY, compile_for_parent};
pub use diagnostic::Diagnostic;
pub use engine::{BuildError, Config, Engine, LoadError, Request, RunError, SetupError, Source, TopLevelError};
pub use execution::{Execution, Level, LogLine, Logs, Outcome, Phases, Thrown, Usage};
pub use fetch::{Fetch, FetchError, FetchRequest, FetchResponse, Redirect};
pub use grants::{Grants, StateChanges, Texts};
pub use images::ImageRoom;
pub use inspect::{Data, Extern, Inspection, Memory, Part, Runtime, inspect};
pub use limits::{Limits, MAX_NESTING, MAX_PAYLOAD_BYTES, MAX_SOURCE_CHARS, MAX_STATE_ITEMS};
pub use payload::{Payload, PayloadError};
pub use worker::Worker;
