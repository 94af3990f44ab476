//! Joins a module with what became of its memory and its globals, which is what a snapshot is: the way back from
//! [`split`](crate::image::split).

use crate::image::PAGE_BYTES;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ConstExpr, Encode, RawSection, SectionId};
use wasmparser::{Parser, Payload};

/// A memory is looked at in words of this size.
const WORD_BYTES: usize = 8;

/// A gap of so many zeros ends a data segment: describing a segment takes about as many bytes.
const GAP_BYTES: usize = 16;
/// So many segments are written at most.
const MAX_SEGMENTS: usize = 50_000;

/// The module `original` with this memory and these globals in the place of its own, and without custom sections, for
/// which there is `room`. `None` where it has none, or anything that [`split`](crate::image::split) refuses.
pub(crate) fn join(original: &[u8], memory: &[u8], globals: &[ConstExpr], room: usize) -> Option<Vec<u8>> {
    let mut module = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(original) {
        match payload.ok()? {
            Payload::Version { .. } | Payload::End(_) | Payload::CustomSection(_) | Payload::CodeSectionEntry(_) => {}
            Payload::MemorySection(section) => {
                let mut ty = RoundtripReencoder.memory_type(section.into_iter().next()?.ok()?).ok()?;
                ty.minimum = u64::try_from(memory.len()).ok()? / PAGE_BYTES;
                module.section(wasm_encoder::MemorySection::new().memory(ty));
            }
            Payload::GlobalSection(section) => {
                let mut section_now = wasm_encoder::GlobalSection::new();
                let mut values = globals.iter();
                for global in section {
                    let ty = RoundtripReencoder.global_type(global.ok()?.ty).ok()?;
                    section_now.global(ty, values.next()?);
                }
                module.section(&section_now);
            }
            Payload::DataSection(_) => {}
            other => {
                let (id, range) = other.as_section()?;
                let data = &original[range];
                module.section(&RawSection { id, data });
            }
        }
    }
    // The encoder would look at each byte, and copy all of them as often as the section grows.
    let segments = written(memory);
    let mut heads = Vec::with_capacity(segments.len());
    let mut count = Vec::new();
    segments.len().encode(&mut count);
    let mut length = count.len();
    for (start, bytes) in &segments {
        let mut head = vec![0];
        ConstExpr::i32_const(i32::try_from(*start).ok()?).encode(&mut head);
        bytes.len().encode(&mut head);
        length += head.len() + bytes.len();
        heads.push(head);
    }
    let mut module = module.finish();
    module.reserve_exact(length + room + 16);
    module.push(SectionId::Data as u8);
    length.encode(&mut module);
    module.extend_from_slice(&count);
    for (head, (_, bytes)) in heads.iter().zip(segments) {
        module.extend_from_slice(head);
        module.extend_from_slice(bytes);
    }
    Some(module)
}

/// The stretches of a memory that are not zero.
fn written(memory: &[u8]) -> Vec<(usize, &[u8])> {
    let mut gap = GAP_BYTES;
    loop {
        let stretches = stretches(memory, gap);
        if stretches.len() <= MAX_SEGMENTS {
            return stretches;
        }
        gap *= 2;
    }
}

fn stretches(memory: &[u8], gap: usize) -> Vec<(usize, &[u8])> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (word, bytes) in memory.chunks(WORD_BYTES).enumerate() {
        if bytes.iter().all(|&byte| byte == 0) {
            continue;
        }
        let (start, end) = (word * WORD_BYTES, word * WORD_BYTES + bytes.len());
        match found.last_mut() {
            Some((_, last)) if start - *last < gap => *last = end,
            _ => found.push((start, end)),
        }
    }
    found
        .into_iter()
        .map(|(start, end)| (start, &memory[start..end]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{MAX_SPARSE_BYTES, split};

    #[test]
    fn a_module_is_joined_with_what_became_of_its_memory() {
        let text =
            "(module (memory (export \"memory\") 1 5) (global i64 (i64.const 1)) (global (mut i32) (i32.const 2))
            (func (export \"_start\")) (data (i32.const 0) \"x\"))";
        let original = wat::parse_str(text).unwrap();
        let mut memory = vec![0; 2 << 16];
        memory[70] = 7;
        memory[100_000] = 8;
        let globals = [ConstExpr::i64_const(3), ConstExpr::i32_const(4)];
        let joined = join(&original, &memory, &globals, 0).unwrap();
        wasmparser::Validator::new().validate_all(&joined).unwrap();
        assert_eq!(
            split(&joined).unwrap().code,
            split(&original).unwrap().code,
            "the code is the same"
        );
        let expected =
            "(module (memory (export \"memory\") 2 5) (global i64 (i64.const 3)) (global (mut i32) (i32.const 4))
            (func (export \"_start\")) (data (i32.const 64) \"\\00\\00\\00\\00\\00\\00\\07\\00\")
            (data (i32.const 100000) \"\\08\\00\\00\\00\\00\\00\\00\\00\"))";
        assert_eq!(joined, wat::parse_str(expected).unwrap());
        assert!(
            join(&original, &memory, &globals[..1], 0).is_none(),
            "a global is missing"
        );
    }

    #[test]
    fn a_large_memory_is_taken_where_it_is_dense() {
        let original = wat::parse_str("(module (memory 1) (func (export \"_start\")))").unwrap();
        let with = |memory: &[u8]| split(&join(&original, memory, &[], 0).unwrap());
        let mut memory = vec![1; MAX_SPARSE_BYTES + (2 << 16)];
        memory[..1 << 20].fill(0);
        assert!(with(&memory).unwrap().image.memory == memory);
        memory[..MAX_SPARSE_BYTES].fill(0);
        assert!(with(&memory).is_none());
        memory[MAX_SPARSE_BYTES..].fill(0);
        memory[5000] = 1;
        assert_eq!(with(&memory).unwrap().image.memory.len(), 5008);
    }

    #[test]
    fn zeros_between_what_was_written_are_left_out() {
        let mut memory = vec![0; 4 << 20];
        for at in (0..memory.len()).step_by(32) {
            memory[at] = 1;
        }
        assert!(written(&memory).len() <= MAX_SEGMENTS);
        assert!(
            written(&memory[..1000])
                .iter()
                .all(|(start, bytes)| start % 32 == 0 && bytes.len() == 8)
        );
    }
}
