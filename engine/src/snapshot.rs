//! Runs the top level of a worker once, in the JavaScript runtime, and snapshots the memory: that is `worker.wasm`.
//!
//! A snapshot is a step: a module is run as a worker is, up to the end of one exported function, and joined with what
//! became of its memory. The first step evaluates what surrounds every worker and is kept on disk; the second starts
//! there and evaluates the worker. All of them have the same code, so it is compiled once for building and running.

use crate::execution::Thrown;
use crate::frames::Frames;
use crate::image;
use crate::join::join;
use crate::sandbox::{self, Armed, Given};
use crate::supervise::{Ended, supervise};
use crate::worker::{Code, Instances, Loader, Origin, Program, SHARED, Worker};
use crate::world::Clocks;
use crate::{BuildError, Grants, Limits, Source, TopLevelError};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;
use wasm_encoder::{ConstExpr, CustomSection, Encode, Section};

/// The JavaScript runtime, built by `guest-sdk/runtime/build.sh`: for workers of this host, and for any WASI runtime.
pub(crate) const RUNTIME: &[u8] = include_bytes!("../../guest-sdk/runtime/runtime.wasm");
pub(crate) const STANDALONE_RUNTIME: &[u8] = include_bytes!("../../guest-sdk/runtime/standalone.wasm");

/// The custom section that says a module is a snapshot of a JavaScript runtime. Only a hint: it decides how exit codes
/// are named and whether a split is tried, never what is shared.
pub(crate) const RUNTIME_SECTION: &str = "javascript-runtime";
/// The custom section with the source map of the worker's script.
pub(crate) const SOURCE_MAP_SECTION: &str = "source-map";

/// What a prepared runtime, and a worker, are called in the cache.
const PREPARED: &str = "prepared";
const WORKER: &str = "worker";

/// Room for the custom sections of a worker, beside its source map.
const CUSTOM_BYTES: usize = 256;

/// What became of a source.
pub(crate) struct Built {
    pub(crate) module: Vec<u8>,
    /// It follows from the name and the text of the source alone: no other file was read.
    pub(crate) alone: bool,
}

/// A runtime with everything in it but a worker.
pub(crate) struct Snapshotter {
    runtime: &'static [u8],
    prepared: Bytes,
    worker: Worker,
    /// Names the runtime.
    hash: blake3::Hash,
}

impl Snapshotter {
    /// Prepares `runtime`, or takes it from the disk.
    pub(crate) async fn new(loader: &Loader, runtime: &'static [u8]) -> Result<Self, BuildError> {
        let hash = blake3::hash(runtime);
        let load = |module: &[u8], origin| {
            let fault = |error| BuildError::Internal(format!("the JavaScript runtime cannot be loaded: {error}"));
            loader.load(module, origin).map_err(fault)
        };
        let (prepared, worker) = match loader.cache().get(PREPARED, runtime) {
            Some(prepared) => {
                let worker = load(&prepared, Origin::Prepared)?;
                (prepared, worker)
            }
            None => {
                let mut raw = runtime.to_vec();
                mark(&mut raw, hash);
                let mut prepared = step(loader, &load(&raw, Origin::Raw)?, &raw, "prepare", Bytes::new(), None).await?;
                mark(&mut prepared, hash);
                loader.cache().put(PREPARED, runtime, &prepared);
                let worker = load(&prepared, Origin::Prepared)?;
                (prepared.into(), worker)
            }
        };
        Ok(Self {
            runtime,
            prepared,
            worker,
            hash,
        })
    }

    /// The functions of every worker that it makes.
    pub(crate) fn code(&self) -> Option<&Arc<Code>> {
        match &self.worker.0.program {
            Program::Shared(image) => Some(image.code()),
            Program::Whole(..) => None,
        }
    }

    /// What a worker that was built from this source is called in the cache.
    pub(crate) fn name(&self, loader: &Loader, source: &Source) -> String {
        let mut origin = Frames::default();
        origin.push(env!("BUILT_BY").as_bytes());
        origin.push(self.hash.as_bytes());
        origin.push(source.name.as_bytes());
        origin.push(source.text.as_bytes());
        loader.cache().name(WORKER, &origin.into_bytes())
    }

    /// What another process needs in its cache to have the same at once.
    pub(crate) fn made(&self, loader: &Loader) -> Result<Vec<(String, Bytes)>, BuildError> {
        let internal = |what: &str| BuildError::Internal(format!("the JavaScript runtime cannot be handed on: {what}"));
        let (Some(split), Some(code)) = (image::split(&self.prepared), self.code()) else {
            return Err(internal("it is not split"));
        };
        let compiled = code
            .module
            .serialize()
            .map_err(|error| internal(&format!("{error:#}")))?;
        let mut made = vec![
            (loader.cache().name(PREPARED, self.runtime), self.prepared.clone()),
            (loader.cache().name(SHARED, &split.code), compiled.into()),
        ];
        made.extend(loader.casing(&split.image));
        Ok(made)
    }

