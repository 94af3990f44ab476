//! The request-time half: payload, handler, event loop, value.

use crate::failure::{self, Failure};
use crate::prelude::Prelude;
use crate::{Worker, clock, console, host, rejections, run_jobs, stdio};
use std::mem::ManuallyDrop;
use javy::quickjs::{ArrayBuffer, Ctx, Error, Exception, Function, Object, Value, promise::PromiseState};

/// Runs the handler on stdin and writes what it returns to stdout.
pub fn execute(worker: &Worker) {
    let input = stdio::read_input();
    clock::start();
    host::open();
    let prelude = &worker.prelude;
    worker.runtime.context().with(|ctx| {
        let mut promise = None;
        let outcome = call(&ctx, worker, input, &mut promise);
        rejections::report(&ctx, promise.as_ref(), prelude);
        // What is still under way ends here; the author should know.
        if let Some(warning) = host::was_called().then(|| prelude.pending(&ctx)).flatten() {
            console::write(console::WARN, &warning);
        }
        let value = match outcome {
            Ok(value) => value,
            Err(Fault::Failed(error)) => failure::exit(failure::EXCEPTION, &failed(&ctx, error, prelude)),
            Err(Fault::Unsettled) => {
                let message = "the worker waits for a promise that nothing can settle";
                failure::exit(failure::UNSETTLED, &Failure::plain(message))
            }
        };
        // Nothing of this is freed: the memory ends with the execution.
        let value = ManuallyDrop::new(value);
        let _promise = ManuallyDrop::new(promise);
        match ctx.json_stringify(Value::clone(&value)) {
            Ok(None) => {}
            Ok(Some(json)) => match json.to_cstring().map(ManuallyDrop::new) {
                Ok(json) => stdio::write_output(json.as_str().as_bytes()),
                Err(error) => failure::exit(failure::INVALID_OUTPUT, &failed(&ctx, error, prelude)),
            },
            Err(error) => failure::exit(failure::INVALID_OUTPUT, &failed(&ctx, error, prelude)),
        }
    });
}

enum Fault {
    Failed(Error),
    Unsettled,
}

/// Calls the handler and waits for what it returns; `waited_for` gets the promise, if it returned one.
fn call<'js>(
    ctx: &Ctx<'js>,
    worker: &Worker,
    input: Vec<u8>,
    waited_for: &mut Option<Value<'js>>,
) -> Result<Value<'js>, Fault> {
    let prelude = &worker.prelude;
    let data = match input.is_empty() {
        true => Value::new_undefined(ctx.clone()),
        false => ctx.json_parse(input).map_err(Fault::Failed)?,
    };
    // Kept and restored in the one runtime there is.
    let handler = worker
        .handler
        .clone()
        .map(|handler| handler.restore(ctx).expect("one runtime"));
    let handler =
        handler.ok_or_else(|| Fault::Failed(Exception::throw_message(ctx, "this runtime holds no worker")))?;
    let mut value: Value<'js> = handler.call((prelude.context(ctx), data)).map_err(Fault::Failed)?;
    if value.is_object() && !value.is_promise() {
        // A thenable of the worker's own is awaited as `await` would; `then` may be a getter, read by `adopt` alone.
        if value.as_object().is_some_and(|object| has_then(object)) {
            value = prelude.adopt(ctx).call((value,)).map_err(Fault::Failed)?;
        }
    }
    // Also for a handler that is not async: what it has queued runs before its value is written.
    run_jobs(ctx);
    let Some(promise) = value.as_promise() else {
        return Ok(value);
    };
    *waited_for = Some(value.clone());
    let mut deliver: Option<Function<'js>> = None;
    while promise.state() == PromiseState::Pending {
        let answer = host::next().ok_or(Fault::Unsettled)?;
        let deliver = deliver.get_or_insert_with(|| prelude.deliver(ctx));
        let head = String::from_utf8_lossy(&answer.head).into_owned();
        // Copied to QuickJS's own memory: the collector counts nothing else, and starts by what it counts.
        let body = ArrayBuffer::new_copy(ctx.clone(), answer.body).map_err(Fault::Failed)?;
        deliver.call::<_, ()>((answer.id, head, body)).map_err(Fault::Failed)?;
        run_jobs(ctx);
    }
    promise.result().unwrap_or(Err(Error::Unknown)).map_err(Fault::Failed)
}

fn has_then(object: &Object<'_>) -> bool {
    object.contains_key("then").unwrap_or_else(|_| {
        object.ctx().catch();
        false
    })
}

fn failed<'js>(ctx: &Ctx<'js>, error: Error, prelude: &Prelude) -> Failure {
    match error {
        Error::Exception => Failure::of(&ctx.catch(), prelude),
        other => Failure::plain(&other.to_string()),
    }
}
