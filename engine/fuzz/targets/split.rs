//! See `promises/split.rs`.

#![no_main]

mod smith;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| smith::each(input, engine::fuzzing::split));
