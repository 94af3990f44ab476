//! Puts the bundled prelude where `src/initialize.rs` includes it; build.sh makes the bundle.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=target/prelude.js");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo")).join("prelude.js");
    fs::copy("target/prelude.js", out).expect("target/prelude.js: run build.sh, which makes it");
}
