//! Runs the top level of a worker once, in the JavaScript runtime, and snapshots the memory: that is `worker.wasm`.

use crate::execution::Thrown;
use crate::sandbox::{self, State, World};
use crate::supervise::{Ended, supervise};
use crate::{BuildError, Limits, TopLevelError};
use bytes::Bytes;
use std::borrow::Cow;
use wasm_encoder::{CustomSection, Encode, Section};
use wasmtime_wizer::{InstanceState, ModuleContext, SnapshotVal, ValType, Wizer};

/// The JavaScript runtime, built by `guest-sdk/runtime/build.sh`.
const RUNTIME: &[u8] = include_bytes!("../../guest-sdk/runtime/runtime.wasm");

/// The custom section that says a module is a snapshot of a JavaScript runtime. Only a hint: it decides how exit codes
/// are named and whether a split is tried, never what is shared.
pub(crate) const RUNTIME_SECTION: &str = "javascript-runtime";
/// The custom section with the source map of the worker's script.
pub(crate) const SOURCE_MAP_SECTION: &str = "source-map";

/// The runtime, prepared so that its state can be read when the top level has run.
pub(crate) struct Snapshotter {
    wizer: Wizer,
    context: ModuleContext<'static>,
    module: wasmtime::InstancePre<State>,
}

impl Snapshotter {
    /// Instruments the runtime and compiles it with `compile`.
    pub(crate) fn new(
        linker: &wasmtime::Linker<State>,
        compile: impl FnOnce(&[u8]) -> wasmtime::Result<wasmtime::Module>,
    ) -> wasmtime::Result<Self> {
        let mut wizer = Wizer::new();
        wizer.init_func("initialize");
        let (context, instrumented) = wizer.instrument(RUNTIME)?;
        let module = linker.instantiate_pre(&compile(&instrumented)?)?;
        Ok(Self { wizer, context, module })
    }

    /// Evaluates `script`, a module named `name`, and gives the snapshot.
    pub(crate) async fn snapshot(&self, name: &str, script: &str, map: &[u8]) -> Result<Vec<u8>, BuildError> {
        let internal = |error: wasmtime::Error| BuildError::Internal(format!("{error:#}"));
        let limits = Limits::default();
        // The name is the first line, so it must be one.
        let name = name.replace(|char: char| char.is_control(), "_");
        let stdin = Bytes::from(format!("{name}\n{script}"));
        let world = World {
            stdin,
            environment: &[],
            frozen: true,
        };
        let mut armed = sandbox::arm(self.module.module().engine(), world, &limits).map_err(internal)?;

        let store = &mut armed.store;
        let evaluation = async {
            let instance = self.module.instantiate_async(&mut *store).await?;
            instance
                .get_typed_func::<(), ()>(&mut *store, "initialize")?
                .call_async(&mut *store, ())
                .await?;
            Ok(instance)
        };
        let (ended, _) = supervise(evaluation, &limits, std::future::pending()).await;
        let instance = match ended {
            Ended::Finished(Ok(instance)) => instance,
            Ended::Finished(Err(error)) => {
                let thrown: Option<Thrown> = serde_json::from_slice(&armed.stdout.take().bytes).ok();
                let thrown = thrown.map(|thrown| thrown.mapped(Some(map)));
                return Err(BuildError::TopLevel(fault(
                    &error,
                    thrown,
                    armed.store.data().memory_denied,
                )));
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
        let mut state = Instance {
            store: armed.store,
            instance,
        };
        let mut wasm = self.wizer.snapshot(&self.context, &mut state).await.map_err(internal)?;
        let runtime = blake3::hash(RUNTIME).to_hex();
        append_section(&mut wasm, RUNTIME_SECTION, runtime.as_bytes());
        append_section(&mut wasm, SOURCE_MAP_SECTION, map);
        Ok(wasm)
    }
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

fn append_section(wasm: &mut Vec<u8>, name: &str, data: &[u8]) {
    let section = CustomSection {
        name: Cow::Borrowed(name),
        data: Cow::Borrowed(data),
    };
    wasm.push(section.id());
    section.encode(wasm);
}

/// An instance whose state is read. (wizer's own needs features of wasmtime that nothing else here does.)
struct Instance {
    store: wasmtime::Store<State>,
    instance: wasmtime::Instance,
}

impl InstanceState for Instance {
    async fn global_get(&mut self, name: &str, _type_hint: ValType) -> SnapshotVal {
        let global = self
            .instance
            .get_global(&mut self.store, name)
            .expect("exported by the instrumentation");
        match global.get(&mut self.store) {
            wasmtime::Val::I32(value) => SnapshotVal::I32(value),
            wasmtime::Val::I64(value) => SnapshotVal::I64(value),
            wasmtime::Val::F32(value) => SnapshotVal::F32(value),
            wasmtime::Val::F64(value) => SnapshotVal::F64(value),
            wasmtime::Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            other => unreachable!("our own runtime has no global of type {other:?}"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self
            .instance
            .get_memory(&mut self.store, name)
            .expect("exported by the instrumentation");
        contents(memory.data(&self.store));
    }
}
