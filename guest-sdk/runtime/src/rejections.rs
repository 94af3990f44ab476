//! Promises that were rejected and that nobody looked at: their errors would be lost, so they are told in the log.

use crate::console;
use crate::prelude::Prelude;
use javy::quickjs::{Ctx, Persistent, Runtime, Value};
use std::cell::RefCell;

/// More are not remembered; a loop can leave thousands.
const MAX_KEPT: usize = 10;

type Kept = Persistent<Value<'static>>;

thread_local! {
    /// Promises and their reasons.
    static REJECTED: RefCell<Vec<(Kept, Kept)>> = const { RefCell::new(Vec::new()) };
}

/// Remembers rejections from now on, until somebody handles them.
pub fn watch(runtime: &Runtime) {
    runtime.set_host_promise_rejection_tracker(Some(Box::new(|ctx, promise, reason, is_handled| {
        REJECTED.with_borrow_mut(|rejected| match is_handled {
            true => rejected.retain(|(kept, _)| !is(&ctx, kept, &promise)),
            false if rejected.len() < MAX_KEPT => {
                rejected.push((Persistent::save(&ctx, promise), Persistent::save(&ctx, reason)));
            }
            false => {}
        });
    })));
}

/// Tells of all but `outcome`, the handler's own promise.
pub fn report<'js>(ctx: &Ctx<'js>, outcome: Option<&Value<'js>>, prelude: &Prelude) {
    for (promise, reason) in REJECTED.take() {
        if outcome.is_some_and(|outcome| is(ctx, &promise, outcome)) {
            continue;
        }
        if let Some(shown) = reason.restore(ctx).ok().and_then(|reason| prelude.inspect(&reason)) {
            console::write(console::ERROR, &format!("Uncaught (in promise) {shown}"));
        }
    }
}

/// Forgets what the top level left.
pub fn forget() {
    REJECTED.take();
}

fn is<'js>(ctx: &Ctx<'js>, kept: &Kept, value: &Value<'js>) -> bool {
    kept.clone().restore(ctx).is_ok_and(|kept| kept == *value)
}
