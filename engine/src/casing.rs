//! Compiles the module of an image, which has no functions of its own: what wasmtime makes of it is the memory, on pages of
//! its own, and some 14 kB around it.
//!
//! The casing follows from the head, and from which page of the memory is the first that is not zero and which the last.
//! It is kept, so the next image of that shape is laid into a file as it is. wasmtime would look at each byte of the
//! memory, and copy it from one buffer into the next, on pages that are new each time.

use crate::cache::Cache;
use crate::frames::{Frames, frame};
use crate::image;
use crate::sealed::{self, Draft};
use bytes::Bytes;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

/// What a casing is called in the cache.
const CASING: &str = "casing";

/// The smallest page of any machine.
const PAGE_BYTES: usize = 4096;
/// So many are in memory. Most workers of a runtime have the same.
const MAX_KNOWN: usize = 64;

/// What is around the memory in a compiled image.
#[derive(Debug, PartialEq)]
struct Casing {
    before: Vec<u8>,
    after: Vec<u8>,
}

/// Those that are known.
pub(crate) struct Casings {
    engine: wasmtime::Engine,
    cache: Arc<Cache>,
    known: Mutex<HashMap<String, Arc<Casing>>>,
}

impl Casings {
    pub(crate) fn new(engine: wasmtime::Engine, cache: Arc<Cache>) -> Self {
        Self {
            engine,
            cache,
            known: Mutex::default(),
        }
    }

    /// Compiles the image of `head` and `memory`; gives its bytes as well. It has a file of its own: wasmtime takes the
    /// memory of every instance from the same pages, and a module made from bytes has them twice.
    pub(crate) fn compile(&self, head: &[u8], memory: &[u8]) -> wasmtime::Result<(wasmtime::Module, u64)> {
        let pages = written_pages(memory);
        let mut draft = Draft::new("image")?;
        let mut size = 0;
        let mut write = |part: &[u8]| {
            size += part.len() as u64;
            draft.write(part)
        };
        let name = self.name(head, &pages);
        match self.known(&name) {
            Some(casing) => casing.lay(memory, &pages, &mut write)?,
            None => match self.find(head, memory.len(), &pages)? {
                Some(casing) => self.keep_for_all(name, casing).lay(memory, &pages, &mut write)?,
                None => write(&self.precompile(head, memory)?)?,
            },
        }
        // SAFETY: this is what wasmtime has just made of a module; or what it has made of one before, which the cache gives
        // back only if it was this machine, with another memory in the place of that one's.
        #[expect(unsafe_code, reason = "wasmtime runs precompiled code without looking at it again")]
        let module = unsafe { sealed::module(&self.engine, draft.seal()?)? };
        Ok((module, size))
    }

    /// What wasmtime makes of an image.
    fn precompile(&self, head: &[u8], memory: &[u8]) -> wasmtime::Result<Vec<u8>> {
        let mut wasm = image::begin(head, memory.len());
        wasm.extend_from_slice(memory);
        self.engine.precompile_module(&wasm)
    }

    /// The casing of all images with these written pages, of this length.
    fn find(&self, head: &[u8], length: usize, pages: &Range<usize>) -> wasmtime::Result<Option<Casing>> {
        let mut noise = vec![0; length];
        let end = length.min(pages.end * PAGE_BYTES);
        let written = &mut noise[pages.start * PAGE_BYTES..end];
        let mut key = [0; blake3::KEY_LEN];
        getrandom::fill(&mut key).map_err(|error| wasmtime::format_err!("no random bytes: {error}"))?;
        blake3::Hasher::new_keyed(&key).finalize_xof().fill(written);
        // Neither end may be zero by chance.
        for end in [0, written.len().saturating_sub(1)] {
            if let Some(byte) = written.get_mut(end) {
                *byte |= 1;
            }
        }
        if written.is_empty() {
            return Ok(None);
        }
        Ok(Casing::of(&self.precompile(head, &noise)?, &noise, pages))
    }

    fn keep_for_all(&self, name: String, casing: Casing) -> Arc<Casing> {
        self.cache.put_named(&name, &casing.bytes());
        self.keep(name, casing)
    }

