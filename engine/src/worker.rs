//! A module that can be run: checked and compiled.

use crate::LoadError;
use crate::cache::Cache;
use crate::compiler::Children;
use crate::frames::{Frames, frame};
use crate::image::{self, IMAGE, Image};
use crate::images::{Base, ImageRoom, Images, PrivateImage};
use crate::packed::Packed;
use crate::sandbox::State;
use crate::sealed;
use crate::snapshot::{RUNTIME_SECTION, SOURCE_MAP_SECTION};
use crate::trampolines::{self, through_table};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use wasmparser::{Parser, Payload};
use wasmtime::{Extern, Instance, Memory, ModuleExport, Store, TypedFunc};

/// What a module compiled as it is, and code compiled for images, are called in the cache.
const COMPILED: &str = "cwasm";
pub(crate) const SHARED: &str = "shared.cwasm";

/// So many imports that are not here are named, each by so many bytes.
const MAX_NAMED: usize = 10;
const MAX_NAME_BYTES: usize = 100;

/// A module larger than this takes a while to compile.
const SLOW_TO_COMPILE_BYTES: usize = 256 << 10;

/// What a module is to us.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It is our runtime as it comes.
    Raw,
    /// It is our runtime with all that surrounds a worker: what workers are compared with.
    Prepared,
    /// Anybody may have made it.
    Stranger,
}

/// A worker that can be run: cheap to clone, safe to share.
#[derive(Clone)]
pub struct Worker(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) program: Program,
    /// Whether it says that it is a snapshot of a JavaScript runtime.
    pub(crate) javascript: bool,
    pub(crate) source_map: Option<Arc<[u8]>>,
}

pub(crate) enum Program {
    /// Code that many workers share, and the memory of this one.
    Shared(Arc<PrivateImage>),
    /// A module of its own.
    Whole(wasmtime::InstancePre<State>, Command),
}

/// The code module of a runtime. All that it imports is what an image exports, in that order.
pub(crate) struct Code {
    pub(crate) module: wasmtime::Module,
    command: Command,
    /// The memory of the first worker that had it, which those of the others are compared with.
    base: OnceLock<Arc<Base>>,
}

/// What a store needs of a worker, all of it in memory.
pub(crate) enum Ready<'w> {
    Shared(&'w Code, Arc<wasmtime::InstancePre<State>>),
    Whole(&'w wasmtime::InstancePre<State>, &'w Command),
}

/// Where a module has what every worker exports.
pub(crate) struct Command {
    start: ModuleExport,
    memory: ModuleExport,
}

/// A worker in a store.
pub(crate) struct Instances {
    /// The one with the functions.
    pub(crate) code: Instance,
    /// The one with memory and globals, where they are apart.
    pub(crate) image: Option<Instance>,
}

impl Ready<'_> {
    /// Makes the worker's instances in `store`.
    pub(crate) async fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Instances> {
        let (code, image) = match self {
            Self::Whole(module, _) => {
                let code = module.instantiate_async(store).await?;
                return Ok(Instances { code, image: None });
            }
            Self::Shared(code, image) => (code, image),
        };
        let image = image.instantiate_async(&mut *store).await?;
        let exported: Vec<Extern> = image.exports(&mut *store).map(wasmtime::Export::into_extern).collect();
        let code = Instance::new_async(store, &code.module, &exported).await?;
        Ok(Instances {
            code,
            image: Some(image),
        })
    }

    /// What `instances` of the worker export: where it starts, and its memory.
    pub(crate) fn exports(
        &self,
        instances: &Instances,
        store: &mut Store<State>,
    ) -> wasmtime::Result<(TypedFunc<(), ()>, Memory)> {
        let command = match self {
            Self::Shared(code, _) => &code.command,
            Self::Whole(_, command) => command,
        };
        let mut export = |place| instances.code.get_module_export(&mut *store, place);
        match (export(&command.start), export(&command.memory)) {
            (Some(Extern::Func(start)), Some(Extern::Memory(memory))) => Ok((start.typed(&*store)?, memory)),
            _ => Err(wasmtime::Error::msg("the module exports something else than it did")),
        }
    }
}

/// Compiles modules, each once.
pub(crate) struct Loader {
    engine: wasmtime::Engine,
    linker: wasmtime::Linker<State>,
    cache: Arc<Cache>,
    notice: fn(&str),
    /// Where modules are compiled that are not in the cache; here, without any.
    children: Option<Arc<Children>>,
    images: Arc<Images>,
    /// Code in use, by what it is called in the cache.
    codes: Mutex<HashMap<String, Weak<Code>>>,
    /// Held by who compiles code: whoever comes meanwhile waits, if it is not there already.
    compiling: Mutex<()>,
    /// The code used last, kept when its last worker goes.
    latest: Mutex<Option<Arc<Code>>>,
}

