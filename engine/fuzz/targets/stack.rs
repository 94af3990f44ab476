//! See `promises/stack.rs`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| engine::fuzzing::stack(input));
