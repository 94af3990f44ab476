//! A memory as what differs from another: most of a worker is the runtime, which is the same in all of them.
//!
//! The difference is a list of runs of lines of 64 bytes: so many lines as in the other memory, so many that follow; all
//! of it compressed (LZ4). Where the other memory has ended, it is zeros.

use crate::frames::{Frames, count, frame};
use crate::image::Image;
use std::io::{self, Read};

const LINE_BYTES: usize = 64;
/// Two numbers of four bytes are before each run.
const RUN_BYTES: usize = 8;

/// An image without what is in another memory as well.
pub(crate) struct Packed {
    head: Box<[u8]>,
    /// Bytes of its memory.
    length: usize,
    difference: Box<[u8]>,
}

impl Packed {
    /// To be kept.
    pub(crate) fn write(&self, to: &mut Frames) {
        to.push(&self.head);
        to.count(self.length);
        to.push(&self.difference);
    }

    /// What [`Packed::write`] wrote.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Self> {
        Ok(Self {
            head: frame(from)?.into(),
            length: usize::try_from(count(from)?).map_err(io::Error::other)?,
            difference: frame(from)?.into(),
        })
    }

    /// What `image` is besides `base`.
    pub(crate) fn new(image: &Image, base: &[u8]) -> Self {
        // That of the first worker is its own base.
        let difference = match std::ptr::eq(&*image.memory, base) {
            true => Vec::new(),
            false => difference(&image.memory, base),
        };
        Self {
            head: image.head.as_slice().into(),
            length: image.memory.len(),
            difference: lz4_flex::compress_prepend_size(&difference).into(),
        }
    }

    /// The image's module without its memory.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The memory of the image; `None` where `base` is another than it was, or this has been damaged.
    pub(crate) fn memory(&self, base: &[u8]) -> Option<Vec<u8>> {
        let difference = lz4_flex::decompress_size_prepended(&self.difference).ok()?;
        let mut memory = Vec::with_capacity(self.length);
        memory.extend_from_slice(&base[..base.len().min(self.length)]);
        memory.resize(self.length, 0);
        apply(&difference, &mut memory)?;
        Some(memory)
    }
}

fn difference(memory: &[u8], base: &[u8]) -> Vec<u8> {
    const ZEROS: [u8; LINE_BYTES] = [0; LINE_BYTES];
    let mut runs: Vec<u8> = Vec::new();
    let (mut equal, mut run): (u32, Vec<u8>) = (0, Vec::new());
    let mut end_of_run = |equal: &mut u32, run: &mut Vec<u8>| {
        if !run.is_empty() {
            let lines = u32::try_from(run.len().div_ceil(LINE_BYTES)).unwrap_or(u32::MAX);
            runs.extend(equal.to_le_bytes());
            runs.extend(lines.to_le_bytes());
            runs.append(run);
            *equal = 0;
        }
    };
    for (index, line) in memory.chunks(LINE_BYTES).enumerate() {
        let start = index * LINE_BYTES;
        let same = match base.get(start..start + line.len()) {
            Some(before) => line == before,
            // The base ends in this line, or before it.
            None => {
                let before = base.get(start..).unwrap_or_default();
                let (shared, beyond) = line.split_at(before.len());
                shared == before && *beyond == ZEROS[..beyond.len()]
            }
        };
        if same {
            end_of_run(&mut equal, &mut run);
            equal += 1;
        } else {
            run.extend(line);
        }
    }
    end_of_run(&mut equal, &mut run);
    runs
}

/// Lays a difference over a memory.
fn apply(mut difference: &[u8], mut memory: &mut [u8]) -> Option<()> {
    while !difference.is_empty() {
        let (numbers, rest) = difference.split_at_checked(RUN_BYTES)?;
        let number = |bytes: &[u8]| Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize * LINE_BYTES);
        let (equal, lines) = (number(&numbers[..4])?, number(&numbers[4..])?);
        let (_, after) = memory.split_at_mut_checked(equal)?;
        // The last line of a memory may be a part of one.
        let length = lines.min(after.len());
        let (run, rest) = rest.split_at_checked(length)?;
        let (place, after) = after.split_at_mut(length);
        place.copy_from_slice(run);
        (difference, memory) = (rest, after);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(memory: &[u8], base: &[u8]) -> Packed {
        let image = Image {
            head: b"head".to_vec(),
            memory: memory.to_vec().into(),
        };
        let mut kept = Frames::default();
        Packed::new(&image, base).write(&mut kept);
        let packed = Packed::read(&mut kept.into_bytes().as_slice()).unwrap();
        assert_eq!(packed.memory(base).as_deref(), Some(&*image.memory));
        packed
    }

    proptest! {
        #[test]
        fn any_memory_is_what_it_was(
            base in prop::collection::vec(0..3_u8, 0..1000),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
            length in 0..1000_usize,
        ) {
            let mut memory = base.clone();
            memory.resize(length, 0);
            for (index, byte) in changes {
                if let Some(place) = memory.get_mut(index.index(1000)) {
                    *place = byte;
                }
            }
            packed(&memory, &base);
        }
    }

    #[test]
    fn what_is_the_same_takes_no_room() {
        let base: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
        assert!(packed(&base, &base).difference.len() < 16);
        let mut memory = base.clone();
        memory[70_000] ^= 1;
        assert!(packed(&memory, &base).difference.len() < 100);
    }

    #[test]
    fn another_base_is_found_out_or_gives_no_more_than_was_packed() {
        let packed = packed(&[1; 1000], &[]);
        let other = packed.memory(&[2; 5000]).unwrap();
        assert_eq!(other.len(), packed.memory(&[]).unwrap().len());
        for cut in 1..20 {
            let difference = difference(&[1; 1000], &[]);
            assert_eq!(apply(&difference[..difference.len() - cut], &mut [0; 1000]), None);
        }
    }
}
