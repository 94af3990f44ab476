//! What fuzzing asserts: for each target a function that takes an input and panics where a promise is broken.
//!
//! This is a module of the engine, so that it reaches what is private there, and exists only while fuzzing and testing:
//! the tests replay what is kept in `fuzz/seeds` and `fuzz/findings`.

mod load;
#[cfg(test)]
mod replay;
mod source;
mod split;
mod stack;

pub use load::load;
pub use source::source;
pub use split::split;
pub use stack::stack;

use crate::sandbox::{self, State};
use crate::worker::Worker;
use crate::{Config, Engine, Execution, ImageRoom, Limits, LoadError, Outcome, Request};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;
use wasm_encoder::EntityType;

/// Executions at once; one needs two where it is run whole and split.
const MAX_EXECUTIONS: u32 = 4;

static TOKIO: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime")
});

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    // That of the other tests, or one beside it: the runtime is compiled once per machine.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp");
    let config = Config {
        cache_dir: folder.join(if cfg!(fuzzing) { "fuzzing" } else { "cache" }),
        max_cache_bytes: 1 << 30,
        max_executions: MAX_EXECUTIONS,
        max_memory_bytes: Limits::default().memory_bytes,
        image_room: ImageRoom::default(),
        notice: |_| {},
        // What crashes the compiler is what is looked for.
        compiler: None,
    };
    Engine::new(config).expect("an engine")
});

/// Loads `module`. The one place that knows how.
fn loaded(module: &[u8]) -> Result<Worker, LoadError> {
    ENGINE.load(module)
}

/// So little that every input is done with in a moment, and enough for a worker of ours.
fn small() -> Limits {
    Limits {
        fuel: 20_000_000,
        cpu: Duration::from_millis(100),
        timeout: Duration::from_millis(200),
        memory_bytes: 16 << 20,
        output_bytes: 4 << 10,
        log_bytes: 4 << 10,
        ..Limits::default()
    }
}

/// Runs `worker` within little, and checks that it stays there.
fn run(worker: &Worker, mut request: Request) -> Execution {
    let limits = small();
    request.limits = limits.clone();
    let execution = TOKIO.block_on(ENGINE.run(worker, request, std::future::pending()));
    let execution = execution.expect("a worker that was loaded can be executed");
    let usage = &execution.usage;
    assert!(usage.fuel <= limits.fuel, "{} fuel", usage.fuel);
    assert!(
        usage.peak_memory_bytes <= limits.memory_bytes,
        "{} bytes",
        usage.peak_memory_bytes
    );
    assert!(
        execution.output.len() <= limits.output_bytes,
        "{} bytes of output",
        execution.output.len()
    );
    assert!(usage.requests <= limits.requests && usage.sent_bytes + usage.received_bytes <= limits.traffic_bytes);
    match &execution.outcome {
        Outcome::Success if execution.output.is_empty() => {}
        Outcome::Success => {
            let document = serde_json::from_slice::<serde::de::IgnoredAny>(&execution.output);
            document.expect("the output of a success is a document");
        }
        _ => assert!(
            execution.output.is_empty() && execution.state_changes.is_empty(),
            "of a failure nothing is kept"
        ),
    }
    stack::check_lines(&execution.logs, limits.log_bytes);
    // A reason is quoted, not copied: at most what the guest said.
    let message = execution.outcome.message();
    assert!(
        !message.is_empty() && message.len() <= 2 * limits.output_bytes,
        "{} bytes of message",
        message.len()
    );
    execution
}

/// A module that imports all that a guest may import, for a generator of modules to choose from.
pub fn imports() -> Vec<u8> {
    let engine = ENGINE.loader().engine();
    let mut types = wasm_encoder::TypeSection::new();
    let mut imports = wasm_encoder::ImportSection::new();
    let mut store = wasmtime::Store::new(engine, State::empty());
    let known: Vec<_> = sandbox::linker(engine)
        .expect("a linker")
        .iter(&mut store)
        .map(|(module, name, item)| (module.to_owned(), name.to_owned(), item))
        .collect();
    let mut count = 0;
    for (module, name, item) in known {
        let Some(function) = item.into_func() else { continue };
        let ty = function.ty(&store);
        types
            .ty()
            .function(ty.params().map(|ty| plain(&ty)), ty.results().map(|ty| plain(&ty)));
        imports.import(&module, &name, EntityType::Function(count));
        count += 1;
    }
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&imports);
    module.finish()
}

fn plain(ty: &wasmtime::ValType) -> wasm_encoder::ValType {
    match ty {
        wasmtime::ValType::I32 => wasm_encoder::ValType::I32,
        wasmtime::ValType::I64 => wasm_encoder::ValType::I64,
        other => panic!("a function of the host takes or gives {other}"),
    }
}
