//! Modules that must not be loaded, and modules that are but come to nothing.

use super::{attack_with_modules, is_well};
use crate::fixture::ENGINE;

#[tokio::test]
async fn what_is_not_of_the_language_is_refused() {
    let memory = "(memory (export \"memory\") 1)";
    let start = "(func (export \"_start\"))";
    let both = format!("{memory} {start}");
    let with = |fields: &str| format!("(module {both} {fields})");
    let cases = [
        // Proposals that guests may not use, each by its name.
        (with("(type (struct))"), "gc"),
        (
            with("(type $t (array i8)) (func (result (ref null $t)) (ref.null $t))"),
            "gc",
        ),
        (with("(tag)"), "exceptions"),
        (with("(func $f (return_call $f))"), "tail calls"),
        (
            with("(func (param v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))"),
            "relaxed SIMD",
        ),
        (
            with("(global i32 (i32.add (i32.const 1) (i32.const 1)))"),
            "constant expression",
        ),
        (with("(memory 1)"), "multiple memories"),
        (
            format!("(module (memory (export \"memory\") i64 1) {start})"),
            "memory64",
        ),
        (
            format!("(module (memory (export \"memory\") 1 1 shared) {start})"),
            "threads",
        ),
        (with("(func (drop (i32.atomic.load (i32.const 0))))"), "threads"),
        (
            format!("(module (memory (export \"memory\") 1 (pagesize 1)) {start})"),
            "custom page",
        ),
        (
            with(
                "(func (param i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 0) (local.get 0) (local.get 0)))",
            ),
            "wide arithmetic",
        ),
        (with("(type $f (func)) (func (param (ref $f)))"), "function"),
        ("(component)".into(), "component"),
        // What a worker is not.
        (
            format!("(module (func (export \"memory\")) {start})"),
            "no memory named `memory`",
        ),
        (
            format!("(module (memory 1) (global (export \"memory\") i32 (i32.const 0)) {start})"),
            "no memory named `memory`",
        ),
        (
            format!("(module (table (export \"memory\") 1 funcref) {start})"),
            "no memory named `memory`",
        ),
        (
            format!("(module {memory} (global (export \"_start\") i32 (i32.const 0)))"),
            "_start",
        ),
        (
            format!("(module {memory} (func (export \"_start\") (result i32) (i32.const 0)))"),
            "_start",
        ),
        // What is not here.
        (
            format!("(module (import \"env\" \"memory\" (memory 1)) (export \"memory\" (memory 0)) {start})"),
            "env.memory",
        ),
        (
            format!("(module (import \"env\" \"table\" (table 1 funcref)) {both})"),
            "env.table",
        ),
        (format!("(module (import \"env\" \"g\" (global i32)) {both})"), "env.g"),
        (
            format!("(module (import \"wasi_snapshot_preview1\" \"fd_read\" (func (param i64))) {both})"),
            "fd_read",
        ),
        (
            format!("(module (import \"wasi_unstable\" \"fd_read\" (func)) {both})"),
            "wasi_unstable.fd_read",
        ),
        (
            format!("(module (import \"wasi_snapshot_preview1\" \"thread-spawn\" (func)) {both})"),
            "thread-spawn",
        ),
        (
            format!("(module (import \"image\" \"memory\" (memory 1)) (export \"memory\" (memory 0)) {start})"),
            "image.memory",
        ),
        // What is too much.
        (format!("(module (memory (export \"memory\") 65536) {start})"), "memory"),
        (with("(table 100000 funcref)"), "table"),
        (
            with("(table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref)"),
            "tables",
        ),
        (with(&"(global (mut i64) (i64.const 0))".repeat(100_000)), "instance"),
        (with(&format!("(func (local {}))", "i64 ".repeat(50_001))), "locals"),
    ];
    for (text, expected) in cases {
        let short = &text[..text.len().min(200)];
        let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{short}: {error}"));
        let error = ENGINE.load(&wasm).err().unwrap_or_else(|| panic!("{short} was loaded"));
        let sentence = error.to_string();
        assert!(sentence.contains(expected), "{short}: {sentence}");
    }
    is_well().await;
}

