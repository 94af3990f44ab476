#!/usr/bin/env bash
# Builds worker.wasm of worker.js. Where Javy's command line is installed, `javy build worker.js -o worker.wasm` does; it is
# in no package registry, so here its library does the same, with the packages that ../../runtime/build.sh names.
# The module is a QuickJS of a megabyte, too large to be committed. Usage: build.sh [MODULE]
set -euo pipefail
cd "$(dirname "$0")"
export RQUICKJS_SYS_NO_WASI_SDK=1 LIBCLANG_PATH=/usr/lib/llvm-22/lib
export CC_wasm32_wasip1=clang-22 AR_wasm32_wasip1=ar
export CFLAGS_wasm32_wasip1="-isystem /usr/include/wasm32-wasi"
export BINDGEN_EXTRA_CLANG_ARGS_wasm32_wasip1="-isystem /usr/include/wasm32-wasi -fvisibility=default"
../../rust/build.sh . "${1:-worker.wasm}"