    /// Evaluates `script`, a module named `name`, and gives the snapshot.
    pub(crate) async fn snapshot(
        &self,
        loader: &Loader,
        name: &str,
        script: &str,
        map: &[u8],
    ) -> Result<Vec<u8>, BuildError> {
        // The name is the first line, so it must be one.
        let name = name.replace(|char: char| char.is_control(), "_");
        let stdin = Bytes::from(format!("{name}\n{script}"));
        let mut wasm = step(loader, &self.worker, &self.prepared, "initialize", stdin, Some(map)).await?;
        mark(&mut wasm, self.hash);
        append_section(&mut wasm, SOURCE_MAP_SECTION, map);
        Ok(wasm)
    }
}

/// Calls `function` of `worker`, which `module` was loaded as, and gives the module as it is then.
async fn step(
    loader: &Loader,
    worker: &Worker,
    module: &[u8],
    function: &str,
    stdin: Bytes,
    map: Option<&[u8]>,
) -> Result<Vec<u8>, BuildError> {
    let internal = |error: wasmtime::Error| BuildError::Internal(format!("{error:#}"));
    let limits = Limits::default();
    let given = Given {
        stdin,
        environment: Vec::new(),
        grants: Grants::default(),
        clocks: Clocks::Frozen,
    };
    let Armed { mut store, stdout, .. } = sandbox::arm(loader.engine(), given, &limits).map_err(internal)?;

    let evaluation = async {
        let instances = loader.ready(worker).await?.instantiate(&mut store).await?;
        let code = &instances.code;
        let function = code.get_typed_func::<(), ()>(&mut store, function)?;
        function.call_async(&mut store, ()).await?;
        Ok(instances)
    };
    let (ended, _) = supervise(evaluation, &limits, std::future::pending()).await;
    let instances = match ended {
        Ended::Finished(Ok(instances)) => instances,
        Ended::Finished(Err(error)) => {
            let thrown: Option<Thrown> = serde_json::from_slice(&stdout.take().bytes).ok();
            let thrown = thrown.map(|thrown| thrown.mapped(map));
            let memory_denied = store.data().memory_denied;
            return Err(BuildError::TopLevel(fault(&error, thrown, memory_denied)));
        }
        Ended::OutOfCpu => {
            return Err(BuildError::TopLevel(TopLevelError::Limit(
                "it used too much cpu time".into(),
            )));
        }
        Ended::TimedOut | Ended::Cancelled => {
            let sentence = format!("it ran longer than the {} s allowed", limits.timeout.as_secs());
            return Err(BuildError::TopLevel(TopLevelError::Limit(sentence)));
        }
    };
    let unsplit = || BuildError::Internal("the JavaScript runtime is no module that can be snapshotted".into());
    let (memory, globals) = machine(&mut store, &instances).ok_or_else(unsplit)?;
    join(
        module,
        memory.data(&store),
        &globals,
        CUSTOM_BYTES + map.map_or(0, <[u8]>::len),
    )
    .ok_or_else(unsplit)
}

/// The memory and the globals of an image, in their order.
pub(crate) fn machine(
    store: &mut wasmtime::Store<sandbox::State>,
    instances: &Instances,
) -> Option<(wasmtime::Memory, Vec<ConstExpr>)> {
    let image = instances.image?;
    let memory = image.get_memory(&mut *store, "memory")?;
    let exported: Vec<_> = image.exports(&mut *store).map(wasmtime::Export::into_extern).collect();
    let globals = exported.into_iter().filter_map(wasmtime::Extern::into_global);
    let globals = globals.map(|global| match global.get(&mut *store) {
        wasmtime::Val::I32(value) => Some(ConstExpr::i32_const(value)),
        wasmtime::Val::I64(value) => Some(ConstExpr::i64_const(value)),
        wasmtime::Val::F32(value) => Some(ConstExpr::f32_const(f32::from_bits(value).into())),
        wasmtime::Val::F64(value) => Some(ConstExpr::f64_const(f64::from_bits(value).into())),
        wasmtime::Val::V128(value) => Some(ConstExpr::v128_const(value.as_u128().cast_signed())),
        _ => None,
    });
    Some((memory, globals.collect::<Option<_>>()?))
}

/// Why the top level did not get to its end.
fn fault(error: &wasmtime::Error, thrown: Option<Thrown>, memory_denied: bool) -> TopLevelError {
    let limit = |sentence: &str| TopLevelError::Limit(sentence.to_owned());
    match (error.downcast_ref::<wasmtime::Trap>(), thrown) {
        _ if memory_denied => limit("it used too much memory"),
        (Some(wasmtime::Trap::OutOfFuel), _) => limit("it used too much cpu time"),
        (Some(wasmtime::Trap::StackOverflow), _) => limit("it used too much stack"),
        (_, Some(thrown)) => TopLevelError::Thrown(thrown),
        (_, None) => TopLevelError::Limit(format!("{error:#}")),
    }
}

fn mark(wasm: &mut Vec<u8>, runtime: blake3::Hash) {
    append_section(wasm, RUNTIME_SECTION, runtime.to_hex().as_bytes());
}

pub(crate) fn append_section(wasm: &mut Vec<u8>, name: &str, data: &[u8]) {
    let section = CustomSection {
        name: Cow::Borrowed(name),
        data: Cow::Borrowed(data),
    };
    wasm.push(section.id());
    section.encode(wasm);
}
