//! One execution: a store, the worker's module in it, and what became of it.

use crate::execution::{Execution, Logs, Outcome, Phases, Thrown, Usage};
use crate::operation::TooManyCalls;
use crate::sandbox::{self, Armed, Given};
use crate::stdio::Written;
use crate::supervise::{Ended, supervise};
use crate::worker::{Inner, Loader, Worker};
use crate::world::Clocks;
use crate::{Request, RunError};
use bytes::Bytes;
use std::time::Instant;
use wasmtime::Memory;
use wasmtime_wasi::I32Exit;

/// Exit codes of our JavaScript runtime (`guest-sdk/runtime/src/failure.rs`).
const EXCEPTION: i32 = 1;
const UNSETTLED: i32 = 2;
const INVALID_OUTPUT: i32 = 3;

/// Runs `worker` in a store of its own, which is dropped whatever happened in it.
pub(crate) async fn run(
    loader: &Loader,
    worker: &Worker,
    request: Request,
    cancelled: impl Future<Output = ()>,
) -> Result<Execution, RunError> {
    let started = Instant::now();
    let ready = loader.ready(worker).await.map_err(RunError::internal)?;
    let worker = &*worker.0;
    let limits = request.limits;
    let given = Given {
        stdin: request.payload.into_bytes(),
        environment: request.environment,
        grants: request.grants,
        clocks: Clocks::Running(Instant::now()),
    };
    let Armed {
        mut store,
        stdout,
        stderr,
    } = sandbox::arm(loader.engine(), given, &limits).map_err(RunError::internal)?;

    let armed = Instant::now();
    let mut instantiated = None;
    let mut memory = None;
    let guest = async {
        let instances = ready.instantiate(&mut store).await?;
        let (start, exported) = ready.exports(&instances, &mut store)?;
        instantiated = Some(Instant::now());
        memory = Some(exported);
        store.data_mut().memory = memory;
        start.call_async(&mut store, ()).await
    };
    let (ended, cpu) = supervise(guest, &limits, cancelled).await;

    let ran = Instant::now();
    let fuel = limits.fuel - store.get_fuel().unwrap_or(0).min(limits.fuel);
    let peak_memory_bytes = memory.map_or(0, |memory: Memory| memory.data_size(&store));
    let state = store.data();
    let memory_denied = state.memory_denied;
    let traffic = state.operations.traffic();
    let mut state_changes = state.operations.state_changes();
    drop(store);
    let dropped = Instant::now();
    let instantiated = instantiated.unwrap_or(ran);
    let phases = Phases {
        set_up: armed - started,
        instantiate: instantiated - armed,
        run: ran - instantiated,
        drop: dropped - ran,
    };
    let stderr = stderr.take();
    let Written {
        bytes: mut output,
        overflowed,
        ..
    } = stdout.take();
    let outcome = match ended {
        Ended::OutOfCpu => Outcome::CpuLimit,
        Ended::TimedOut => Outcome::TimeLimit,
        Ended::Cancelled => Outcome::Cancelled,
        Ended::Finished(Err(error)) if error.is::<wasmtime::PoolConcurrencyLimitError>() => return Err(RunError::Busy),
        Ended::Finished(result) => {
            let outcome = judge(result, &output, worker);
            match outcome {
                Outcome::Success if overflowed => Outcome::OutputTooLarge,
                Outcome::Success | Outcome::CpuLimit | Outcome::HostCallLimit => outcome,
                _ if memory_denied => Outcome::MemoryLimit,
                // What was thrown is told in little; it is no value that was too large.
                Outcome::Exception(_) => outcome,
                _ if overflowed => Outcome::OutputTooLarge,
                _ => outcome,
            }
        }
    };
    if !outcome.is_success() {
        output = Vec::new();
        state_changes.clear();
    }
    Ok(Execution {
        outcome,
        output: Bytes::from(output),
        logs: Logs {
            bytes: Bytes::from(stderr.bytes),
            truncated: stderr.overflowed,
            source_map: worker.source_map.clone(),
        },
        state_changes,
        usage: Usage {
            fuel,
            cpu,
            wall: dropped - started,
            peak_memory_bytes,
            requests: traffic.requests,
            sent_bytes: traffic.sent_bytes,
            received_bytes: traffic.received_bytes,
            phases,
        },
    })
}

/// What a guest that came to its end by itself made of it.
fn judge(result: wasmtime::Result<()>, output: &[u8], worker: &Inner) -> Outcome {
    let error = match result {
        Ok(()) => return finished(output),
        Err(error) => error,
    };
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return match (*code, worker.javascript) {
            (0, _) => finished(output),
            (EXCEPTION, true) => Outcome::Exception(thrown(output, worker).unwrap_or_else(untold)),
            (UNSETTLED, true) => Outcome::Unsettled,
            (INVALID_OUTPUT, true) => {
                let thrown = thrown(output, worker).unwrap_or_else(untold);
                Outcome::InvalidOutput(format!("{}: {}", thrown.name, thrown.message))
            }
            (code, _) => match thrown(output, worker) {
                // Any command can throw as our runtime does: it tells what, and exits with this code.
                Some(thrown) if code == EXCEPTION && thrown.is_told() => Outcome::Exception(thrown),
                told => Outcome::Exit(code, told),
            },
        };
    }
    if error.is::<TooManyCalls>() {
        return Outcome::HostCallLimit;
    }
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::OutOfFuel) => Outcome::CpuLimit,
        Some(wasmtime::Trap::StackOverflow) => Outcome::StackOverflow,
        Some(trap) => Outcome::Trap(trap.to_string()),
        None => Outcome::Trap(format!("{error:#}")),
    }
}

/// Exit code 0 promises nothing or one JSON document.
fn finished(output: &[u8]) -> Outcome {
    if output.is_empty() {
        return Outcome::Success;
    }
    if let Err(error) = std::str::from_utf8(output) {
        return Outcome::InvalidOutput(error.to_string());
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(output) {
        Ok(_) => Outcome::Success,
        Err(error) => Outcome::InvalidOutput(error.to_string()),
    }
}

/// What stands for an error that the guest did not get to tell.
fn untold() -> Thrown {
    Thrown {
        name: "Error".into(),
        message: "the worker failed without saying why".into(),
        ..Thrown::default()
    }
}

/// The error a guest left on stdout, with its frames at the author's lines.
fn thrown(output: &[u8], worker: &Inner) -> Option<Thrown> {
    let thrown: Thrown = serde_json::from_slice(output).ok()?;
    Some(thrown.mapped(worker.source_map.as_deref()))
}