#[tokio::test]
async fn bytes_that_are_no_module_are_refused() {
    let good = wat::parse_str("(module (memory (export \"memory\") 1) (func (export \"_start\")))").unwrap();
    // Cut short and with every byte changed, by turns.
    for at in 0..good.len() {
        assert!(
            at < 8 || ENGINE.load(&good[..at]).is_err() || at == good.len(),
            "cut at {at}"
        );
        for change in [1, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] ^= change;
            // Many of them are modules all the same; none does harm.
            let _ = ENGINE.load(&bad);
        }
    }
    // Sections that claim to be longer than the file, or to hold four billion entries.
    for section in 0..14 {
        for claim in [&[0xff, 0xff, 0xff, 0xff, 0x0f][..], &[5, 0xff, 0xff, 0xff, 0xff, 0x0f]] {
            let bytes = [b"\0asm\x01\0\0\0", &[section][..], claim].concat();
            assert!(ENGINE.load(&bytes).is_err(), "{section}");
        }
    }
    // What wasmtime compiled is no module to us.
    let artefact = wasmtime_artefact();
    let error = ENGINE.load(&artefact).err().unwrap().to_string();
    assert_eq!(error, "this is not a WebAssembly module");
    is_well().await;
}

/// The compiled code that this machine keeps, with what the cache puts before it and without.
fn wasmtime_artefact() -> Vec<u8> {
    let cache = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let found = std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    let mut compiled = found.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
    let bytes = std::fs::read(compiled.next().unwrap()).unwrap();
    let elf = bytes.windows(4).position(|window| window == b"\x7fELF").unwrap();
    bytes[elf..].to_vec()
}

#[tokio::test]
async fn a_refusal_is_a_short_sentence() {
    let imports: String = (0..5000)
        .map(|n| format!("(import \"env\" \"{}{n}\" (func))", "x".repeat(100)))
        .collect();
    let text = format!("(module {imports} (memory (export \"memory\") 1) (func (export \"_start\")))");
    let error = ENGINE.load(&wat::parse_str(text).unwrap()).err().unwrap().to_string();
    assert!(error.len() < 2000 && error.contains("and 4990 more"), "{error:.1000}");
}

#[tokio::test]
async fn modules_that_come_to_nothing() {
    let memory = "(memory (export \"memory\") 1)";
    let cases = [
        format!("{memory} (func $f unreachable) (start $f) (func (export \"_start\"))"),
        format!("{memory} (data (i32.const 65535) \"ab\") (func (export \"_start\"))"),
        format!("{memory} (data (i32.const -1) \"a\") (func (export \"_start\"))"),
        format!("{memory} (table 1 funcref) (elem (i32.const 1) $f) (func $f) (func (export \"_start\"))"),
        format!("{memory} (table 1 funcref) (func (export \"_start\") (call_indirect (i32.const 0)))"),
        format!("{memory} (table 1 funcref) (func (export \"_start\") (call_indirect (i32.const 1)))"),
        format!(
            "{memory} (table funcref (elem $f)) (func $f (param i32)) (func (export \"_start\") (call_indirect (i32.const 0)))"
        ),
        format!("{memory} (func (export \"_start\") (drop (i32.div_s (i32.const -2147483648) (i32.const -1))))"),
        format!("{memory} (func (export \"_start\") (drop (i32.trunc_f32_u (f32.const nan))))"),
        format!("{memory} (func (export \"_start\") (drop (v128.load (i32.const 65529))))"),
        format!(
            "{memory} (table $t 1 funcref) (func (export \"_start\") (table.set $t (i32.const 1) (ref.null func)))"
        ),
        format!(
            "{memory} (data $d \"a\") (func (export \"_start\") (memory.init $d (i32.const 0) (i32.const 0) (i32.const 2)))"
        ),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|case| (case.as_str(), "trap")).collect();
    attack_with_modules(&cases).await;
}
