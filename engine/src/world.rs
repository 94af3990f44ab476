//! What a guest sees of the world through WASI: three files, an environment, clocks, random numbers.
//!
//! wasmtime-wasi has all of it, and most executions need none: they read stdin and write stdout. So those are answered
//! here, in the way that wasmtime-wasi would, and its context is made when something else is called.

use crate::limits::MAX_RANDOM_BYTES;
use crate::stdio::Sink;
use bytes::Bytes;
use std::time::Instant;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::InputStream as _;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{HostMonotonicClock, WasiCtxBuilder};

/// One guest's.
pub(crate) struct World {
    stdin: MemoryInputPipe,
    /// Bytes of it that are left, at most.
    unread: usize,
    stdout: Sink,
    stderr: Sink,
    environment: Vec<(String, String)>,
    clocks: Clocks,
    /// The numbers 0, 1 and 2 are the files that they were at first.
    unmoved: bool,
    context: Option<Box<WasiP1Ctx>>,
}

/// How time passes, and whether random numbers are.
#[derive(Clone, Copy)]
pub(crate) enum Clocks {
    /// Since then.
    Running(Instant),
    /// They stand still, and random numbers are always the same, so that equal sources give equal snapshots.
    Frozen,
}

impl World {
    pub(crate) fn new(
        stdin: Bytes,
        stdout: Sink,
        stderr: Sink,
        environment: Vec<(String, String)>,
        clocks: Clocks,
    ) -> Self {
        Self {
            unread: stdin.len(),
            stdin: MemoryInputPipe::new(stdin),
            stdout,
            stderr,
            environment,
            clocks,
            unmoved: true,
            context: None,
        }
    }

    /// All of it, as wasmtime-wasi has it.
    pub(crate) fn wasi(&mut self) -> &mut WasiP1Ctx {
        self.context.get_or_insert_with(|| {
            let mut wasi = WasiCtxBuilder::new();
            wasi.stdin(self.stdin.clone())
                .stdout(self.stdout.clone())
                .stderr(self.stderr.clone())
                .envs(&self.environment)
                .max_random_size(MAX_RANDOM_BYTES)
                .allow_tcp(false)
                .allow_udp(false);
            match self.clocks {
                Clocks::Running(start) => _ = wasi.monotonic_clock(Since(start)),
                Clocks::Frozen => frozen::freeze(&mut wasi),
            }
            Box::new(wasi.build_p1())
        })
    }

    /// The next bytes of file `fd`, `most` at most; none at its end. `None` where that is not for us to say.
    pub(crate) fn read(&mut self, fd: i32, most: usize) -> Option<Bytes> {
        if !self.unmoved || fd != 0 {
            return None;
        }
        // It fails at its end alone.
        let bytes = self.stdin.read(most).unwrap_or_default();
        self.unread = self.unread.saturating_sub(bytes.len());
        Some(bytes)
    }

    /// Bytes that any file can give, at most: there is one that has some.
    pub(crate) fn unread(&self) -> usize {
        self.unread
    }

    /// Writes all of `bytes` to file `fd`, or none and `false` where what becomes of it is not for us to say.
    pub(crate) fn write(&self, fd: i32, bytes: &[u8]) -> bool {
        match fd {
            1 if self.unmoved => self.stdout.write_all(bytes),
            2 if self.unmoved => self.stderr.write_all(bytes),
            _ => false,
        }
    }

    /// The numbers of files may be others from now on.
    pub(crate) fn files_move(&mut self) {
        self.unmoved = false;
    }
}

/// A clock that runs since the execution began, not since somebody looked at it first.
struct Since(Instant);

impl HostMonotonicClock for Since {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A world in which nothing changes.
mod frozen {
    use std::time::Duration;
    use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, WasiCtxBuilder};

    struct Stopped;

    impl HostWallClock for Stopped {
        fn resolution(&self) -> Duration {
            Duration::from_nanos(1)
        }
        fn now(&self) -> Duration {
            Duration::ZERO
        }
    }

    impl HostMonotonicClock for Stopped {
        fn resolution(&self) -> u64 {
            1
        }
        fn now(&self) -> u64 {
            0
        }
    }

    pub(super) fn freeze(wasi: &mut WasiCtxBuilder) {
        wasi.wall_clock(Stopped)
            .monotonic_clock(Stopped)
            .secure_random(Deterministic::new(vec![0]))
            .insecure_random(Deterministic::new(vec![0]))
            .insecure_random_seed(0);
    }
}
