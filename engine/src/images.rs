//! The images of workers that are in memory, which is some of all that are known: each takes megabytes and a descriptor.
//!
//! A worker keeps its image packed, 55 kB for an echo; the module is made of that when it is executed and not
//! there, in milliseconds. What was executed longest ago makes room. An execution under way keeps what it runs.

use crate::cache::Cache;
use crate::casing::Casings;
use crate::image::Image;
use crate::packed::Packed;
use crate::sandbox::State;
use crate::worker::Code;
use bytes::Bytes;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use tokio::sync::Semaphore;
use wasmtime::InstancePre;

/// How much may be in memory.
#[derive(Clone, Copy, Debug)]
pub struct ImageRoom {
    /// Bytes of all images.
    pub bytes: u64,
    /// How many; each has a descriptor.
    pub count: usize,
}

impl Default for ImageRoom {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            count: 500,
        }
    }
}

/// Those in memory.
pub(crate) struct Images {
    casings: Casings,
    linker: wasmtime::Linker<State>,
    room: ImageRoom,
    /// Images made so far: what was used since the last one was made is equally new.
    made: AtomicU64,
    present: Mutex<Vec<Weak<PrivateImage>>>,
    /// As many are made at the same time as there are cores.
    turns: Semaphore,
}

/// What a worker has for itself.
pub(crate) struct PrivateImage {
    code: Arc<Code>,
    packed: Packed,
    /// What it is packed against.
    base: Arc<Base>,
    /// [`Images::made`] when it was used last.
    used: AtomicU64,
    present: RwLock<Option<Present>>,
}

/// A memory that others are packed against.
pub(crate) struct Base {
    memory: Bytes,
    hash: OnceLock<blake3::Hash>,
}

impl Base {
    pub(crate) fn new(memory: Bytes) -> Self {
        Self {
            memory,
            hash: OnceLock::new(),
        }
    }

    /// Names it.
    pub(crate) fn hash(&self) -> &blake3::Hash {
        self.hash.get_or_init(|| blake3::hash(&self.memory))
    }
}

/// A module in memory.
#[derive(Clone)]
struct Present {
    module: Arc<InstancePre<State>>,
    bytes: u64,
}

impl PrivateImage {
    /// The functions that it is the memory of.
    pub(crate) fn code(&self) -> &Arc<Code> {
        &self.code
    }

    pub(crate) fn packed(&self) -> &Packed {
        &self.packed
    }

    pub(crate) fn base(&self) -> &Base {
        &self.base
    }

    fn present(&self) -> Option<Present> {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, present: Option<Present>) {
        *self.present.write().unwrap_or_else(PoisonError::into_inner) = present;
    }
}

