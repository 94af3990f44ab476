//! See `promises/source.rs`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: contain(), |input: &[u8]| engine::fuzzing::source(input));

/// What panics on the compilers' own threads is contained by the engine, and no finding: it is printed, for whoever reads
/// the log, and the run goes on. Anywhere else a panic ends it.
fn contain() {
    let end = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| match std::thread::current().name() {
        Some(name @ ("transform" | "bundle")) => eprintln!("contained, on the thread {name}: {panic}"),
        _ => end(panic),
    }));
}