impl Loader {
    pub(crate) fn new(
        engine: wasmtime::Engine,
        linker: wasmtime::Linker<State>,
        cache: Arc<Cache>,
        notice: fn(&str),
        children: Option<Arc<Children>>,
        room: ImageRoom,
    ) -> Self {
        Self {
            images: Arc::new(Images::new(&engine, &linker, &cache, room)),
            engine,
            linker,
            cache,
            notice,
            children,
            codes: Mutex::default(),
            compiling: Mutex::default(),
            latest: Mutex::default(),
        }
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        &self.engine
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// What another process needs in its cache to make this image without wasmtime.
    pub(crate) fn casing(&self, image: &Image) -> Option<(String, Bytes)> {
        self.images.casing(image)
    }

    /// Checks and compiles a module.
    pub(crate) fn load(&self, wasm: &[u8], origin: Origin) -> Result<Worker, LoadError> {
        let customs = customs(wasm)?;
        let program = match customs.javascript.then(|| image::split(wasm)).flatten() {
            Some(split) => {
                let code = self.code(&split.code, origin)?;
                let base = || Arc::new(Base::new(split.image.memory.clone()));
                let base = match origin {
                    Origin::Raw => Arc::new(Base::new(Bytes::new())),
                    Origin::Prepared | Origin::Stranger => code.base.get_or_init(base).clone(),
                };
                Program::Shared(self.images.add(code, base, &split.image).map_err(refused)?)
            }
            None => {
                let name = self.cache.name(COMPILED, wasm);
                let module = self.compile(wasm, &name, origin, |wasm| Ok(wasm.into()))?;
                let command = command(&module)?;
                self.check_imports(module.imports().map(|import| (import.module(), import.name())))?;
                Program::Whole(self.linker.instantiate_pre(&module).map_err(refused)?, command)
            }
        };
        Ok(Worker(Arc::new(Inner {
            program,
            javascript: customs.javascript,
            source_map: customs.source_map,
        })))
    }

    /// A worker that can be kept: one that shares its code.
    pub(crate) fn keep(&self, name: &str, worker: &Worker) {
        if let Inner {
            program: Program::Shared(image),
            source_map: Some(map),
            ..
        } = &*worker.0
        {
            let mut kept = Frames::default();
            kept.push(image.base().hash().as_bytes());
            image.packed().write(&mut kept);
            kept.push(map);
            self.cache.put_named(name, &kept.into_bytes());
        }
    }

    /// What was kept by this name, if it shares `code`. It is made when it is executed.
    pub(crate) fn kept(&self, name: &str, code: &Arc<Code>) -> Option<Worker> {
        let base = code.base.get()?;
        let kept = self.cache.get_named(name)?;
        let mut kept = &*kept;
        if frame(&mut kept).ok()? != base.hash().as_bytes() {
            return None;
        }
        let packed = Packed::read(&mut kept).ok()?;
        let source_map = frame(&mut kept).ok()?;
        Some(Worker(Arc::new(Inner {
            program: Program::Shared(Images::packed(code.clone(), base.clone(), packed)),
            javascript: true,
            source_map: Some(source_map.into()),
        })))
    }

    /// Sees to it that all of a worker is in memory.
    pub(crate) async fn ready<'w>(&self, worker: &'w Worker) -> wasmtime::Result<Ready<'w>> {
        match &worker.0.program {
            Program::Shared(image) => Ok(Ready::Shared(image.code(), self.images.get(image).await?)),
            Program::Whole(module, command) => Ok(Ready::Whole(module, command)),
        }
    }

    /// Compiles what `prepare` makes of `wasm`, or takes what has this name from the disk.
    fn compile(
        &self,
        wasm: &[u8],
        name: &str,
        origin: Origin,
        prepare: impl for<'a> FnOnce(&'a [u8]) -> Result<Cow<'a, [u8]>, trampolines::Fault>,
    ) -> Result<wasmtime::Module, LoadError> {
        if let Some(file) = self.cache.sealed(name) {
            // SAFETY: the cache gives back only what this machine compiled itself (see its first lines).
            #[expect(unsafe_code, reason = "wasmtime runs precompiled code without looking at it again")]
            let module = unsafe { sealed::module(&self.engine, file) };
            if let Ok(module) = module {
                return Ok(module);
            }
        }
        if wasm.len() > SLOW_TO_COMPILE_BYTES {
            (self.notice)("compiling for this machine; this takes some seconds, once");
        }
        let prepared = prepare(wasm).map_err(not_wasm)?;
        let (module, artefact) = match &self.children {
            Some(children) if origin == Origin::Stranger => {
                let artefact = children.compile(&prepared)?;
                (self.compiled(&artefact).map_err(refused)?, artefact)
            }
            _ => {
                let module = wasmtime::Module::new(&self.engine, &prepared).map_err(refused)?;
                let artefact = module.serialize().map_err(refused)?;
                (module, artefact)
            }
        };
        self.cache.put_named(name, &artefact);
        Ok(module)
    }

    /// What a child made of a module.
    fn compiled(&self, artefact: &[u8]) -> wasmtime::Result<wasmtime::Module> {
        // SAFETY: a child is this program, started by this process, and its pipe is its own.
        #[expect(unsafe_code, reason = "wasmtime runs precompiled code without looking at it again")]
        unsafe {
            wasmtime::Module::deserialize(&self.engine, artefact)
        }
    }

    /// The code module `wasm`, compiled at most once in this process. Whoever comes meanwhile waits.
    fn code(&self, wasm: &[u8], origin: Origin) -> Result<Arc<Code>, LoadError> {
        let name = self.cache.name(SHARED, wasm);
        let known = || {
            let codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
            codes.get(&name).and_then(Weak::upgrade)
        };
        let code = match known() {
            Some(code) => code,
            None => {
                let _turn = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(code) = known() {
                    return Ok(code);
                }
                let functions = image::functions(wasm).map_err(not_wasm)?;
                self.check_imports(functions.iter().map(|import| (import.module, import.name)))?;
                let module = self.compile(wasm, &name, origin, |wasm| Ok(through_table(wasm, IMAGE)?.into()))?;
                let code = Arc::new(Code {
                    command: command(&module)?,
                    module,
                    base: OnceLock::new(),
                });
                let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
                codes.retain(|_, code| code.strong_count() > 0);
                codes.insert(name, Arc::downgrade(&code));
                code
            }
        };
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(code.clone());
        Ok(code)
    }

    /// Whether we have what a module imports, by module and name; everything that it wants and does not get is named at
    /// once.
    fn check_imports<'a>(&self, imports: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), LoadError> {
        let mut probe = wasmtime::Store::new(&self.engine, State::empty());
        let absent = imports.filter(|(module, name)| self.linker.get(&mut probe, module, name).is_err());
        let mut missing: Vec<String> = absent.map(|(module, name)| format!("{module}.{name}")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        // A module may want a million, under names of a hundred kilobytes.
        let more = missing.len().saturating_sub(MAX_NAMED);
        missing.truncate(MAX_NAMED);
        for name in &mut missing {
            name.truncate(name.floor_char_boundary(MAX_NAME_BYTES));
        }
        if more > 0 {
            missing.push(format!("and {more} more"));
        }
        let sentence = format!(
            "the module imports {}, which a worker cannot have: only functions of wasi_snapshot_preview1 and host are here",
            missing.join(", ")
        );
        Err(LoadError::Module(sentence))
    }
}

