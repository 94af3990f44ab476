//! Operations of the host, such as requests: started here, delivered by the event loop in `execute.rs`.
//!
//! Heads are JSON, bodies are bytes; the engine's `operation.rs` has the table of them. While a worker is built there is
//! no execution that could have any, and a standalone module has no host.

use javy::quickjs::{ArrayBuffer, Ctx, Exception, Object, Result};
use std::cell::Cell;

thread_local! {
    static IN_EXECUTION: Cell<bool> = const { Cell::new(false) };
    static CALLED: Cell<bool> = const { Cell::new(false) };
}

/// What an operation came to.
pub struct Answer {
    pub id: u32,
    pub head: Vec<u8>,
    pub body: Vec<u8>,
}

/// Notes that an execution starts.
pub fn open() {
    IN_EXECUTION.set(true);
}

/// Whether an execution runs; until then the worker is being built.
pub fn is_open() -> bool {
    IN_EXECUTION.get()
}

/// Whether any operation was started; a worker that starts none has nothing under way.
pub fn was_called() -> bool {
    CALLED.get()
}

/// Waits for whichever operation finishes first; `None` when nothing is under way.
pub fn next() -> Option<Answer> {
    imports::wait(0)
}

/// `start(head, body) -> id`.
pub fn start<'js>(ctx: Ctx<'js>, head: String, body: Option<ArrayBuffer<'js>>) -> Result<u32> {
    check(&ctx)?;
    CALLED.set(true);
    let body = body.as_ref().and_then(ArrayBuffer::as_bytes).unwrap_or_default();
    match imports::start(head.as_bytes(), body) {
        0 => Err(Exception::throw_range(
            &ctx,
            "too many operations are under way, or one is too large",
        )),
        id => Ok(id),
    }
}

/// `call(head, body) -> { head, body }`, for what is answered at once.
pub fn call<'js>(ctx: Ctx<'js>, head: String, body: Option<ArrayBuffer<'js>>) -> Result<Object<'js>> {
    let id = start(ctx.clone(), head, body)?;
    let answer = imports::wait(id).ok_or_else(|| Exception::throw_type(&ctx, "the host does not answer"))?;
    let object = Object::new(ctx.clone())?;
    object.set("head", String::from_utf8_lossy(&answer.head).into_owned())?;
    object.set("body", ArrayBuffer::new(ctx, answer.body)?)?;
    Ok(object)
}

/// `cancel(id)`.
pub fn cancel(id: u32) {
    imports::cancel(id);
}

fn check(ctx: &Ctx<'_>) -> Result<()> {
    if !is_open() {
        let sentence = "host calls are not available while the worker is built: the top level of a module runs once, \
            for all executions; move this into the handler";
        return Err(Exception::throw_type(ctx, sentence));
    }
    if cfg!(not(feature = "host")) {
        let sentence = "host calls are not available: this module was built to stand alone (--standalone)";
        return Err(Exception::throw_type(ctx, sentence));
    }
    Ok(())
}

#[cfg(feature = "host")]
mod imports {
    use super::Answer;

    #[link(wasm_import_module = "host")]
    unsafe extern "C" {
        #[link_name = "start"]
        fn host_start(operation: *const u8, length: usize, body: *const u8, body_length: usize) -> u32;
        #[link_name = "wait"]
        fn host_wait(id: u32, out: *mut [u32; 3]) -> u32;
        #[link_name = "read"]
        fn host_read(id: u32, head: *mut u8, body: *mut u8);
        #[link_name = "cancel"]
        fn host_cancel(id: u32);
    }

    pub fn start(operation: &[u8], body: &[u8]) -> u32 {
        // SAFETY: the host reads exactly these two slices.
        unsafe { host_start(operation.as_ptr(), operation.len(), body.as_ptr(), body.len()) }
    }

    pub fn wait(id: u32) -> Option<Answer> {
        let mut told = [0; 3];
        // SAFETY: the host writes exactly three numbers.
        if unsafe { host_wait(id, &raw mut told) } == 0 {
            return None;
        }
        let [id, head, body] = told;
        let (mut head, mut body) = (vec![0; head as usize], vec![0; body as usize]);
        // SAFETY: both have the lengths that the host told, and it writes no more.
        unsafe { host_read(id, head.as_mut_ptr(), body.as_mut_ptr()) };
        Some(Answer { id, head, body })
    }

    pub fn cancel(id: u32) {
        // SAFETY: takes a number.
        unsafe { host_cancel(id) };
    }
}

#[cfg(not(feature = "host"))]
mod imports {
    use super::Answer;

    pub fn start(_operation: &[u8], _body: &[u8]) -> u32 {
        0
    }

    pub fn wait(_id: u32) -> Option<Answer> {
        None
    }

    pub fn cancel(_id: u32) {}
}
