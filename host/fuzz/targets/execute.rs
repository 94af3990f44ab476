//! See `promises/execute.rs`.

#![no_main]

#[path = "../promises/mod.rs"]
mod promises;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| promises::execute::execute(input));
