//! The build-time half: evaluate the worker's module and keep what an execution needs.

use crate::failure::{self, Failure};
use crate::{WORKER, Worker, console, random, run_jobs, stdio};
use javy::quickjs::context::EvalOptions;
use javy::quickjs::{Ctx, Error, Function, Module, Object, Persistent, Value, function::Func, promise::PromiseState, qjs};

/// The JavaScript that surrounds a worker: `console`, and how values are shown.
const PRELUDE: &str = include_str!(concat!(env!("OUT_DIR"), "/prelude.js"));

/// JavaScript may use this much of the linear memory's stack (1 MiB, of which native code needs the rest) before it
/// gets a RangeError.
const STACK_BYTES: usize = 640 << 10;

/// Garbage in cycles is collected when the heap has grown by this much since the snapshot; most executions never do.
const GC_SLACK_BYTES: u32 = 4 << 20;

/// Reads `<file name>\n<source>` from stdin and keeps the module's default export in [`WORKER`].
pub fn initialize() {
    let input = stdio::read_input();
    let text = String::from_utf8_lossy(&input);
    let (name, source) = text.split_once('\n').unwrap_or(("worker.js", &text));

    let mut config = javy::Config::default();
    config.max_stack_size(STACK_BYTES).text_encoding(true).weak_ref(true);
    let runtime = match javy::Runtime::new(config) {
        Ok(runtime) => runtime,
        Err(error) => failure::exit(failure::EXCEPTION, &Failure::plain(&error.to_string())),
    };
    let (handler, adopt, inspect) = runtime.context().with(|ctx| {
        let (adopt, inspect) = match prelude(&ctx) {
            Ok(functions) => functions,
            Err(error) => failure::exit(failure::EXCEPTION, &Failure::plain(&javy::from_js_error(ctx, error).to_string())),
        };
        let handler = match evaluate(&ctx, name, source) {
            Ok(handler) => handler,
            Err(Fault::Thrown(value)) => failure::exit(failure::EXCEPTION, &Failure::of(&value, &inspect)),
            Err(Fault::Plain(code, message)) => failure::exit(code, &Failure::plain(&message)),
        };
        settle_heap(&ctx);
        (Persistent::save(&ctx, handler), Persistent::save(&ctx, adopt), Persistent::save(&ctx, inspect))
    });
    random::forget_seed();
    WORKER.set(Some(Worker { runtime, handler, adopt, inspect }));
}

enum Fault<'js> {
    Thrown(Value<'js>),
    Plain(i32, String),
}

/// Installs what surrounds a worker; gives `adopt` and `inspect`.
fn prelude<'js>(ctx: &Ctx<'js>) -> Result<(Function<'js>, Function<'js>), Error> {
    random::install(ctx)?;
    let globals = ctx.globals();
    // What javy brings for its own programs.
    globals.remove("Javy")?;
    let mut options = EvalOptions::default();
    options.filename = Some(failure::RUNTIME_FILE.into());
    let install: Function<'js> = ctx.eval_with_options(PRELUDE, options)?;
    let native = Object::new(ctx.clone())?;
    native.set("log", console::writer(ctx)?)?;
    native.set("now", Func::from(now_millis))?;
    let kept: Object<'js> = install.call((globals, native))?;
    Ok((kept.get("adopt")?, kept.get("inspect")?))
}

/// Milliseconds of a clock that only goes forward.
fn now_millis() -> f64 {
    thread_local! {
        static START: std::time::Instant = std::time::Instant::now();
    }
    START.with(|start| start.elapsed().as_secs_f64() * 1e3)
}

/// Evaluates the top level to its end and gives the default export.
fn evaluate<'js>(ctx: &Ctx<'js>, name: &str, source: &str) -> Result<Function<'js>, Fault<'js>> {
    let thrown = |error: Error| match error {
        Error::Exception => Fault::Thrown(ctx.catch()),
        other => Fault::Plain(failure::EXCEPTION, other.to_string()),
    };
    let (module, promise) = Module::declare(ctx.clone(), name, source).and_then(Module::eval).map_err(thrown)?;
    run_jobs(ctx);
    match promise.state() {
        PromiseState::Resolved => {}
        PromiseState::Rejected => {
            let error = promise.result::<Value<'js>>().and_then(Result::err).unwrap_or(Error::Unknown);
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
