//! WASI preview 1 as guests get it: wasmtime's, with a price on every call and a refusal of what would read files or open
//! sockets.

use crate::charge::{BASE, charge, memory};
use crate::limits::{MAX_PAYLOAD_BYTES, MAX_RANDOM_BYTES};
use crate::sandbox::State;
use wasmtime::{Caller, Linker, Memory};
use wasmtime_wasi::p1::wasi_snapshot_preview1 as wasi;

/// Bytes of the guest's memory that one call may make the host look at: our runtime reads the largest payload, and writes
/// the largest value, in one.
pub(crate) const MAX_CALL_BYTES: usize = MAX_PAYLOAD_BYTES + (1 << 20);
/// The namespace.
const WASI: &str = "wasi_snapshot_preview1";

/// Events one `poll_oneoff` may wait for: each costs the host a timer.
const MAX_SUBSCRIPTIONS: u32 = 256;

/// `errno` as WASI numbers them.
const EBADF: i32 = 8;
const EINVAL: i32 = 28;
const ENOTSOCK: i32 = 57;
const ESPIPE: i32 = 70;

/// Adds functions of wasmtime's that cost the host little whatever they are given, at the base price. Without one, a loop
/// of them would run for a tenth of a second before it yields.
macro_rules! add_charged {
    ($linker:ident: $($name:ident($($argument:ident: $type:ty),*) $($wait:ident)?;)*) => {$(
        $linker.func_wrap_async(
            WASI,
            stringify!($name),
            |mut caller: Caller<'_, State>, ($($argument,)*): ($($type,)*)| {
                Box::new(async move {
                    charge(&mut caller, 0).await?;
                    let memory = memory(&mut caller)?;
                    let (state, mut memory) = guest(&mut caller, memory);
                    wasi::$name(&mut state.wasi, &mut memory, $($argument),*)$(.$wait)?
                })
            },
        )?;
    )*};
}

/// Adds functions that are answered with an error number whatever they are given.
macro_rules! add_refused {
    ($linker:ident: $($name:ident($($type:ty),*) = $errno:expr;)*) => {$(
        $linker.func_wrap_async(
            WASI,
            stringify!($name),
            |mut caller: Caller<'_, State>, _: ($($type,)*)| {
                Box::new(async move {
                    charge(&mut caller, 0).await?;
                    Ok($errno)
                })
            },
        )?;
    )*};
}

/// Adds it to `linker`.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p1::add_to_linker_async(linker, |state| &mut state.wasi)?;
    // Those that move bytes or wait are charged for that, too.
    linker.allow_shadowing(true);
    linker.func_wrap_async(WASI, "fd_read", |mut caller, (fd, iovs, len, out)| {
        Box::new(async move {
            let (memory, bytes) = vectors(&mut caller, iovs, len)?;
            charge(&mut caller, bytes).await?;
            let (state, mut memory) = guest(&mut caller, memory);
            wasi::fd_read(&mut state.wasi, &mut memory, fd, iovs, len, out).await
        })
    })?;
    linker.func_wrap_async(WASI, "fd_write", |mut caller, (fd, iovs, len, out)| {
        Box::new(async move {
            let (memory, bytes) = vectors(&mut caller, iovs, len)?;
            charge(&mut caller, bytes).await?;
            let (state, mut memory) = guest(&mut caller, memory);
            wasi::fd_write(&mut state.wasi, &mut memory, fd, iovs, len, out).await
        })
    })?;
    linker.func_wrap_async(WASI, "random_get", |mut caller, (buffer, len): (i32, i32)| {
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
    })?;
    linker.func_wrap_async(WASI, "poll_oneoff", |mut caller, (subs, events, count, out)| {
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
    })?;
    add_cheap(linker)?;
    // Guests have no files, and the first three would read megabytes of the guest's memory before they find out. They have
    // no sockets either, and wasmtime-wasi would write a line to the operator's log for every call.
    add_refused! { linker:
        fd_pread(i32, i32, i32, i64, i32) = ESPIPE;
        fd_pwrite(i32, i32, i32, i64, i32) = ESPIPE;
        path_open(i32, i32, i32, i32, i32, i64, i64, i32, i32) = EBADF;
        sock_accept(i32, i32, i32) = ENOTSOCK;
        sock_recv(i32, i32, i32, i32, i32, i32) = ENOTSOCK;
        sock_send(i32, i32, i32, i32, i32) = ENOTSOCK;
        sock_shutdown(i32, i32) = ENOTSOCK;
    }
    // WASI allows any exit code, wasmtime-wasi only those below 126.
    linker.func_wrap(WASI, "proc_exit", |code: i32| -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(wasmtime_wasi::I32Exit(code)))
    })?;
    linker.allow_shadowing(false);
    Ok(())
}

/// All that is neither expensive nor refused.
fn add_cheap(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_charged! { linker:
        args_get(argv: i32, buffer: i32);
        args_sizes_get(count: i32, bytes: i32);
        environ_get(environ: i32, buffer: i32);
        environ_sizes_get(count: i32, bytes: i32);
        clock_res_get(clock: i32, out: i32);
        clock_time_get(clock: i32, precision: i64, out: i32);
        fd_advise(fd: i32, offset: i64, length: i64, advice: i32) await;
        fd_allocate(fd: i32, offset: i64, length: i64);
        fd_close(fd: i32) await;
        fd_datasync(fd: i32) await;
        fd_fdstat_get(fd: i32, out: i32) await;
        fd_fdstat_set_flags(fd: i32, flags: i32);
        fd_fdstat_set_rights(fd: i32, base: i64, inheriting: i64);
        fd_filestat_get(fd: i32, out: i32) await;
        fd_filestat_set_size(fd: i32, size: i64) await;
        fd_filestat_set_times(fd: i32, accessed: i64, modified: i64, flags: i32) await;
        fd_prestat_get(fd: i32, out: i32);
        fd_prestat_dir_name(fd: i32, path: i32, length: i32);
        fd_readdir(fd: i32, buffer: i32, length: i32, cookie: i64, out: i32) await;
        fd_renumber(from: i32, to: i32) await;
        fd_seek(fd: i32, offset: i64, whence: i32, out: i32) await;
        fd_sync(fd: i32) await;
        fd_tell(fd: i32, out: i32);
        path_create_directory(fd: i32, path: i32, length: i32) await;
        path_filestat_get(fd: i32, flags: i32, path: i32, length: i32, out: i32) await;
        path_filestat_set_times(fd: i32, flags: i32, path: i32, length: i32, accessed: i64, modified: i64, set: i32) await;
        path_link(from: i32, flags: i32, path: i32, length: i32, to: i32, other: i32, other_length: i32) await;
        path_readlink(fd: i32, path: i32, length: i32, buffer: i32, buffer_length: i32, out: i32) await;
        path_remove_directory(fd: i32, path: i32, length: i32) await;
        path_rename(from: i32, path: i32, length: i32, to: i32, other: i32, other_length: i32) await;
        path_symlink(path: i32, length: i32, fd: i32, other: i32, other_length: i32) await;
        path_unlink_file(fd: i32, path: i32, length: i32) await;
        proc_raise(signal: i32);
        sched_yield();
    }
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
