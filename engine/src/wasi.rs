//! WASI preview 1 as guests get it: wasmtime's, with a price on what moves bytes and a refusal of what would read files.

use crate::charge::{BASE, charge, memory};
use crate::limits::{MAX_PAYLOAD_BYTES, MAX_RANDOM_BYTES};
use crate::sandbox::State;
use wasmtime::{Caller, Linker, Memory};
use wasmtime_wasi::p1::wasi_snapshot_preview1 as wasi;

/// Bytes of the guest's memory that one call may make the host look at: our runtime reads the largest payload, and writes
/// the largest value, in one.
pub(crate) const MAX_CALL_BYTES: usize = MAX_PAYLOAD_BYTES + (1 << 20);
/// Events one `poll_oneoff` may wait for: each costs the host a timer.
const MAX_SUBSCRIPTIONS: u32 = 256;

/// `errno` as WASI numbers them.
const EBADF: i32 = 8;
const EINVAL: i32 = 28;
const ESPIPE: i32 = 70;

/// Adds it to `linker`.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p1::add_to_linker_async(linker, |state| &mut state.wasi)?;
    // Four that move bytes or wait are replaced by what charges for it.
    linker.allow_shadowing(true);
    linker.func_wrap_async(
        "wasi_snapshot_preview1",
        "fd_read",
        |mut caller, (fd, iovs, len, out)| {
            Box::new(async move {
                let (memory, bytes) = vectors(&mut caller, iovs, len)?;
                charge(&mut caller, bytes).await?;
                let (state, mut memory) = guest(&mut caller, memory);
                wasi::fd_read(&mut state.wasi, &mut memory, fd, iovs, len, out).await
            })
        },
    )?;
    linker.func_wrap_async(
        "wasi_snapshot_preview1",
        "fd_write",
        |mut caller, (fd, iovs, len, out)| {
            Box::new(async move {
                let (memory, bytes) = vectors(&mut caller, iovs, len)?;
                charge(&mut caller, bytes).await?;
                let (state, mut memory) = guest(&mut caller, memory);
                wasi::fd_write(&mut state.wasi, &mut memory, fd, iovs, len, out).await
            })
        },
    )?;
    linker.func_wrap_async(
        "wasi_snapshot_preview1",
        "random_get",
        |mut caller, (buffer, len): (i32, i32)| {
            Box::new(async move {
                let memory = memory(&mut caller)?;
                let wanted = u64::from(len.cast_unsigned());
                charge(&mut caller, wanted.min(MAX_RANDOM_BYTES)).await?;
                if wanted > MAX_RANDOM_BYTES {
                    return Ok(EINVAL);
                }
                let (state, mut memory) = guest(&mut caller, memory);
                wasi::random_get(&mut state.wasi, &mut memory, buffer, len)
            })
        },
    )?;
    linker.func_wrap_async(
        "wasi_snapshot_preview1",
        "poll_oneoff",
        |mut caller, (subs, events, count, out)| {
            Box::new(async move {
                let memory = memory(&mut caller)?;
                let count: i32 = count;
                charge(
                    &mut caller,
                    u64::from(count.cast_unsigned().min(MAX_SUBSCRIPTIONS)) * BASE,
                )
                .await?;
                if count.cast_unsigned() > MAX_SUBSCRIPTIONS {
                    return Ok(EINVAL);
                }
                let (state, mut memory) = guest(&mut caller, memory);
                wasi::poll_oneoff(&mut state.wasi, &mut memory, subs, events, count, out).await
            })
        },
    )?;
    // Guests have no files, and these three would read megabytes of the guest's memory before they find out.
    for (name, errno) in [("fd_pread", ESPIPE), ("fd_pwrite", ESPIPE)] {
        linker.func_wrap_async(
            "wasi_snapshot_preview1",
            name,
            move |mut caller: Caller<'_, State>, _arguments: (i32, i32, i32, i64, i32)| {
                Box::new(async move {
                    charge(&mut caller, 0).await?;
                    Ok(errno)
                })
            },
        )?;
    }
    linker.func_wrap_async(
        "wasi_snapshot_preview1",
        "path_open",
        |mut caller: Caller<'_, State>, _arguments: (i32, i32, i32, i32, i32, i64, i64, i32, i32)| {
            Box::new(async move {
                charge(&mut caller, 0).await?;
                Ok(EBADF)
            })
        },
    )?;
    // WASI allows any exit code, wasmtime-wasi only those below 126.
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "proc_exit",
        |code: i32| -> wasmtime::Result<()> { Err(wasmtime::Error::new(wasmtime_wasi::I32Exit(code))) },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The memory, and the bytes that the call's vectors cover, as far as the host will look at them.
fn vectors(caller: &mut Caller<'_, State>, iovs: i32, count: i32) -> wasmtime::Result<(Memory, u64)> {
    let memory = memory(caller)?;
    // The host takes the first vector that is not empty, in one call.
    let data = memory.data(&*caller);
    let start = iovs.cast_unsigned() as usize;
    let listed = (count.cast_unsigned() as usize).saturating_mul(8);
    let Some(vectors) = data.get(start..start.saturating_add(listed)) else {
        return Ok((memory, 0));
    };
    let mut looked_at = 0;
    for vector in vectors.chunks_exact(8) {
        looked_at += 8;
        let length = u64::from(u32::from_le_bytes([vector[4], vector[5], vector[6], vector[7]]));
        if length > 0 {
            return Ok((memory, looked_at + length.min(MAX_CALL_BYTES as u64)));
        }
    }
    Ok((memory, looked_at))
}

/// What WASI needs of the guest.
fn guest<'a>(caller: &'a mut Caller<'_, State>, memory: Memory) -> (&'a mut State, wiggle::GuestMemory<'a>) {
    use wasi::WasiSnapshotPreview1 as _;
    let (data, state) = memory.data_and_store_mut(caller);
    state.wasi.set_hostcall_fuel(MAX_CALL_BYTES);
    (state, wiggle::GuestMemory::Unshared(data))
}