/// What the custom sections say.
struct Customs {
    javascript: bool,
    source_map: Option<Arc<[u8]>>,
}

fn customs(wasm: &[u8]) -> Result<Customs, LoadError> {
    if !wasm.starts_with(b"\0asm") {
        return Err(LoadError::Module("this is not a WebAssembly module".into()));
    }
    let mut customs = Customs {
        javascript: false,
        source_map: None,
    };
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(not_wasm)? {
            Payload::Version {
                encoding: wasmparser::Encoding::Component,
                ..
            } => {
                let sentence = "this is a component; a worker is a core module for WASI preview 1";
                return Err(LoadError::Module(sentence.into()));
            }
            Payload::CustomSection(section) if section.name() == RUNTIME_SECTION => customs.javascript = true,
            Payload::CustomSection(section) if section.name() == SOURCE_MAP_SECTION => {
                customs.source_map = Some(section.data().into());
            }
            _ => {}
        }
    }
    Ok(customs)
}

/// A command of WASI preview 1: a `_start` without parameters, and a memory that the host can find.
fn command(module: &wasmtime::Module) -> Result<Command, LoadError> {
    let fault = |sentence: &str| LoadError::Module(sentence.into());
    let start = module.get_export_index("_start").ok_or_else(|| {
        fault("the module exports no `_start`: a worker is a WASI command, not a library or a reactor")
    })?;
    match module.get_export("_start") {
        Some(wasmtime::ExternType::Func(ty)) if ty.params().len() == 0 && ty.results().len() == 0 => {}
        _ => return Err(fault("the module's `_start` is not a function () -> ()")),
    }
    match (module.get_export("memory"), module.get_export_index("memory")) {
        (Some(wasmtime::ExternType::Memory(_)), Some(memory)) => Ok(Command { start, memory }),
        _ => Err(fault("the module exports no memory named `memory`")),
    }
}

/// A module that cannot be read, and at its root why.
fn not_wasm(error: impl Error) -> LoadError {
    let mut cause: &dyn Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    LoadError::Module(format!("this is not a WebAssembly module: {cause}"))
}

/// Whatever wasmtime finds wrong with a module is the module's fault.
#[expect(clippy::needless_pass_by_value, reason = "the form map_err takes")]
fn refused(error: wasmtime::Error) -> LoadError {
    LoadError::Module(refusal(&error))
}

/// Why wasmtime does not take a module.
pub(crate) fn refusal(error: &wasmtime::Error) -> String {
    format!("the module cannot run here: {error:#}")
}
