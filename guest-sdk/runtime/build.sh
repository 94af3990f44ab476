#!/usr/bin/env bash
# Rebuilds runtime.wasm and standalone.wasm from source, bit for bit with the packages named in runtime.packages:
#   apt-get install --no-install-recommends rustc-web cargo-web rust-web-src clang-22 libclang1-22 lld-22 wasi-libc
# plus Node.js with npm for the bundled prelude. Usage: build.sh [FOLDER]   (default: this one)
set -euo pipefail
cd "$(dirname "$0")"
folder=${1:-.}

(cd prelude && npm ci --silent --no-audit --no-fund && npm run --silent build -- "${PRELUDE:-prelude.js}" --outfile=../target/prelude.js)

# The sources of QuickJS as Cargo has them, patched. A package of its own fetches them: this one needs them patched.
version=0.12.2
mkdir -p target/fetch/src
printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\nrquickjs-sys = "=%s"\n' $version >target/fetch/Cargo.toml
: >target/fetch/src/lib.rs
fetched=$(/usr/bin/cargo metadata --quiet --format-version 1 --manifest-path target/fetch/Cargo.toml |
    node -e 'const { packages } = JSON.parse(require("fs").readFileSync(0)); console.log(packages.find((p) => p.name === "rquickjs-sys").manifest_path)')
rm -rf target/patched
cp -r "$(dirname "$fetched")" target/patched
patch --quiet -d target/patched -p1 <quickjs.patch
cp quickjs-json.h target/patched/quickjs/
# In its place only if it is other than what is there: everything is compiled anew then.
if ! diff -rq target/patched target/rquickjs-sys >/dev/null 2>&1; then
    rm -rf target/rquickjs-sys
    mv target/patched target/rquickjs-sys
fi

unset RUSTUP_TOOLCHAIN RUSTFLAGS CFLAGS CARGO_TARGET_DIR CARGO_BUILD_RUSTFLAGS
cargo_home=${CARGO_HOME:-$HOME/.cargo}
# Debian's compiler, not rustup's: the standard library's matching source is packaged with it.
export RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1
export CARGO_TARGET_WASM32_WASIP1_LINKER=wasm-ld-22
export CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="-Clink-self-contained=no -Lnative=/usr/lib/wasm32-wasi -Ctarget-feature=+simd128 --remap-path-prefix=$PWD=/runtime --remap-path-prefix=$cargo_home=/cargo"
export RQUICKJS_SYS_NO_WASI_SDK=1 LIBCLANG_PATH=/usr/lib/llvm-22/lib
export CC_wasm32_wasip1=clang-22 AR_wasm32_wasip1=ar
export CFLAGS_wasm32_wasip1="-isystem /usr/include/wasm32-wasi -msimd128 -ffile-prefix-map=$PWD=/runtime -include $PWD/stack-limit.h -iquote $PWD/target/rquickjs-sys/quickjs"
export BINDGEN_EXTRA_CLANG_ARGS_wasm32_wasip1="-isystem /usr/include/wasm32-wasi -fvisibility=default"
build() {
    /usr/bin/cargo build --release --locked -Zbuild-std=std,panic_abort --target wasm32-wasip1 --features "$1"
    cp target/wasm32-wasip1/release/runtime.wasm "$2"
}
build compiler target/compiler.wasm
node --no-warnings compile.mjs target/compiler.wasm target/prelude.js target/prelude.bin
# With the host's operations, and without any: the second is for any WASI runtime.
build host "$folder/runtime.wasm"
build "" "$folder/standalone.wasm"
