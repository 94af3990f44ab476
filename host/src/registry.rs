//! The workers that can be executed: those of a folder, which stay as they are while the host runs, and those of the
//! store, which come and go. An entry is small; its code and context are loaded when it is first executed.

use crate::api::schedule::Schedule;
use crate::api::settings::{self, Settings};
use crate::context::{Context, Gate};
use crate::manifest::GENERIC_EVENT;
use crate::network::allowed;
use crate::store::{self, Change, Definition, SecretChange, Store, WorkerFilter};
use crate::workers::{State, Workers};
use engine::{BuildError, Engine, Limits, LoadError, Source, StateChanges, Worker};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell, Semaphore};

/// Read from the store at a time.
const PAGE: u32 = 500;

/// How often the store is asked what other hosts have written.
const POLL: Duration = Duration::from_secs(1);

/// What a source is called in errors and stacks.
pub const SOURCE_NAME: &str = "worker.ts";

/// All workers of this host.
pub struct Registry {
    store: Store,
    engine: Engine,
    gate: Arc<Gate>,
    limits: Limits,
    entries: RwLock<HashMap<String, Arc<Entry>>>,
    /// One change of a state at a time, so that what is kept here is what was written last.
    keeping: Mutex<()>,
    /// One write of the store is taken up at a time.
    taking_up: Mutex<()>,
    /// Builds and loads under way; others wait.
    builds: Semaphore,
}

/// One worker.
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its project.
    pub project: Option<String>,
    /// The event that it is for.
    pub action: String,
    /// Whether it may be executed.
    pub enabled: bool,
    /// Whether every user may execute it.
    pub shared: bool,
    /// The version that is executed; a worker of the folder has none.
    pub version: Option<i64>,
    /// What it may use, and how it is treated.
    pub settings: Settings,
    /// When it runs by itself.
    pub schedule: Option<Schedule>,
    /// When it was made, in unix milliseconds.
    created: i64,
    /// The store's; differs after every write.
    revision: Option<i64>,
    ready: OnceCell<Ready>,
}

/// What is needed to execute a worker.
pub struct Ready {
    /// Its code.
    pub worker: Worker,
    /// What it is granted.
    pub context: Context,
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

impl Entry {
    /// Whether it came from the folder, and cannot be changed.
    pub fn is_fixed(&self) -> bool {
        self.revision.is_none()
    }

    /// Whether it can be executed by name.
    pub fn is_generic(&self) -> bool {
        self.action == GENERIC_EVENT
    }

    fn stored(worker: &store::Worker) -> Result<Self, Fault> {
        let Definition {
            project,
            action,
            enabled,
            shared,
            filter,
            settings,
            ..
        } = &worker.definition;
        let settings = settings_of(&worker.key, settings)?;
        Ok(Self {
            key: worker.key.clone(),
            project: project.clone(),
            action: action.clone(),
            enabled: *enabled,
            shared: *shared,
            version: Some(worker.current.number),
            settings,
            schedule: filter.as_deref().and_then(Schedule::read),
            created: worker.created,
            revision: Some(worker.revision),
            ready: OnceCell::new(),
        })
    }
}

impl Registry {
    /// The workers of the folder and of the store. A key in both is a mistake that somebody has to mend.
    pub async fn open(
        store: Store,
        engine: Engine,
        gate: Arc<Gate>,
        limits: Limits,
        fixed: Workers,
    ) -> anyhow::Result<(Self, i64)> {
        // Read first: what is written while the pages are read is read again.
        let revision = store.revision().await?;
        let mut entries = HashMap::new();
        let mut after = String::new();
        loop {
            let page = store.workers(&WorkerFilter::default(), &after, PAGE).await?;
            for worker in &page {
                entries.insert(worker.key.clone(), Arc::new(Entry::stored(worker)?));
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => after.clone_from(&last.key),
                _ => break,
            }
        }
        let mut twice = Vec::new();
        for (key, place, entry) in fixed.into_entries() {
            let (ready, enabled, action) = match entry.state {
                State::Ready(worker, context) => (
                    OnceCell::new_with(Some(Ready { worker, context })),
                    true,
                    GENERIC_EVENT.into(),
                ),
                State::Disabled => (OnceCell::new(), false, GENERIC_EVENT.into()),
                State::OtherAction(action) => (OnceCell::new(), true, action),
            };
            let entry = Entry {
                key: key.clone(),
                project: entry.project_key,
                action,
                enabled,
                shared: false,
                version: None,
                settings: Settings::default(),
                schedule: None,
                created: 0,
                revision: None,
                ready,
            };
            if entries.insert(key.clone(), Arc::new(entry)).is_some() {
                twice.push(format!("worker {key} is in {} and in the database", place.display()));
            }
        }
        anyhow::ensure!(
            twice.is_empty(),
            "a worker can be in the folder or in the database:\n  {}",
            twice.join("\n  ")
        );
        let registry = Self {
            store,
            engine,
            gate,
            limits,
            entries: RwLock::new(entries),
            keeping: Mutex::new(()),
            taking_up: Mutex::new(()),
            builds: Semaphore::new(crate::workers::builds_at_once()),
        };
        Ok((registry, revision))
    }

