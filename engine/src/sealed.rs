//! Files in memory that can never change again: wasmtime maps what it finds there, instead of copying it.

use rustix::fs::{MemfdFlags, SealFlags};
use std::fs::File;
use std::io::{self, Write};

/// A file that is being written.
pub(crate) struct Draft(File);

impl Draft {
    /// An empty one. The name is for people, in `/proc`.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let file = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        Ok(Self(file.into()))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    /// Nobody can change it from now on, nor any copy of its descriptor.
    pub(crate) fn seal(self) -> io::Result<File> {
        let seals = SealFlags::GROW | SealFlags::SHRINK | SealFlags::WRITE | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&self.0, seals)?;
        Ok(self.0)
    }
}

/// The module that was compiled into `file`.
///
/// # Safety
///
/// wasmtime runs what it finds there without looking at it again, so it must be what wasmtime made on this machine.
#[expect(unsafe_code, reason = "wasmtime runs precompiled code without looking at it again")]
pub(crate) unsafe fn module(engine: &wasmtime::Engine, file: File) -> wasmtime::Result<wasmtime::Module> {
    // SAFETY: the caller knows where it comes from, and a sealed file never changes.
    unsafe { wasmtime::Module::deserialize_open_file(engine, file) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_is_sealed_does_not_change() {
        let mut draft = Draft::new("test").unwrap();
        draft.write(b"one ").unwrap();
        draft.write(b"two").unwrap();
        let mut file = draft.seal().unwrap();
        file.write_all(b"x").unwrap_err();
        file.set_len(1).unwrap_err();
        std::io::Seek::rewind(&mut file).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "one two");
    }
}
