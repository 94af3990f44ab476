#!/usr/bin/env bash
# Rebuilds wordcount.wasm, a WASI command that knows nothing of us, with Debian's wasm toolchain
# (guest-sdk/runtime/build.sh names the packages).
set -euo pipefail
cd "$(dirname "$0")/wordcount"
unset RUSTUP_TOOLCHAIN RUSTFLAGS CARGO_TARGET_DIR
export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-22
export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="-Clink-self-contained=no -Lnative=/usr/lib/wasm32-wasi -Clink-arg=/usr/lib/wasm32-wasi/crt1-command.o --remap-path-prefix=$PWD=/wordcount"
/usr/bin/cargo build --release -Zbuild-std=std,panic_abort --target wasm32-wasip1
cp target/wasm32-wasip1/release/wordcount.wasm ../wordcount.wasm
