#!/usr/bin/env bash
# Builds a worker in Rust with Debian's wasm toolchain, always to the same bytes with the packages that
# ../runtime/runtime.packages names. Elsewhere `rustup target add wasm32-wasip1` and a plain `cargo build --release
# --target wasm32-wasip1` do the same, to other bytes.
# Usage: build.sh FOLDER MODULE [CARGO OPTIONS]   FOLDER has the Cargo.toml, MODULE is the file to write
set -euo pipefail
root=$(realpath "$(dirname "$0")/../..")
module=$(realpath "$2")
cd "$1"
unset RUSTUP_TOOLCHAIN RUSTFLAGS CARGO_BUILD_RUSTFLAGS
# One for all, so that the standard library is compiled once.
export CARGO_TARGET_DIR=$root/guest-sdk/rust/target
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# Debian's compiler, not rustup's: the standard library's matching source is packaged with it.
export RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1
export CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-22
export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="-Clink-self-contained=no -Lnative=/usr/lib/wasm32-wasi -Clink-arg=/usr/lib/wasm32-wasi/crt1-command.o --remap-path-prefix=$root=/repository --remap-path-prefix=$cargo_home=/cargo"
built=$(/usr/bin/cargo build --quiet --release --locked -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size --target wasm32-wasip1 \
    --message-format json-render-diagnostics "${@:3}" | sed -n 's/.*"executable":"\([^"]*\.wasm\)".*/\1/p')
cp "$built" "$module"
