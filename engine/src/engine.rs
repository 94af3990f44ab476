//! The three things one does: build a worker, load it, run it.

use crate::cache::Cache;
use crate::compiler::{Children, Compiler};
use crate::execution::{Execution, Thrown};
use crate::images::ImageRoom;
use crate::snapshot::{Built, Snapshotter};
use crate::transform::Script;
use crate::worker::{Loader, Origin, Worker, refusal};
use crate::{Diagnostic, Grants, Limits, Payload, Texts, bundle, run, sandbox, snapshot};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Builds, loads and runs workers. One per process; clones share everything.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    loader: Loader,
    children: Option<Arc<Children>>,
    /// Each is made when the first worker of its kind is built.
    snapshotter: OnceCell<Snapshotter>,
    standalone_snapshotter: OnceCell<Snapshotter>,
}

/// How an [`Engine`] is set up.
pub struct Config {
    /// The folder that keeps compiled code between processes; created when missing.
    pub cache_dir: PathBuf,
    /// The bytes that it may take; what was used longest ago makes room.
    pub max_cache_bytes: u64,
    /// Executions that can be under way at once; each reserves address space, not memory.
    pub max_executions: u32,
    /// The largest [`Limits::memory_bytes`] any execution may be given.
    pub max_memory_bytes: usize,
    /// How many workers stay in memory; the others come back in milliseconds when they are executed.
    pub image_room: ImageRoom,
    /// Told, in one sentence, before something takes seconds.
    pub notice: fn(&str),
    /// Where sources are built and modules compiled: in child processes, which is for those of strangers. Without it this
    /// process does it.
    pub compiler: Option<Compiler>,
}

/// A worker's source.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name shown in errors and stacks, such as `worker.ts`; its extension tells the language.
    pub name: String,
    /// The text.
    pub text: String,
    /// The folder of the worker, in which `name` is a path: what the source imports is found there and nowhere else.
    /// Without one it imports nothing.
    pub folder: Option<PathBuf>,
    /// Modules that are no files: JavaScript (CommonJS where the name ends in `.cjs`), by the names that files of the folder
    /// import them by. Packages are looked for after them, and do not see them.
    pub modules: Texts,
}

impl Source {
    /// A source that imports nothing.
    pub fn alone(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            folder: None,
            modules: Texts::new(),
        }
    }

    /// Whether it imports files or packages, so that the text alone does not build. Types count for nothing, and a source
    /// that does not compile is not judged. Blocks while it computes, as a build does at first.
    pub fn imports(&self) -> bool {
        bundle::imports(&self.name, &self.text)
    }
}

/// What one execution is given.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The second parameter of the handler.
    pub payload: Payload,
    /// Execution facts, such as `WORKER_KEY`, seen by the guest as its environment.
    pub environment: Vec<(String, String)>,
    /// What it may use.
    pub limits: Limits,
    /// What it may ask for.
    pub grants: Grants,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The cache folder cannot be used.
    #[error("cannot use the cache folder {}: {error}", .folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// This machine cannot run WebAssembly as configured.
    #[error("cannot set up WebAssembly on this machine: {0}")]
    Machine(String),
}

/// Why a source does not build.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The source is faulty; every fault that was found.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))]
    Source(Vec<Diagnostic>),
    /// The top level of the module failed while it ran.
    #[error("the top level of the worker failed: {0}")]
    TopLevel(TopLevelError),
    /// Building it takes more than it may, or the compiler did not survive it; the sentence says what.
    #[error("{0}")]
    TooMuch(String),
    /// We could not try.
    #[error("{0}")]
    Internal(String),
}

/// How the top level of a module failed.
#[derive(Debug, thiserror::Error)]
pub enum TopLevelError {
    /// It threw.
    #[error("{0}")]
    Thrown(Thrown),
    /// It ran into a limit; the sentence says which.
    #[error("{0}")]
    Limit(String),
}

/// Why a module cannot be a worker.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The module is not one that can run here; the sentence says why.
    #[error("{0}")]
    Module(String),
    /// We could not try.
    #[error("{0}")]
    Internal(String),
}

/// Why an execution was not tried.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// As many executions as [`Config::max_executions`] allows are under way.
    #[error("too many executions are under way")]
    Busy,
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl RunError {
    #[expect(clippy::needless_pass_by_value, reason = "the form map_err takes")]
    pub(crate) fn internal(error: wasmtime::Error) -> Self {
        Self::Internal(format!("{error:#}"))
    }
}

impl Engine {
    /// Sets up the engine; compiles nothing yet.
    pub fn new(config: Config) -> Result<Self, SetupError> {
        let most = config.max_cache_bytes;
        let open = |folder: &Path, context| {
            Cache::open(folder, most, context).map_err(|error| SetupError::Cache {
                folder: folder.to_owned(),
                error,
            })
        };
        Self::with(config, open)
    }

