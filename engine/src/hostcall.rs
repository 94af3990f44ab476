//! The import namespace `host`: four functions, enough for an event loop.
//!
//! - `start(operation, length, body, length) -> id` begins an operation (see `operation.rs`); 0 when too many are under
//!   way, or one is too long. One more than the execution may start ends it.
//! - `wait(id, out) -> found` waits for operation `id`, or for whichever finishes first if it is 0, and writes its
//!   number and the lengths of the answer and its body to `out`, three numbers of 32 bits; 0 when nothing is under way.
//! - `read(id, answer, body)` copies an answer to two places of the lengths told, and forgets it.
//! - `cancel(id)` gives an operation up.

use crate::charge::{charge, memory};
use crate::limits::{MAX_BODY_BYTES, MAX_OPERATION_BYTES};
use crate::sandbox::State;
use wasmtime::{Caller, Linker};

/// The name of the namespace.
const HOST: &str = "host";

/// Adds the four functions to `linker`.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        HOST,
        "start",
        |mut caller: Caller<'_, State>, places: (u32, u32, u32, u32)| {
            Box::new(async move {
                let (operation, length, body, body_length) = places;
                charge(&mut caller, u64::from(length) + u64::from(body_length)).await?;
                if length > MAX_OPERATION_BYTES || body_length > MAX_BODY_BYTES {
                    return Ok(0);
                }
                let (data, state) = memory(&mut caller)?.data_and_store_mut(&mut caller);
                let operation = part(data, operation, length)?;
                let body = part(data, body, body_length)?;
                Ok(state.operations.start(operation, body)?.unwrap_or(0))
            })
        },
    )?;
    linker.func_wrap_async(HOST, "wait", |mut caller: Caller<'_, State>, (id, out): (u32, u32)| {
        Box::new(async move {
            charge(&mut caller, 0).await?;
            let found = caller.data_mut().operations.wait(id).await;
            let Some((id, answer)) = found else { return Ok(0_u32) };
            let numbers = [id, length(&answer.head)?, length(&answer.body)?].map(u32::to_le_bytes);
            memory(&mut caller)?.write(&mut caller, out as usize, numbers.as_flattened())?;
            Ok(1)
        })
    })?;
    linker.func_wrap_async(
        HOST,
        "read",
        |mut caller: Caller<'_, State>, (id, head, body): (u32, u32, u32)| {
            Box::new(async move {
                let Some(answer) = caller.data_mut().operations.take(id) else {
                    return Ok(());
                };
                charge(&mut caller, (answer.head.len() + answer.body.len()) as u64).await?;
                let memory = memory(&mut caller)?;
                memory.write(&mut caller, head as usize, &answer.head)?;
                memory.write(&mut caller, body as usize, &answer.body)?;
                Ok(())
            })
        },
    )?;
    linker.func_wrap_async(HOST, "cancel", |mut caller: Caller<'_, State>, (id,): (u32,)| {
        Box::new(async move {
            charge(&mut caller, 0).await?;
            caller.data_mut().operations.cancel(id);
            Ok(())
        })
    })?;
    Ok(())
}

fn length(bytes: &[u8]) -> wasmtime::Result<u32> {
    Ok(u32::try_from(bytes.len())?)
}

/// A stretch of the guest's memory.
fn part(data: &[u8], start: u32, length: u32) -> wasmtime::Result<&[u8]> {
    let start = start as usize;
    let end = start.saturating_add(length as usize);
    data.get(start..end)
        .ok_or_else(|| wasmtime::Trap::MemoryOutOfBounds.into())
}
