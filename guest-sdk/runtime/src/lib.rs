//! The JavaScript runtime of a worker: QuickJS with a handler in memory, ready to be snapshotted.
//!
//! Two exports. `initialize` runs once, at build time: it reads the source from stdin, evaluates the module's top
//! level and keeps its default export; the host then snapshots the memory. `_start` runs once per execution, from
//! that snapshot: payload on stdin, handler, value on stdout. The file list is the order of things.

mod console;
mod execute;
mod failure;
mod initialize;
mod random;
mod stdio;

use javy::quickjs::{Ctx, Function, Persistent};
use std::cell::RefCell;

/// What the snapshot keeps: the engine with the worker's module evaluated in it.
struct Worker {
    runtime: javy::Runtime,
    /// The default export.
    handler: Persistent<Function<'static>>,
    /// `async (value) => value`, kept from before the worker ran: adopts whatever a handler returns.
    adopt: Persistent<Function<'static>>,
    /// Writes any value as `console.log` does.
    inspect: Persistent<Function<'static>>,
}

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// Evaluates the worker's module. Called once, by the build.
#[unsafe(export_name = "initialize")]
extern "C" fn initialize() {
    // Called here by name, so that the linker does not wrap every export in a call of its own: `_start` must not run
    // constructors again.
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: nothing ran before; this is what a start-up object would call first.
    unsafe { __wasm_call_ctors() };
    initialize::initialize();
}

/// Runs the handler once.
#[unsafe(export_name = "_start")]
extern "C" fn start() {
    WORKER.with_borrow(|worker| match worker {
        Some(worker) => execute::execute(worker),
        None => failure::exit(failure::EXCEPTION, &failure::Failure::plain("this runtime holds no worker")),
    });
}

/// Runs what promises have queued, until nothing is left.
fn run_jobs(ctx: &Ctx<'_>) {
    while ctx.execute_pending_job() {}
}
