//! What a parent and its child tell each other: byte strings with their lengths in front.
//!
//! Parent: a number, so many pairs of a name and a thing of the cache; then a [`Job`] as JSON, and its body.
//! Child: an [`Answer`] as JSON, and its body.

use crate::Diagnostic;
use crate::execution::Thrown;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// What is to be done with the body.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Job {
    /// The body is a source: build it.
    Build { name: String, standalone: bool },
    /// The body is a module: compile it for this machine.
    Compile,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The body is what was wanted.
    Made,
    /// The source is faulty.
    Source(Vec<Diagnostic>),
    /// The top level threw.
    Thrown(Thrown),
    /// The top level, or the module, cannot be; the sentence says why.
    Limit(String),
    /// We failed.
    Internal(String),
}

/// Bytes to be sent.
#[derive(Default)]
pub(super) struct Frames(Vec<u8>);

impl Frames {
    pub(super) fn count(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// What tells that there are no things.
    pub(super) fn empty_list() -> Vec<u8> {
        let mut frames = Self::default();
        frames.count(0);
        frames.into_bytes()
    }
}

/// The next number.
pub(super) fn count(from: &mut impl Read) -> io::Result<u64> {
    let mut number = [0; 8];
    from.read_exact(&mut number)?;
    Ok(u64::from_le_bytes(number))
}

/// The next byte string. Takes no memory for a length before the bytes are there.
pub(super) fn frame(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = count(from)?;
    let mut bytes = Vec::new();
    let read = from.take(length).read_to_end(&mut bytes)?;
    match read as u64 == length {
        true => Ok(bytes),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_whole_or_none() {
        let mut frames = Frames::default();
        frames.count(2);
        frames.push(b"one");
        frames.push(b"");
        let bytes = frames.into_bytes();
        let mut from = bytes.as_slice();
        assert_eq!(count(&mut from).unwrap(), 2);
        assert_eq!(frame(&mut from).unwrap(), b"one");
        assert_eq!(frame(&mut from).unwrap(), b"");
        assert!(frame(&mut from).is_err());
        assert!(frame(&mut &bytes[8..18]).is_err(), "cut short");
        assert!(
            frame(&mut u64::MAX.to_le_bytes().as_slice()).is_err(),
            "a lie about the length"
        );
    }
}
