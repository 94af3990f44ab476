//! The JavaScript runtime of a worker: QuickJS with a handler in memory, ready to be snapshotted.
//!
//! Three exports. `prepare` runs once per runtime and evaluates what surrounds a worker; `initialize` runs once per
//! worker, at build time: it reads the source from stdin, evaluates the module's top level and keeps its default export.
//! The host snapshots the memory after each. `_start` runs once per execution, from the last snapshot: payload on stdin,
//! handler, value on stdout.

#![feature(alloc_error_hook)]

mod clock;
#[cfg(feature = "compiler")]
mod compile;
mod console;
mod crypto;
mod execute;
mod failure;
mod host;
mod initialize;
mod prelude;
mod random;
mod rejections;
mod stdio;
mod text;
mod web_url;

use javy::quickjs::{Ctx, Function, Persistent};
use std::cell::RefCell;

/// What the snapshots keep: the engine with the prelude, then with the worker's module evaluated in it.
struct Worker {
    runtime: javy::Runtime,
    prelude: prelude::Prelude,
    /// The default export.
    handler: Option<Persistent<Function<'static>>>,
}

thread_local! {
    static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
}

/// Makes the runtime. Called once, before anything else.
#[unsafe(export_name = "prepare")]
extern "C" fn prepare() {
    // Called here by name, so that the linker does not wrap every export in a call of its own: `_start` must not run
    // constructors again.
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: nothing ran before; this is what a start-up object would call first.
    unsafe { __wasm_call_ctors() };
    initialize::prepare();
}

/// Evaluates the worker's module. Called once, by the build.
#[unsafe(export_name = "initialize")]
extern "C" fn initialize() {
    initialize::initialize();
}

/// Runs the handler once.
#[unsafe(export_name = "_start")]
extern "C" fn start() {
    WORKER.with_borrow(|worker| match worker {
        Some(worker) => execute::execute(worker),
        None => failure::exit(
            failure::EXCEPTION,
            &failure::Failure::plain("this runtime holds no worker"),
        ),
    });
}

/// Runs what promises have queued, until nothing is left.
fn run_jobs(ctx: &Ctx<'_>) {
    while ctx.execute_pending_job() {}
}
