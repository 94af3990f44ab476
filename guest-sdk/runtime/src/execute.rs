//! The request-time half: payload, handler, value.

use crate::failure::{self, Failure};
use crate::{Worker, run_jobs, stdio};
use javy::quickjs::{Ctx, Error, Function, Object, Promise, Value, promise::PromiseState};

/// Runs the handler on stdin and writes what it returns to stdout.
pub fn execute(worker: &Worker) {
    let input = stdio::read_input();
    worker.runtime.context().with(|ctx| {
        let inspect = restore(&ctx, &worker.inspect);
        let value = match call(&ctx, worker, input) {
            Ok(value) => value,
            Err(Fault::Failed(error)) => failure::exit(failure::EXCEPTION, &failed(&ctx, error, &inspect)),
            Err(Fault::Unsettled) => {
                let message = "the worker waits for a promise that nothing can settle";
                failure::exit(failure::UNSETTLED, &Failure::plain(message))
            }
        };
        match ctx.json_stringify(value) {
            Ok(None) => {}
            Ok(Some(json)) => match json.to_string() {
                Ok(json) => stdio::write_output(json.as_bytes()),
                Err(error) => failure::exit(failure::INVALID_OUTPUT, &failed(&ctx, error, &inspect)),
            },
            Err(error) => failure::exit(failure::INVALID_OUTPUT, &failed(&ctx, error, &inspect)),
        }
    });
}

enum Fault {
    Failed(Error),
    Unsettled,
}

fn call<'js>(ctx: &Ctx<'js>, worker: &Worker, input: Vec<u8>) -> Result<Value<'js>, Fault> {
    let data = match input.is_empty() {
        true => Value::new_undefined(ctx.clone()),
        false => ctx.json_parse(input).map_err(Fault::Failed)?,
    };
    let context = Object::new(ctx.clone()).map_err(Fault::Failed)?;
    let handler = restore(ctx, &worker.handler);
    let mut value: Value<'js> = handler.call((context, data)).map_err(Fault::Failed)?;
    if value.is_object() && !value.is_promise() {
        // A thenable of the worker's own is awaited as `await` would; `then` may be a getter, read by `adopt` alone.
        if value.as_object().is_some_and(|object| has_then(object)) {
            value = restore(ctx, &worker.adopt).call((value,)).map_err(Fault::Failed)?;
        }
    }
    // Also for a handler that is not async: what it has queued runs before its value is written.
    run_jobs(ctx);
    match value.as_promise() {
        Some(promise) => settled(promise),
        None => Ok(value),
    }
}

fn has_then(object: &Object<'_>) -> bool {
    object.contains_key("then").unwrap_or_else(|_| {
        object.ctx().catch();
        false
    })
}

fn settled<'js>(promise: &Promise<'js>) -> Result<Value<'js>, Fault> {
    match promise.state() {
        PromiseState::Pending => Err(Fault::Unsettled),
        PromiseState::Resolved | PromiseState::Rejected => {
            promise.result().unwrap_or(Err(Error::Unknown)).map_err(Fault::Failed)
        }
    }
}

fn failed<'js>(ctx: &Ctx<'js>, error: Error, inspect: &Function<'js>) -> Failure {
    match error {
        Error::Exception => Failure::caught(ctx, inspect),
        other => Failure::plain(&other.to_string()),
    }
}

fn restore<'js>(ctx: &Ctx<'js>, kept: &javy::quickjs::Persistent<Function<'static>>) -> Function<'js> {
    // SAFETY of the expectation: kept and restored in the one runtime there is.
    kept.clone().restore(ctx).expect("one runtime")
}