impl Images {
    pub(crate) fn new(
        engine: &wasmtime::Engine,
        linker: &wasmtime::Linker<State>,
        cache: &Arc<Cache>,
        room: ImageRoom,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            casings: Casings::new(engine.clone(), cache.clone()),
            linker: linker.clone(),
            room,
            made: AtomicU64::new(0),
            present: Mutex::default(),
            turns: Semaphore::new(cores),
        }
    }

    /// Takes up a new one. That wasmtime takes it as well is seen now, so that it cannot fail for what it is later.
    pub(crate) fn add(&self, code: Arc<Code>, base: Arc<Base>, image: &Image) -> wasmtime::Result<Arc<PrivateImage>> {
        let packed = Packed::new(image, &base.memory);
        let private = Self::packed(code, base, packed);
        self.make(&private, &image.memory)?;
        Ok(private)
    }

    /// One that was added before; it is made when it is used.
    pub(crate) fn packed(code: Arc<Code>, base: Arc<Base>, packed: Packed) -> Arc<PrivateImage> {
        Arc::new(PrivateImage {
            code,
            packed,
            base,
            used: AtomicU64::new(0),
            present: RwLock::default(),
        })
    }

    /// The module of `private`, made now if it is not there.
    pub(crate) async fn get(
        self: &Arc<Self>,
        private: &Arc<PrivateImage>,
    ) -> wasmtime::Result<Arc<InstancePre<State>>> {
        // Written only when it differs: it is read by every core that executes this worker.
        let now = self.made.load(Ordering::Relaxed);
        if private.used.load(Ordering::Relaxed) != now {
            private.used.store(now, Ordering::Relaxed);
        }
        if let Some(present) = private.present() {
            return Ok(present.module);
        }
        let _turn = self.turns.acquire().await?;
        let (images, private) = (self.clone(), private.clone());
        let unpacked = tokio::task::spawn_blocking(move || {
            // Whoever had the turn before may have wanted the same.
            if let Some(present) = private.present() {
                return Ok(present.module);
            }
            let memory = private.packed.memory(&private.base.memory);
            let memory = memory.ok_or_else(|| wasmtime::format_err!("the image of a worker cannot be unpacked"))?;
            images.make(&private, &memory)
        });
        unpacked.await?
    }

    /// What another process needs in its cache to make this image without wasmtime.
    pub(crate) fn casing(&self, image: &Image) -> Option<(String, Bytes)> {
        self.casings.kept(&image.head, &image.memory)
    }

    fn make(&self, private: &Arc<PrivateImage>, memory: &[u8]) -> wasmtime::Result<Arc<InstancePre<State>>> {
        let (module, bytes) = self.casings.compile(private.packed.head(), memory)?;
        let module = Arc::new(self.linker.instantiate_pre(&module)?);
        private
            .used
            .store(self.made.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        private.replace(Some(Present {
            module: module.clone(),
            bytes,
        }));
        self.make_room_for(private);
        Ok(module)
    }

    /// Notes that `newest` is there, and sends away what is too much; never `newest`, however large it is.
    fn make_room_for(&self, newest: &Arc<PrivateImage>) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        // Workers that are gone; and twice the same, when two made it at once.
        present.retain(|other| other.strong_count() > 0 && !std::ptr::eq(other.as_ptr(), Arc::as_ptr(newest)));
        let mut others: Vec<(u64, u64, Arc<PrivateImage>)> = Vec::with_capacity(present.len());
        for other in present.iter().filter_map(Weak::upgrade) {
            if let Some(Present { bytes, .. }) = other.present() {
                others.push((other.used.load(Ordering::Relaxed), bytes, other));
            }
        }
        others.sort_by_key(|(used, ..)| std::cmp::Reverse(*used));
        let mut left = self
            .room
            .bytes
            .saturating_sub(newest.present().map_or(0, |present| present.bytes));
        let mut stays = 1;
        for (_, bytes, other) in &others {
            if *bytes <= left && stays < self.room.count {
                left -= bytes;
                stays += 1;
            } else {
                // Nor does anything stay that was used before it.
                left = 0;
                other.replace(None);
            }
        }
        present.clear();
        present.extend(
            others
                .iter()
                .filter(|(.., other)| other.present().is_some())
                .map(|(.., other)| Arc::downgrade(other)),
        );
        present.push(Arc::downgrade(newest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{RUNTIME_SECTION, append_section};
    use crate::worker::{Program, Worker};
    use crate::{Config, Engine, Request};

    /// An engine with room for `count`, and workers of one code that write a digit each.
    fn workers(count: usize) -> (tempfile::TempDir, Engine, Vec<Worker>) {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::new(Config {
            cache_dir: folder.path().into(),
            max_cache_bytes: 1 << 30,
            max_executions: 10,
            max_memory_bytes: 1 << 20,
            image_room: ImageRoom { bytes: 1 << 30, count },
            notice: |_| {},
            compiler: None,
        });
        let engine = engine.unwrap();
        let worker = |digit: u32| {
            let text = format!(
                "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))
                   (memory (export \"memory\") {})
                   (data (i32.const 0) \"\\08\\00\\00\\00\\01\\00\\00\\00{digit}\")
                   (func (export \"_start\")
                     (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))
                     (i32.store8 (i32.const 8) (i32.const 0x78))))",
                digit + 1
            );
            let mut module = wat::parse_str(text).unwrap();
            append_section(&mut module, RUNTIME_SECTION, &[]);
            engine.load(&module).unwrap()
        };
        let workers = (0..4).map(worker).collect();
        (folder, engine, workers)
    }

    /// Which of them are in memory.
    fn present(workers: &[Worker]) -> String {
        let is_present = |worker: &Worker| match &worker.0.program {
            Program::Shared(image) => image.present().is_some(),
            Program::Whole(..) => panic!("it is not split"),
        };
        let digits = (0..).zip(workers).filter(|(_, worker)| is_present(worker));
        digits.map(|(digit, _)| char::from(b'0' + digit)).collect()
    }

    async fn run(engine: &Engine, worker: &Worker) -> String {
        let execution = engine.run(worker, Request::default(), std::future::pending());
        String::from_utf8(execution.await.unwrap().output.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn what_was_executed_longest_ago_makes_room() {
        let (_folder, engine, workers) = workers(2);
        assert_eq!(present(&workers), "23");
        for (worker, then) in [(0, "03"), (3, "03"), (1, "13"), (2, "12"), (2, "12"), (0, "02")] {
            assert_eq!(run(&engine, &workers[worker]).await, worker.to_string());
            assert_eq!(present(&workers), then, "after {worker}");
        }
    }

    #[tokio::test]
    async fn many_at_once_with_room_for_one() {
        let (_folder, engine, workers) = workers(1);
        for _ in 0..20 {
            let all = workers.iter().chain(&workers).map(|worker| run(&engine, worker));
            assert_eq!(futures_util::future::join_all(all).await.concat(), "01230123");
            assert_eq!(present(&workers).len(), 1);
        }
    }
}
