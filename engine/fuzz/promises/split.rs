//! A module that splits is the same machine whole and split, and joined with its own memory it is the same module.

use super::{ENGINE, TOKIO, loaded, small};
use crate::Grants;
use crate::image::{self, Split};
use crate::join;
use crate::sandbox::{self, Armed, Given, State};
use crate::snapshot::{self, RUNTIME_SECTION};
use crate::supervise::{self, supervise};
use crate::trampolines;
use crate::worker::Worker;
use crate::world::Clocks;
use bytes::Bytes;
use wasm_encoder::ConstExpr;

/// Splits `module`; runs what is a worker whole and split, and compares.
pub fn split(module: &[u8]) {
    let Some(halves) = image::split(module) else { return };
    let engine = ENGINE.loader().engine();
    let valid = |wasm: &[u8]| wasmtime::Module::validate(engine, wasm).map_err(|error| format!("{error:#}"));
    let whole_is = valid(module);
    let through_table = || trampolines::through_table(&halves.code, image::IMAGE);
    let code_is = through_table()
        .map_err(|error| format!("{error}"))
        .and_then(|code| valid(&code));
    let halves_are = valid(&halves.code).and(code_is).and(valid(&halves.image.module()));
    // Or else a module that is none would run.
    assert_eq!(
        whole_is.is_ok(),
        halves_are.is_ok(),
        "whole: {whole_is:?}, halves: {halves_are:?}"
    );
    if whole_is.is_err() {
        return;
    }

    let mut marked = module.to_vec();
    snapshot::append_section(&mut marked, RUNTIME_SECTION, &[]);
    let (whole, apart) = match (loaded(module), loaded(&marked)) {
        (Ok(whole), Ok(apart)) => (whole, apart),
        (Err(_), Err(_)) => return,
        (whole, apart) => panic!("whole: {:?}, split: {:?}", whole.err(), apart.err()),
    };
    let one = machine(&whole);
    let other = machine(&apart);
    if let (Some(one), Some(other)) = (one, other) {
        assert!(
            one.ended == other.ended,
            "whole: {:?}, split: {:?}",
            one.ended,
            other.ended
        );
        assert!(one.memory == other.memory, "the memory is another");
        // Calls of the host take a few units more.
        assert!(
            one.fuel >= other.fuel,
            "whole: {} fuel left, split: {}",
            one.fuel,
            other.fuel
        );
        assert!(one.written == other.written, "what was written is another");
        if let Some(globals) = &other.globals {
            check_join(module, &halves, &other.memory, globals);
        }
    }
}

#[derive(Debug, PartialEq)]
enum Ended {
    Well,
    Badly(String),
    /// Before there was an instance.
    Early,
}

/// What an execution left.
struct Left {
    ended: Ended,
    memory: Vec<u8>,
    /// Where they can be seen.
    globals: Option<Vec<ConstExpr>>,
    fuel: u64,
    written: [Vec<u8>; 2],
}

/// Runs `worker` in a world in which nothing changes. `None` where the same may end otherwise: at a limit of time, of fuel,
/// because a half's calls of the host take more, or of the stack, because its frames are others.
fn machine(worker: &Worker) -> Option<Left> {
    let loader = ENGINE.loader();
    let limits = small();
    let given = Given {
        stdin: Bytes::from_static(br#"{"a":[1]}"#),
        environment: vec![("WORKER_KEY".into(), "w".into())],
        grants: Grants::default(),
        clocks: Clocks::Frozen,
    };
    let armed = sandbox::arm(loader.engine(), given, &limits).expect("a store");
    let Armed {
        mut store,
        stdout,
        stderr,
    } = armed;
    let guest = async {
        let instances = loader.ready(worker).await?.instantiate(&mut store).await?;
        let function = instances
            .code
            .get_typed_func::<(), ()>(&mut store, "_start")
            .expect("it was checked");
        Ok((function.call_async(&mut store, ()).await, instances))
    };
    let (ended, _) = TOKIO.block_on(supervise(guest, &limits, std::future::pending()));
    let supervise::Ended::Finished(ran) = ended else {
        return None;
    };
    let (result, instances) = match ran {
        Ok((result, instances)) => (result, Some(instances)),
        Err(error) => (Err(error), None),
    };
    if let Err(error) = &result
        && let Some(wasmtime::Trap::StackOverflow | wasmtime::Trap::OutOfFuel) = error.downcast_ref()
    {
        return None;
    }
    let ended = match (&instances, result) {
        (Some(_), Ok(())) => Ended::Well,
        (Some(_), Err(error)) => Ended::Badly(format!("{error:#}")),
        // Which of the faults is found first depends on the order in which the halves are made.
        (None, _) => Ended::Early,
    };
    let memory = instances.as_ref().map(|instances| {
        let memory = instances.code.get_memory(&mut store, "memory").expect("it was checked");
        memory.data(&store).to_vec()
    });
    Some(Left {
        ended,
        memory: memory.unwrap_or_default(),
        globals: instances.and_then(|instances| Some(snapshot::machine(&mut store, &instances)?.1)),
        fuel: store.get_fuel().expect("it is counted"),
        written: [stdout.take().bytes, stderr.take().bytes],
    })
}

/// A snapshot of what was left has the same code, and a snapshot of the snapshot is the snapshot.
fn check_join(module: &[u8], halves: &Split, memory: &[u8], globals: &[ConstExpr]) {
    let engine = ENGINE.loader().engine();
    let joined = join::join(module, memory, globals, 0).expect("what splits can be joined");
    wasmtime::Module::validate(engine, &joined).expect("what is joined is valid");
    let again = image::split(&joined).expect("what is joined splits");
    assert!(again.code == halves.code, "the code is another");
    let twice = join::join(&joined, memory, globals, 0).expect("what is joined can be joined");
    assert!(twice == joined, "joined twice it is another");
    check_memory(&again.image.module(), memory);
}

/// An instance of `image` has this memory.
fn check_memory(image: &[u8], memory: &[u8]) {
    let engine = ENGINE.loader().engine();
    let image = wasmtime::Module::new(engine, image).expect("an image compiles");
    let mut store = wasmtime::Store::new(engine, State::empty());
    let linker = sandbox::linker(engine).expect("a linker");
    let instance = TOKIO
        .block_on(linker.instantiate_async(&mut store, &image))
        .expect("it has its memory");
    let made = instance.get_memory(&mut store, "memory").expect("it is exported");
    assert!(made.data(&store) == memory, "the memory is not that of the snapshot");
}
