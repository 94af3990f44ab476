//! The workers that can be executed: those of a folder, which stay as they are while the host runs, and those of the
//! store, which come and go. An entry is small; its code and context are loaded when it is first executed.

mod entry;
mod follow;

pub use entry::{Entry, Ready};

use crate::api::settings::{self, Settings};
use crate::context::{Context, Gate};
use crate::limits::LimitRange;
use crate::network::allowed;
use crate::store::{self, SecretChange, Store, WorkerFilter};
use crate::workers::{self, Workers};
use engine::{BuildError, Engine, Limits, LoadError, Source, StateChanges, Texts, Worker};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Mutex, Semaphore};

/// What a source is called in errors and stacks.
pub const SOURCE_NAME: &str = "worker.ts";

/// All workers of this host.
pub struct Registry {
    store: Store,
    engine: Engine,
    gate: Arc<Gate>,
    limits: LimitRange,
    entries: RwLock<HashMap<String, Arc<Entry>>>,
    /// One change of a state at a time, so that what is kept here is what was written last.
    keeping: Mutex<()>,
    /// One write of the store is taken up at a time.
    taking_up: Mutex<()>,
    /// Builds and loads under way; others wait.
    builds: Semaphore,
}

/// Why a worker cannot be executed although it is there.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Its source does not build (any more).
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Its module cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It was saved while it was loaded, and there is a newer entry: look again.
    #[error("it is being saved")]
    Outdated,
    /// What is stored of it cannot be read.
    #[error("{0}")]
    Damaged(String),
}

impl Registry {
    /// The workers of the folder and of the store. A key in both is a mistake that somebody has to mend.
    pub async fn open(
        store: Store,
        engine: Engine,
        gate: Arc<Gate>,
        limits: LimitRange,
        fixed: Workers,
    ) -> anyhow::Result<(Self, i64)> {
        // Read first: what is written while the pages are read is read again.
        let revision = store.revision().await?;
        let registry = Self {
            store,
            engine,
            gate,
            limits,
            entries: RwLock::default(),
            keeping: Mutex::new(()),
            taking_up: Mutex::new(()),
            builds: Semaphore::new(crate::workers::builds_at_once()),
        };
        for stored in registry.store.all_workers(&WorkerFilter::default()).await? {
            registry.insert_stored(&stored);
        }
        let mut twice = Vec::new();
        for (key, place, worker) in fixed.into_entries() {
            if registry.get(&key).is_some() {
                twice.push(format!("worker {key} is in {} and in the database", place.display()));
            }
            registry.insert(Entry::fixed(key, worker));
        }
        anyhow::ensure!(
            twice.is_empty(),
            "a worker can be in the folder or in the database:\n  {}",
            twice.join("\n  ")
        );
        Ok((registry, revision))
    }