    /// What another process needs in its cache to compile this image without wasmtime.
    pub(crate) fn kept(&self, head: &[u8], memory: &[u8]) -> Option<(String, Bytes)> {
        let name = self.name(head, &written_pages(memory));
        let casing = self.known(&name)?;
        Some((name, casing.bytes().into()))
    }

    fn name(&self, head: &[u8], pages: &Range<usize>) -> String {
        let mut origin = Frames::default();
        origin.push(head);
        origin.count(pages.start);
        origin.count(pages.end);
        self.cache.name(CASING, &origin.into_bytes())
    }

    fn known(&self, name: &str) -> Option<Arc<Casing>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(casing) = known.get(name) {
            return Some(casing.clone());
        }
        drop(known);
        let kept = self.cache.get_named(name)?;
        let mut kept = &*kept;
        let (before, after) = (frame(&mut kept).ok()?, frame(&mut kept).ok()?);
        Some(self.keep(name.to_owned(), Casing { before, after }))
    }

    fn keep(&self, name: String, casing: Casing) -> Arc<Casing> {
        let casing = Arc::new(casing);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(name, casing.clone());
        casing
    }
}

impl Casing {
    /// That of an image with these written pages; `None` where wasmtime has done something else with them, as it does
    /// with what is large and mostly zeros.
    fn of(artefact: &[u8], memory: &[u8], pages: &Range<usize>) -> Option<Self> {
        let (written, rest) = in_file(memory, pages);
        // The memory is on pages of its own, so that it can be mapped.
        let (start, end) = (0..artefact.len()).step_by(PAGE_BYTES).find_map(|start| {
            let end = start + written.len() + rest;
            let found = artefact.get(start..end)?;
            let (found, zeros) = found.split_at(written.len());
            (found == written && zeros.iter().all(|&byte| byte == 0)).then_some((start, end))
        })?;
        Some(Self {
            before: artefact[..start].into(),
            after: artefact[end..].into(),
        })
    }

    /// Writes the image with this memory.
    fn lay(
        &self,
        memory: &[u8],
        pages: &Range<usize>,
        write: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let (written, rest) = in_file(memory, pages);
        let zeros = [0; PAGE_BYTES];
        [&self.before, written, &zeros[..rest], &self.after]
            .into_iter()
            .try_for_each(write)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut kept = Frames::default();
        kept.push(&self.before);
        kept.push(&self.after);
        kept.into_bytes()
    }
}

/// The pages from the first that is not zero to the last, as numbers.
fn written_pages(memory: &[u8]) -> Range<usize> {
    let is_written = |page: &[u8]| page != &[0; PAGE_BYTES][..page.len()];
    let mut pages = memory.chunks(PAGE_BYTES);
    match pages.position(is_written) {
        Some(first) => first..first + 1 + pages.rposition(is_written).map_or(0, |last| last + 1),
        None => 0..0,
    }
}

