//! Modules made of arbitrary bytes.

use arbitrary::{Arbitrary, Result, Unstructured};
use std::sync::LazyLock;
use wasm_smith::{Config, Module};

/// What every command exports.
const EXPORTS: &str = r#"(module (func (export "_start")) (memory (export "memory") 1))"#;

static SHAPE: LazyLock<(Vec<u8>, Vec<u8>)> =
    LazyLock::new(|| (engine::fuzzing::imports(), wat::parse_str(EXPORTS).expect("a module")));

/// Gives `promise` the module that `input` is, or else the one that wasm-smith makes of it. With `MODULE` set, the latter
/// is written to that file first: what a finding is kept as, because the next wasm-smith makes something else.
pub fn each(input: &[u8], promise: fn(&[u8])) {
    if input.starts_with(b"\0asm") {
        return promise(input);
    }
    if let Ok(module) = smith(input) {
        if let Some(path) = std::env::var_os("MODULE") {
            std::fs::write(path, &module).expect("it can be written");
        }
        promise(&module);
    }
}

fn smith(input: &[u8]) -> Result<Vec<u8>> {
    let mut input = Unstructured::new(input);
    // Mostly modules that a guest may be.
    let wild = input.ratio(1, 8)?;
    let mut config = Config::arbitrary(&mut input)?;
    if !wild {
        confine(&mut config);
    }
    Ok(Module::new(config, &mut input)?.to_bytes())
}

fn confine(config: &mut Config) {
    let (imports, exports) = &*SHAPE;
    config.available_imports = Some(imports.clone());
    config.exports = Some(exports.clone());
    config.export_everything = false;
    config.max_memories = 1;
    config.max_memory32_bytes = 8 << 20;
    config.max_tables = config.max_tables.min(4);
    config.max_table_elements = 10_000;
    // Two compilations of one operation may choose different bits.
    config.canonicalize_nans = true;
    config.exceptions_enabled = false;
    config.extended_const_enabled = false;
    config.gc_enabled = false;
    config.memory64_enabled = false;
    config.relaxed_simd_enabled = false;
    config.shared_everything_threads_enabled = false;
    config.custom_descriptors_enabled = false;
    config.custom_page_sizes_enabled = false;
    config.wide_arithmetic_enabled = false;
    config.tail_call_enabled = false;
    config.threads_enabled = false;
    config.allow_invalid_funcs = false;
}