    /// The worker of this key.
    pub fn get(&self, key: &str) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).cloned()
    }

    /// Those that run by themselves.
    pub fn scheduled(&self) -> Vec<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let scheduled = entries
            .values()
            .filter(|entry| entry.enabled && entry.schedule.is_some());
        scheduled.cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is needed to execute it, loaded now if it was not.
    pub async fn ready<'a>(&self, entry: &'a Entry) -> Result<&'a Ready, Fault> {
        if let Some(ready) = entry.ready.get() {
            return Ok(ready);
        }
        let ready = entry.ready.get_or_try_init(|| self.load(entry)).await;
        if let Err(Fault::Outdated) = ready {
            // So that the next look finds what is there now.
            self.saved(&entry.key, None).await?;
        }
        ready
    }

    async fn load(&self, entry: &Entry) -> Result<Ready, Fault> {
        let key = &entry.key;
        let stored = self.current(entry).await?;
        let version = &stored.current;
        let module = match &version.module {
            Some(hash) => self.store.module(key, hash).await?,
            None => None,
        };
        let worker = match (module, &version.source) {
            (Some(module), None) => self.load_module(module).await?,
            (_, Some(source)) => self.build(source).await?,
            (None, None) => {
                return Err(Fault::Damaged(format!(
                    "the module of worker {key} is not what was uploaded"
                )));
            }
        };
        let context = self.context(entry).await?;
        Ok(Ready { worker, context })
    }

    /// The worker as it is stored, if that is what the entry was made of: else there is a newer entry.
    async fn current(&self, entry: &Entry) -> Result<store::Worker, Fault> {
        let stored = self.store.worker(&entry.key).await?;
        let stored = stored.ok_or(Fault::Store(store::Error::NotFound))?;
        match Some(stored.revision) == entry.revision {
            true => Ok(stored),
            false => Err(Fault::Outdated),
        }
    }

    /// The secrets and the state of exactly this entry.
    async fn belongings(&self, entry: &Entry) -> Result<(Texts, Texts), Fault> {
        let secrets = self.store.secrets(&entry.key).await?;
        let state = self.store.state(&entry.key).await?;
        // It may have been saved, or made anew, while they were read.
        self.current(entry).await?;
        Ok((secrets, state))
    }

    async fn context(&self, entry: &Entry) -> Result<Context, Fault> {
        let (secrets, state) = self.belongings(entry).await?;
        Ok(self.made(&entry.settings, secrets, state))
    }

    fn made(&self, settings: &Settings, secrets: Texts, state: Texts) -> Context {
        let properties = settings.properties.clone();
        let context = self.gate.context(hosts(settings), properties, secrets);
        context.set_state(state);
        context
    }

    /// Builds a source and loads what came of it: whoever saves it learns what is wrong with it.
    pub async fn build(&self, source: &str) -> Result<Worker, Fault> {
        // Nobody closes the semaphore.
        let _turn = self.builds.acquire().await;
        Ok(self.engine.make(&Source::alone(SOURCE_NAME, source)).await?)
    }

    /// Loads an uploaded module.
    pub async fn load_module(&self, module: Vec<u8>) -> Result<Worker, Fault> {
        let _turn = self.builds.acquire().await;
        let engine = self.engine.clone();
        let loaded = tokio::task::spawn_blocking(move || engine.load(&module)).await;
        let loaded = loaded.map_err(|panic| Fault::Build(BuildError::Internal(panic.to_string())))?;
        Ok(loaded?)
    }

    /// A context for code that is not deployed, with the secrets and the state of `entry`, if it is for one, and `staged`
    /// over its secrets.
    pub async fn trial(&self, entry: Option<&Entry>, staged: Vec<SecretChange>) -> Result<Context, Fault> {
        let stored = entry.filter(|entry| !entry.is_fixed());
        let (mut secrets, state) = match stored {
            Some(entry) => self.belongings(entry).await?,
            None => Default::default(),
        };
        for change in staged {
            match change {
                SecretChange::Remove(name) => _ = secrets.remove(&name),
                SecretChange::Set(name, value) => _ = secrets.insert(name, value),
            }
        }
        let otherwise = Settings::default();
        let settings = stored.map_or(&otherwise, |entry| &entry.settings);
        Ok(self.made(settings, secrets, state))
    }

    /// Takes up what was saved or deleted. `code` is the revision of the save and the code that it brought; without any,
    /// that of before goes on. If somebody else has saved since, theirs is loaded when it is first executed.
    pub async fn saved(&self, key: &str, code: Option<(i64, Worker)>) -> Result<(), Fault> {
        // One at a time reads and replaces, so the last to do so has read the last that was written.
        let _turn = self.taking_up.lock().await;
        let Some(stored) = self.store.worker(key).await? else {
            self.remove(key);
            return Ok(());
        };
        let entry = Entry::stored(&stored)?;
        let worker = match code {
            Some((revision, worker)) => Some(worker).filter(|_| revision == stored.revision),
            None => self
                .get(key)
                // A worker that was deleted and made again counts its versions anew.
                .filter(|before| (before.version, before.created) == (entry.version, entry.created))
                .and_then(|before| before.ready.get().map(|ready| ready.worker.clone())),
        };
        if let Some(worker) = worker {
            match self.context(&entry).await {
                Ok(context) => _ = entry.ready.set(Ready { worker, context }),
                // Somebody has saved it meanwhile, and will take that up. Until then it is loaded when it is executed: what
                // was before this save is over.
                Err(Fault::Outdated) => {}
                Err(Fault::Store(store::Error::NotFound)) => {
                    self.remove(key);
                    return Ok(());
                }
                Err(fault) => return Err(fault),
            }
        }
        self.insert(entry);
        Ok(())
    }

    /// One that cannot be read is left out, and said: the others go on.
    fn insert_stored(&self, stored: &store::Worker) {
        match Entry::stored(stored) {
            Ok(entry) => self.insert(entry),
            Err(fault) => tracing::error!(worker = stored.key, "is not served: {fault}"),
        }
    }

    fn insert(&self, entry: Entry) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        // A later write may have been taken up first.
        if entries
            .get(&entry.key)
            .is_none_or(|known| known.revision < entry.revision)
        {
            entries.insert(entry.key.clone(), Arc::new(entry));
        }
    }

    /// Puts a worker that is not of the store in the place of the one before it, whose state goes on.
    pub fn replace(&self, key: String, worker: workers::Entry) {
        let entry = Entry::fixed(key, worker);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let before = entries.get(&entry.key).and_then(|before| before.ready.get());
        if let (Some(before), Some(now)) = (before, entry.ready.get()) {
            now.context.set_state(before.context.state());
        }
        entries.insert(entry.key.clone(), Arc::new(entry));
    }

    fn remove(&self, key: &str) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.get(key).is_some_and(|entry| !entry.is_fixed()) {
            entries.remove(key);
        }
    }

    /// Keeps what an execution changed; it is written when this returns. Gives the keys that were one too many.
    pub async fn keep(&self, entry: &Entry, context: &Context, changes: StateChanges) -> Result<Vec<String>, Fault> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        if entry.is_fixed() {
            return Ok(context.keep(changes));
        }
        let _turn = self.keeping.lock().await;
        let merged = match self.store.merge_state(&entry.key, entry.created, &changes).await {
            // It was deleted, and its state with it.
            Err(store::Error::NotFound) => return Ok(Vec::new()),
            merged => merged,
        };
        let (state, dropped) = merged?;
        context.set_state(state.clone());
        // The worker may have been saved meanwhile, and have another context.
        if let Some(now) = self.get(&entry.key)
            && now.created == entry.created
            && let Some(ready) = now.ready.get()
        {
            ready.context.set_state(state);
        }
        Ok(dropped)
    }

    /// What one execution is granted.
    pub fn grants(&self, context: &Context, hops: u32) -> engine::Grants {
        self.gate.grants(context, hops)
    }

    /// What one execution of a worker with these settings may use.
    pub fn limits(&self, settings: &Settings) -> Limits {
        self.limits.within(&settings.limits)
    }

    /// Bytes that any payload may have.
    pub fn max_payload_bytes(&self) -> usize {
        self.limits.maximum.payload_bytes
    }

    /// The most that a worker may ask for.
    pub fn maxima(&self) -> settings::Limits {
        self.limits.maxima()
    }
}

/// They were checked when they were saved.
fn hosts(settings: &Settings) -> Vec<allowed::Allowed> {
    let parsed = settings
        .allow_net
        .iter()
        .filter_map(|host| allowed::parse_list(host).ok());
    parsed.flatten().collect()
}
