//! The build-time half, in two steps: prepare a runtime for any worker, then evaluate a worker's module in it.

use crate::failure::{self, Failure};
use crate::prelude::{self, Prelude};
use crate::{WORKER, Worker, random, rejections, run_jobs, stdio};
use javy::quickjs::{Ctx, Error, Function, Module, Persistent, Value, promise::PromiseState, qjs};
use std::alloc::Layout;

/// Garbage in cycles is collected when the heap has grown by this much since the snapshot; most executions never do.
const GC_SLACK_BYTES: u32 = 4 << 20;

/// An allocation that fits into no gap.
const MARK_BYTES: usize = 128 << 10;

/// Makes the runtime and what surrounds a worker.
pub fn prepare() {
    // Rust's words about it are of no use to an author; the host says that memory was short.
    std::alloc::set_alloc_error_hook(|_| {});
    let prepared = prelude::runtime().and_then(|runtime| {
        rejections::watch(runtime.context().runtime());
        let installed = runtime.context().with(|ctx| {
            Prelude::install(&ctx).map_err(|error| javy::from_js_error(ctx.clone(), error))
        });
        // When nothing is left that the prelude needed for a while: what goes later leaves a gap in every worker.
        runtime.context().with(|ctx| {
            run_jobs(&ctx);
            settle_heap(&ctx);
        });
        Ok(Worker {
            prelude: installed?,
            runtime,
            handler: None,
        })
    });
    match prepared {
        Ok(worker) => WORKER.set(Some(worker)),
        Err(error) => failure::exit(failure::EXCEPTION, &Failure::plain(&format!("{error:#}"))),
    }
    random::forget_seed();
}

/// Reads `<file name>\n<source>` from stdin and keeps the module's default export in [`WORKER`].
pub fn initialize() {
    let input = stdio::read_input();
    let text = String::from_utf8_lossy(&input);
    let (name, source) = text.split_once('\n').unwrap_or(("worker.js", &text));
    WORKER.with_borrow_mut(|worker| {
        // The host prepares before it initializes.
        let worker = worker.as_mut().expect("prepared");
        let handler = worker.runtime.context().with(|ctx| {
            let handler = match evaluate(&ctx, name, source) {
                Ok(handler) => handler,
                Err(Fault::Thrown(value)) => failure::exit(failure::EXCEPTION, &Failure::of(&value, &worker.prelude)),
                Err(Fault::Plain(code, message)) => failure::exit(code, &Failure::plain(&message)),
            };
            settle_heap(&ctx);
            // What every execution reads and writes, to where it will allocate.
            // SAFETY: the context is alive, and nothing of it runs.
            unsafe { JS_MoveTables(qjs::JS_GetRuntime(ctx.as_raw().as_ptr())) };
            Persistent::save(&ctx, handler)
        });
        worker.handler = Some(handler);
    });
    random::forget_seed();
    rejections::forget();
    drop(input);
    fill_gaps();
}

unsafe extern "C" {
    /// Added by `quickjs.patch`: moves the tables of atoms and shapes to new memory.
    fn JS_MoveTables(runtime: *mut qjs::JSRuntime);
}

enum Fault<'js> {
    Thrown(Value<'js>),
    Plain(i32, String),
}

/// Evaluates the top level to its end and gives the default export.
fn evaluate<'js>(ctx: &Ctx<'js>, name: &str, source: &str) -> Result<Function<'js>, Fault<'js>> {
    let thrown = |error: Error| match error {
        Error::Exception => Fault::Thrown(ctx.catch()),
        other => Fault::Plain(failure::EXCEPTION, other.to_string()),
    };
    let (module, promise) = Module::declare(ctx.clone(), name, source)
        .and_then(Module::eval)
        .map_err(thrown)?;
    run_jobs(ctx);
    match promise.state() {
        PromiseState::Resolved => {}
        PromiseState::Rejected => {
            let error = promise
                .result::<Value<'js>>()
                .and_then(Result::err)
                .unwrap_or(Error::Unknown);
            return Err(thrown(error));
        }
        PromiseState::Pending => {
            let message = "the top level of the module awaits a promise that nothing can settle";
            return Err(Fault::Plain(failure::UNSETTLED, message.into()));
        }
    }
    let export: Value<'js> = module.get("default").map_err(thrown)?;
    export.into_function().ok_or_else(|| {
        let message = "the default export is not a function: write `export default async (context, data) => …`";
        Fault::Plain(failure::EXCEPTION, message.into())
    })
}

/// Fills the gaps that building left in the heap, so that what an execution allocates lies together at the heap's end: it
/// writes to fewer pages, and each is copied for it and put back after it.
fn fill_gaps() {
    const LARGEST: usize = 4 << 10;
    const SMALLEST: usize = 16;
    let allocate = |size: usize| {
        // SAFETY: the layout is of a size above zero, and nothing is done with the memory.
        unsafe { std::alloc::alloc(Layout::from_size_align_unchecked(size, 8)) }
    };
    // Larger than any gap, so it is where the heap ends.
    let end = allocate(MARK_BYTES);
    let mut size = LARGEST;
    while size >= SMALLEST {
        let filled = allocate(size);
        if filled.is_null() {
            break;
        }
        if filled > end {
            // SAFETY: allocated a moment ago with this layout.
            unsafe { std::alloc::dealloc(filled, Layout::from_size_align_unchecked(size, 8)) };
            size -= 8;
        }
    }
    // SAFETY: as above.
    unsafe { std::alloc::dealloc(end, Layout::from_size_align_unchecked(MARK_BYTES, 8)) };
}

/// Collects what building left behind, and puts the next collection far enough away.
fn settle_heap(ctx: &Ctx<'_>) {
    ctx.run_gc();
    // SAFETY: the context is alive, and both calls only read or set numbers of its runtime.
    unsafe {
        let runtime = qjs::JS_GetRuntime(ctx.as_raw().as_ptr());
        let mut usage = std::mem::zeroed();
        qjs::JS_ComputeMemoryUsage(runtime, &raw mut usage);
        let used = u32::try_from(usage.malloc_size).unwrap_or(0);
        qjs::JS_SetGCThreshold(runtime, used + GC_SLACK_BYTES);
    }
}
