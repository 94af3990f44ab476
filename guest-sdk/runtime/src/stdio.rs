//! stdin, stdout and stderr without buffers: one call of the host each, as large as it can be.

use std::fs::File;
use std::io::{Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;

fn descriptor(number: i32) -> ManuallyDrop<File> {
    // SAFETY: WASI hands these three descriptors to every command, and they are never closed here.
    ManuallyDrop::new(unsafe { File::from_raw_fd(number) })
}

/// All of stdin.
pub fn read_input() -> Vec<u8> {
    // Large enough for most payloads, so that they take one read and one that finds the end.
    let mut input = Vec::with_capacity(4096);
    // A read that fails leaves what was read: the parse that follows says what is wrong with it.
    // Not as a file, whose size would be asked for.
    let _ = (&*descriptor(0)).take(u64::MAX).read_to_end(&mut input);
    input
}

/// Writes the value to stdout. A write that fails has met the host's limit, and the host knows.
pub fn write_output(bytes: &[u8]) {
    let _ = descriptor(1).write_all(bytes);
}

/// Writes log lines to stderr. What the host no longer takes is lost, and the host says so in the log.
pub fn write_log(bytes: &[u8]) {
    let _ = descriptor(2).write_all(bytes);
}