    /// The same with another cache.
    pub(crate) fn with(
        config: Config,
        cache: impl FnOnce(&Path, u64) -> Result<Cache, SetupError>,
    ) -> Result<Self, SetupError> {
        let machine = |error: wasmtime::Error| SetupError::Machine(format!("{error:#}"));
        let engine = sandbox::engine(config.max_executions, config.max_memory_bytes).map_err(machine)?;
        let linker = sandbox::linker(&engine).map_err(machine)?;
        let mut context = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut context);
        let cache = cache(&config.cache_dir, context.finish())?;
        let children = config.compiler.map(|compiler| Arc::new(Children::new(compiler)));
        let loader = Loader::new(
            engine,
            linker,
            Arc::new(cache),
            config.notice,
            children.clone(),
            config.image_room,
        );
        Ok(Self(Arc::new(Inner {
            loader,
            children,
            snapshotter: OnceCell::new(),
            standalone_snapshotter: OnceCell::new(),
        })))
    }

    /// Builds `source` into the bytes of a `worker.wasm`: the same source gives the same bytes on every machine.
    ///
    /// With `standalone` the module imports nothing but WASI, and whatever asks the host throws.
    pub async fn build(&self, source: &Source, standalone: bool) -> Result<Vec<u8>, BuildError> {
        Ok(self.built(source, standalone).await?.module)
    }

    pub(crate) async fn built(&self, source: &Source, standalone: bool) -> Result<Built, BuildError> {
        if let Some(children) = self.0.children.clone() {
            self.warm_up().await?;
            let source = source.clone();
            let built = tokio::task::spawn_blocking(move || children.build(&source, standalone)).await;
            return built.map_err(|panic| BuildError::Internal(panic.to_string()))?;
        }
        let (script, alone) = bundle(source).await?;
        let snapshotter = self.snapshotter(standalone).await?;
        let loader = &self.0.loader;
        let module = snapshotter.snapshot(loader, &source.name, &script.code, &script.map);
        Ok(Built {
            module: module.await?,
            alone,
        })
    }

    /// Builds `source` and loads what comes of it. That of a source which imports nothing is kept in the cache: the next
    /// time, nothing is built.
    pub async fn make(&self, source: &Source) -> Result<Worker, BuildError> {
        let snapshotter = self.snapshotter(false).await?;
        let name = snapshotter.name(&self.0.loader, source);
        if let Some(code) = snapshotter.code()
            && let Some(worker) = self.0.loader.kept(&name, code)
        {
            return Ok(worker);
        }
        let Built { module, alone } = self.built(source, false).await?;
        let engine = self.clone();
        let loaded = move || {
            let worker = engine.load(&module)?;
            if alone {
                engine.0.loader.keep(&name, &worker);
            }
            Ok(worker)
        };
        let loaded = tokio::task::spawn_blocking(loaded).await;
        let loaded = loaded.map_err(|panic| BuildError::Internal(panic.to_string()))?;
        loaded.map_err(|error: LoadError| BuildError::Internal(format!("what was built cannot be loaded: {error}")))
    }

    /// Does now what the first build would do otherwise: the JavaScript runtime is compiled, or taken from the cache, and
    /// a child waits with it.
    pub async fn warm_up(&self) -> Result<(), BuildError> {
        let snapshotter = self.snapshotter(false).await?;
        if let Some(children) = &self.0.children
            && !children.are_provided()
        {
            children.provide(&snapshotter.made(&self.0.loader)?);
        }
        Ok(())
    }

    async fn snapshotter(&self, standalone: bool) -> Result<&Snapshotter, BuildError> {
        let (made, runtime) = match standalone {
            false => (&self.0.snapshotter, snapshot::RUNTIME),
            true => (&self.0.standalone_snapshotter, snapshot::STANDALONE_RUNTIME),
        };
        made.get_or_try_init(|| Snapshotter::new(&self.0.loader, runtime)).await
    }

    /// The compiled code of a module, as [`Engine::load`] keeps it; or why it cannot be compiled.
    pub(crate) fn compile(&self, module: &[u8]) -> Result<Vec<u8>, String> {
        let compiled = self.0.loader.engine().precompile_module(module);
        compiled.map_err(|error| refusal(&error))
    }

    /// Checks a module and compiles it, or takes it from the cache. Blocks: milliseconds for what [`Engine::build`]
    /// made, seconds for a large module that this machine has never seen.
    pub fn load(&self, module: &[u8]) -> Result<Worker, LoadError> {
        self.0.loader.load(module, Origin::Stranger)
    }

    #[cfg(any(fuzzing, test))]
    pub(crate) fn loader(&self) -> &Loader {
        &self.0.loader
    }

    /// Runs one execution in a fresh sandbox. Dropping the future stops the guest; `cancelled` completing ends it
    /// with [`Outcome::Cancelled`](crate::Outcome::Cancelled).
    pub async fn run(
        &self,
        worker: &Worker,
        request: Request,
        cancelled: impl Future<Output = ()>,
    ) -> Result<Execution, RunError> {
        run::run(&self.0.loader, worker, request, cancelled).await
    }
}

/// The one module that `source` is with all that it imports, and whether that is nothing.
async fn bundle(source: &Source) -> Result<(Script, bool), BuildError> {
    let source = source.clone();
    let bundled = move || bundle::bundle(&source.name, &source.text, source.folder.as_deref(), &source.modules);
    // It computes for a while, and reads files.
    let bundled = tokio::task::spawn_blocking(bundled).await;
    bundled
        .map_err(|panic| BuildError::Internal(panic.to_string()))?
        .map_err(BuildError::Source)
}
