//! The price of calling the host.
//!
//! wasmtime charges a call of the host like one instruction, however much it copies. A loop of such calls would burn
//! little fuel in much time, and would hardly ever yield. So every call that can move many bytes is charged a base and
//! so much per byte, and yields to the other executions of its thread as often as computing would.

use crate::sandbox::State;
use wasmtime::{AsContextMut, Caller, Extern, Memory};

/// Fuel between two yields: about 35 µs of JavaScript.
pub(crate) const YIELD_INTERVAL: u64 = 500_000;
/// Fuel for one call.
pub(crate) const BASE: u64 = 500;

/// Takes the base and `amount` off the guest's fuel, and yields when it is time.
pub(crate) async fn charge(caller: &mut Caller<'_, State>, amount: u64) -> wasmtime::Result<()> {
    let price = BASE + amount;
    let left = caller.get_fuel()?;
    let Some(after) = left.checked_sub(price) else {
        caller.as_context_mut().set_fuel(0)?;
        return Err(wasmtime::Trap::OutOfFuel.into());
    };
    // Setting the fuel starts wasmtime's own interval anew, so what was burnt since the last call is counted here.
    caller.as_context_mut().set_fuel(after)?;
    let state = caller.data_mut();
    state.burnt_since_yield += state.fuel_seen.saturating_sub(left) + price;
    state.fuel_seen = after;
    if state.burnt_since_yield >= YIELD_INTERVAL {
        state.burnt_since_yield = 0;
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// The guest's memory.
pub(crate) fn memory(caller: &mut Caller<'_, State>) -> wasmtime::Result<Memory> {
    if let Some(memory) = caller.data().memory {
        return Ok(memory);
    }
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(memory),
        _ => Err(wasmtime::Error::msg("the module exports no memory named `memory`")),
    }
}