/// Those pages; and how many zeros are missing where the memory ends within the last.
fn in_file<'m>(memory: &'m [u8], pages: &Range<usize>) -> (&'m [u8], usize) {
    let end = pages.end * PAGE_BYTES;
    let written = &memory[pages.start * PAGE_BYTES..end.min(memory.len())];
    (written, end.saturating_sub(memory.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox;
    use proptest::prelude::*;
    use std::io::Read;

    /// The head of an image of so many pages of WebAssembly, with this global, and two functions of the host in its table.
    fn head(pages: u32, global: u32) -> Vec<u8> {
        let text = format!(
            "(module (import \"w\" \"f\" (func (param i32))) (import \"w\" \"g\" (func (param i64) (result i32)))
              (table (export \"functions\") 2 2 funcref) (memory (export \"memory\") {pages})
              (global (export \"global0\") (mut i32) (i32.const {global})) (elem (i32.const 0) 0 1))"
        );
        wat::parse_str(text).unwrap()
    }

    fn casings() -> (tempfile::TempDir, Casings) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1 << 30, 1).unwrap();
        let engine = sandbox::engine(1, 8 << 20).unwrap();
        (folder, Casings::new(engine, Arc::new(cache)))
    }

    /// What is compiled into a file; and what wasmtime makes of the same.
    fn both(casings: &Casings, head: &[u8], memory: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let pages = written_pages(memory);
        let casing = casings.known(&casings.name(head, &pages)).unwrap();
        let mut laid = Vec::new();
        let write = |part: &[u8]| {
            laid.extend_from_slice(part);
            Ok(())
        };
        casing.lay(memory, &pages, write).unwrap();
        (laid, casings.precompile(head, memory).unwrap())
    }

    #[test]
    fn pages_that_are_not_zero() {
        let with = |length: usize, written: &[usize]| {
            let mut memory = vec![0; length];
            for &at in written {
                memory[at] = 1;
            }
            written_pages(&memory)
        };
        assert_eq!(with(0, &[]), 0..0);
        assert_eq!(with(9000, &[]), 0..0);
        assert_eq!(with(9000, &[0]), 0..1);
        assert_eq!(with(9000, &[4096]), 1..2);
        assert_eq!(with(9000, &[4095, 8999]), 0..3);
        assert_eq!(with(20_000, &[5000, 13_000]), 1..4);
    }

    #[test]
    fn what_wasmtime_does_otherwise_has_no_casing() {
        let (_folder, casings) = casings();
        casings.compile(&head(1, 1), &[]).unwrap();
        casings.compile(&head(1, 1), &[0; 5000]).unwrap();
        assert!(casings.known.lock().unwrap().is_empty());
    }

    #[test]
    fn a_casing_is_kept_on_disk_and_handed_on() {
        let (folder, casings) = casings();
        let (head, memory) = (head(2, 7), [3; 70_000]);
        casings.compile(&head, &memory).unwrap();
        let (name, kept) = casings.kept(&head, &memory).unwrap();
        let mut file = std::fs::File::open(folder.path().join(&name)).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert!(bytes.starts_with(&kept));
        let given = Cache::given(vec![(name, kept)], 1);
        let other = Casings::new(casings.engine.clone(), Arc::new(given));
        let (laid, compiled) = both(&other, &head, &[5; 71_000]);
        assert!(laid == compiled);
    }

    #[test]
    fn a_memory_that_looks_like_the_rest_is_laid_in_its_place() {
        let (_folder, one) = casings();
        let head = head(1, 7);
        let artefact = one.precompile(&head, &[1; PAGE_BYTES]).unwrap();
        let mut places = 0;
        for page in artefact
            .chunks_exact(PAGE_BYTES)
            .filter(|page| page.iter().any(|&byte| byte != 0))
        {
            places += 1;
            let (_folder, casings) = casings();
            casings.compile(&head, page).unwrap();
            let (laid, compiled) = both(&casings, &head, &[5; PAGE_BYTES]);
            assert!(laid == compiled);
        }
        assert!(places > 1, "there is nothing but the memory");
    }

    proptest! {
        /// Whatever else the memory was that the casing was made with.
        #[test]
        fn a_laid_image_is_what_wasmtime_compiles(
            global in any::<u32>(),
            first in 0_usize..40_000,
            middle in 0_usize..20_000,
            cut in 0_usize..4096,
            zeros in prop::array::uniform2(0_usize..9000),
            bytes in any::<[u8; 2]>(),
        ) {
            let (_folder, casings) = casings();
            let head = head(1, global);
            let mut memory = vec![0; first + middle + 1];
            memory[first] = bytes[0] | 1;
            memory[first + middle] = bytes[1] | 1;
            let pages = written_pages(&memory);
            // Data may end in zeros.
            memory.resize((memory.len() + zeros[0]).min(1 << 16), 0);
            casings.compile(&head, &memory).unwrap();
            // Other bytes on the same pages, of a memory that is cut off elsewhere.
            let mut other = vec![0; (pages.end * PAGE_BYTES - cut).max((pages.end - 1) * PAGE_BYTES + 1)];
            other[pages.start * PAGE_BYTES..].fill(bytes[1] | 1);
            other.resize((other.len() + zeros[1]).min(1 << 16), 0);
            prop_assert_eq!(written_pages(&other), pages);
            let (laid, compiled) = both(&casings, &head, &other);
            prop_assert!(laid == compiled);
            let (laid, compiled) = both(&casings, &head, &memory);
            prop_assert!(laid == compiled);
        }
    }
}