    /// The worker of this key.
    pub fn get(&self, key: &str) -> Option<Arc<Entry>> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(key).cloned()
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
        entry.ready.get_or_try_init(|| self.load(entry)).await
    }

    async fn load(&self, entry: &Entry) -> Result<Ready, Fault> {
        let key = &entry.key;
        let stored = self
            .store
            .worker(key)
            .await?
            .ok_or(Fault::Store(store::Error::NotFound))?;
        if Some(stored.revision) != entry.revision {
            return Err(self.outdated(&stored));
        }
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

    /// What belongs to exactly this entry: when the worker was saved while it was read, there is a newer one.
    async fn context(&self, entry: &Entry) -> Result<Context, Fault> {
        let (key, settings) = (&entry.key, &entry.settings);
        let secrets = self.store.secrets(key).await?;
        let state = self.store.state(key).await?;
        let stored = self
            .store
            .worker(key)
            .await?
            .ok_or(Fault::Store(store::Error::NotFound))?;
        if Some(stored.revision) != entry.revision {
            return Err(self.outdated(&stored));
        }
        let context = self.gate.context(hosts(settings), settings.properties.clone(), secrets);
        context.set_state(state);
        Ok(context)
    }

    fn outdated(&self, stored: &store::Worker) -> Fault {
        match Entry::stored(stored) {
            Ok(entry) => {
                self.insert(entry);
                Fault::Outdated
            }
            Err(fault) => fault,
        }
    }

    /// Builds a source and loads what came of it: whoever saves it learns what is wrong with it.
    pub async fn build(&self, source: &str) -> Result<Worker, Fault> {
        // Nobody closes the semaphore.
        let _turn = self.builds.acquire().await;
        let module = self.engine.build(&Source::alone(SOURCE_NAME, source), false).await?;
        self.load_now(module).await
    }

    /// Loads an uploaded module.
    pub async fn load_module(&self, module: Vec<u8>) -> Result<Worker, Fault> {
        let _turn = self.builds.acquire().await;
        self.load_now(module).await
    }

    async fn load_now(&self, module: Vec<u8>) -> Result<Worker, Fault> {
        let engine = self.engine.clone();
        let loaded = tokio::task::spawn_blocking(move || engine.load(&module)).await;
        let loaded = loaded.map_err(|panic| Fault::Build(BuildError::Internal(panic.to_string())))?;
        Ok(loaded?)
    }

    /// A context for code that is not deployed, with the secrets and the state of `entry`, if it is for one, and `staged`
    /// over its secrets.
    pub async fn trial(&self, entry: Option<&Entry>, staged: Vec<SecretChange>) -> Result<Context, Fault> {
        let mut secrets = engine::Texts::new();
        let stored = entry.filter(|entry| !entry.is_fixed());
        let state = match stored {
            Some(entry) => {
                // Of this worker, and not of another one that was made in its place.
                self.context(entry).await?;
                secrets = self.store.secrets(&entry.key).await?;
                self.store.state(&entry.key).await?
            }
            None => engine::Texts::new(),
        };
        for change in staged {
            match change {
                SecretChange::Remove(name) => _ = secrets.remove(&name),
                SecretChange::Set(name, value) => _ = secrets.insert(name, value),
            }
        }
        let settings = stored.map(|entry| entry.settings.clone()).unwrap_or_default();
        let context = self.gate.context(hosts(&settings), settings.properties, secrets);
        context.set_state(state);
        Ok(context)
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
                // Whoever saved or deleted it meanwhile takes it up next.
                Err(Fault::Outdated) => return Ok(()),
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

    /// Takes up what other hosts write, for ever.
    pub async fn follow(&self, mut revision: i64) {
        let mut reachable = true;
        loop {
            tokio::time::sleep(POLL).await;
            match self.take_up(revision).await {
                Ok(seen) => {
                    revision = seen;
                    reachable = true;
                }
                Err(error) => {
                    if std::mem::replace(&mut reachable, false) {
                        tracing::warn!("cannot see what other hosts write: {error}");
                    }
                }
            }
        }
    }

    async fn take_up(&self, since: i64) -> Result<i64, Fault> {
        let store::Changes { revision, changes } = self.store.changes(since).await?;
        for change in changes {
            match change {
                Change::Worker(key) => {
                    let _turn = self.taking_up.lock().await;
                    match self.store.worker(&key).await? {
                        None => self.remove(&key),
                        Some(stored) => {
                            let known = self.get(&key);
                            if known.is_some_and(|entry| entry.is_fixed()) {
                                tracing::error!(
                                    worker = key,
                                    "another host saved a worker that is in this host's folder"
                                );
                            } else {
                                self.insert(Entry::stored(&stored)?);
                            }
                        }
                    }
                }
                Change::State(key) => {
                    let _turn = self.keeping.lock().await;
                    let entry = self.get(&key).filter(|entry| !entry.is_fixed());
                    if let Some(ready) = entry.as_ref().and_then(|entry| entry.ready.get()) {
                        ready.context.set_state(self.store.state(&key).await?);
                    }
                }
                // The store's own cache knows.
                Change::Token(_) => {}
            }
        }
        Ok(revision)
    }

    /// What one execution is granted.
    pub fn grants(&self, context: &Context, hops: u32) -> engine::Grants {
        self.gate.grants(context, hops)
    }

    /// What one execution of this worker may use.
    pub fn limits(&self, settings: &Settings) -> Limits {
        let (asked, most) = (&settings.limits, &self.limits);
        let millis = |asked: Option<u64>, most: Duration| asked.map_or(most, Duration::from_millis).min(most);
        let bytes = |asked: Option<u64>, most: usize| asked.and_then(|it| it.try_into().ok()).unwrap_or(most).min(most);
        Limits {
            fuel: asked.fuel.unwrap_or(most.fuel).min(most.fuel),
            cpu: millis(asked.cpu_millis, most.cpu),
            timeout: millis(asked.timeout_millis, most.timeout),
            memory_bytes: bytes(asked.memory_bytes, most.memory_bytes),
            output_bytes: bytes(asked.output_bytes, most.output_bytes),
            log_bytes: bytes(asked.log_bytes, most.log_bytes),
            requests: asked
                .requests
                .map_or(most.requests, |it| it.try_into().unwrap_or(u32::MAX))
                .min(most.requests),
            traffic_bytes: most.traffic_bytes,
        }
    }

    /// The most that a worker may ask for, which is what one gets that asks for nothing.
    pub fn maxima(&self) -> settings::Limits {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).ok();
        settings::Limits {
            cpu_millis: millis(self.limits.cpu),
            fuel: Some(self.limits.fuel),
            timeout_millis: millis(self.limits.timeout),
            memory_bytes: Some(self.limits.memory_bytes as u64),
            output_bytes: Some(self.limits.output_bytes as u64),
            log_bytes: Some(self.limits.log_bytes as u64),
            requests: Some(self.limits.requests.into()),
        }
    }
}

fn settings_of(key: &str, document: &str) -> Result<Settings, Fault> {
    let read = settings::read(document);
    read.map_err(|problems| {
        Fault::Damaged(format!(
            "the settings of worker {key} cannot be read: {}",
            problems.join("; ")
        ))
    })
}

/// They were checked when they were saved.
fn hosts(settings: &Settings) -> Vec<allowed::Allowed> {
    let parsed = settings
        .allow_net
        .iter()
        .filter_map(|host| allowed::parse_list(host).ok());
    parsed.flatten().collect()
}
