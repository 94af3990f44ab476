//! WASI preview 1 as guests get it: wasmtime's, with a price on every call and a refusal of what would read files or open
//! sockets.

use crate::charge::{BASE, charge, memory};
use crate::limits::{MAX_PAYLOAD_BYTES, MAX_RANDOM_BYTES};
use crate::sandbox::State;
use std::ops::Range;
use wasmtime::{Caller, Linker, Memory};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::wasi_snapshot_preview1 as wasi;

/// Bytes of the guest's memory that one call may make the host look at: our runtime reads the largest payload, and writes
/// the largest value, in one.
pub(crate) const MAX_CALL_BYTES: usize = MAX_PAYLOAD_BYTES + (1 << 20);
/// The namespace.
const WASI: &str = "wasi_snapshot_preview1";

/// Events one `poll_oneoff` may wait for: each costs the host a timer.
const MAX_SUBSCRIPTIONS: u32 = 256;

/// `errno` as WASI numbers them.
const SUCCESS: i32 = 0;
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
                    let (wasi, mut memory) = guest(&mut caller, memory);
                    wasi::$name(wasi, &mut memory, $($argument),*)$(.$wait)?
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
    wasmtime_wasi::p1::add_to_linker_async(linker, |state| state.world.wasi())?;
    // Those that move bytes or wait are charged for that, too.
    linker.allow_shadowing(true);
    linker.func_wrap_async(WASI, "fd_read", |mut caller, (fd, iovs, len, out)| {
        Box::new(async move {
            let memory = memory(&mut caller)?;
            let vectors = Vectors::of(memory.data(&caller), iovs, len);
            // However large the guest's buffer is, no more is copied than there is.
            let copied = vectors.length.min(caller.data().world.unread());
            charge(&mut caller, vectors.looked_at + copied as u64).await?;
            if read(&mut caller, memory, fd, &vectors, out).is_some() {
                return Ok(SUCCESS);
            }
            let (wasi, mut memory) = guest(&mut caller, memory);
            wasi::fd_read(wasi, &mut memory, fd, iovs, len, out).await
        })
    })?;
    linker.func_wrap_async(WASI, "fd_write", |mut caller, (fd, iovs, len, out)| {
        Box::new(async move {
            let memory = memory(&mut caller)?;
            let vectors = Vectors::of(memory.data(&caller), iovs, len);
            charge(&mut caller, vectors.looked_at + vectors.length as u64).await?;
            if write(&mut caller, memory, fd, &vectors, out).is_some() {
                return Ok(SUCCESS);
            }
            let (wasi, mut memory) = guest(&mut caller, memory);
            wasi::fd_write(wasi, &mut memory, fd, iovs, len, out).await
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
            let (wasi, mut memory) = guest(&mut caller, memory);
            wasi::random_get(wasi, &mut memory, buffer, len)
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
            let (wasi, mut memory) = guest(&mut caller, memory);
            wasi::poll_oneoff(wasi, &mut memory, subs, events, count, out).await
        })
    })?;
    // From then on it is for wasmtime-wasi to say what the numbers are.
    linker.func_wrap_async(WASI, "fd_close", |mut caller, (fd,): (i32,)| {
        Box::new(async move {
            charge(&mut caller, 0).await?;
            let memory = memory(&mut caller)?;
            caller.data_mut().world.files_move();
            let (wasi, mut memory) = guest(&mut caller, memory);
            wasi::fd_close(wasi, &mut memory, fd).await
        })
    })?;
    linker.func_wrap_async(WASI, "fd_renumber", |mut caller, (from, to): (i32, i32)| {
        Box::new(async move {
            charge(&mut caller, 0).await?;
            let memory = memory(&mut caller)?;
            caller.data_mut().world.files_move();
            let (wasi, mut memory) = guest(&mut caller, memory);
            wasi::fd_renumber(wasi, &mut memory, from, to).await
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

/// The vectors of a call, as far as the host will look at them: it takes the first that is not empty.
struct Vectors {
    /// Bytes of vectors looked at.
    looked_at: u64,
    /// The bytes that the one taken covers, as far as the host copies them.
    length: usize,
    /// Where they are, unless something is unusual about it.
    taken: Option<Range<usize>>,
}

impl Vectors {
    fn of(data: &[u8], iovs: i32, count: i32) -> Self {
        let start = iovs.cast_unsigned() as usize;
        let listed = (count.cast_unsigned() as usize).saturating_mul(8);
        let vectors = data.get(start..start.saturating_add(listed)).unwrap_or_default();
        let mut looked_at = 0;
        for vector in vectors.chunks_exact(8) {
            looked_at += 8;
            let number = |at| u32::from_le_bytes([vector[at], vector[at + 1], vector[at + 2], vector[at + 3]]) as usize;
            let (start, length) = (number(0), number(4));
            if length > 0 {
                let usual = iovs % 4 == 0 && length <= MAX_CALL_BYTES;
                return Self {
                    looked_at,
                    length: length.min(MAX_CALL_BYTES),
                    taken: usual.then(|| start..start.saturating_add(length)),
                };
            }
        }
        Self {
            looked_at,
            length: 0,
            taken: None,
        }
    }
}

/// The four bytes at `out`, where a number may be.
fn number(data: &mut [u8], out: i32) -> Option<&mut [u8; 4]> {
    let out = out.cast_unsigned() as usize;
    data.get_mut(out..)?.first_chunk_mut().filter(|_| out.is_multiple_of(4))
}

/// `fd_read` as it mostly is. `None` where something is unusual: nothing has been done then.
fn read(caller: &mut Caller<'_, State>, memory: Memory, fd: i32, vectors: &Vectors, out: i32) -> Option<()> {
    let (data, state) = memory.data_and_store_mut(caller);
    let taken = vectors.taken.clone()?;
    number(data, out)?;
    let place = data.get_mut(taken)?;
    let bytes = state.world.read(fd, place.len())?;
    place[..bytes.len()].copy_from_slice(&bytes);
    *number(data, out)? = u32::try_from(bytes.len()).ok()?.to_le_bytes();
    Some(())
}

/// `fd_write` as it mostly is. `None` where something is unusual: nothing has been done then.
fn write(caller: &mut Caller<'_, State>, memory: Memory, fd: i32, vectors: &Vectors, out: i32) -> Option<()> {
    let (data, state) = memory.data_and_store_mut(caller);
    let taken = vectors.taken.clone()?;
    number(data, out)?;
    let bytes = data.get(taken)?;
    let length = u32::try_from(bytes.len()).ok()?;
    state.world.write(fd, bytes).then_some(())?;
    *number(data, out)? = length.to_le_bytes();
    Some(())
}

/// What WASI needs of the guest.
fn guest<'a>(caller: &'a mut Caller<'_, State>, memory: Memory) -> (&'a mut WasiP1Ctx, wiggle::GuestMemory<'a>) {
    use wasi::WasiSnapshotPreview1 as _;
    let (data, state) = memory.data_and_store_mut(caller);
    let wasi = state.world.wasi();
    wasi.set_hostcall_fuel(MAX_CALL_BYTES);
    (wasi, wiggle::GuestMemory::Unshared(data))
}
