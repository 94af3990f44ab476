//! Byte strings one after the other, each with its length in front.

use std::io::{self, Read};

/// So much is taken for a byte string before its bytes are there: most are not longer.
const AHEAD_BYTES: u64 = 8 << 20;

/// Bytes to be sent or kept.
#[derive(Default)]
pub(crate) struct Frames(Vec<u8>);

impl Frames {
    pub(crate) fn count(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// What tells that there are no things.
    pub(crate) fn empty_list() -> Vec<u8> {
        let mut frames = Self::default();
        frames.count(0);
        frames.into_bytes()
    }
}

/// The next number.
pub(crate) fn count(from: &mut impl Read) -> io::Result<u64> {
    let mut number = [0; 8];
    from.read_exact(&mut number)?;
    Ok(u64::from_le_bytes(number))
}

/// The next byte string. Takes [`AHEAD_BYTES`] at most for a length before the bytes are there.
pub(crate) fn frame(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = count(from)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(AHEAD_BYTES)).unwrap_or_default());
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
