#!/usr/bin/env bash
# Builds worker.wasm with clang and wasi-libc: apt-get install clang-22 lld-22 wasi-libc libclang-rt-22-dev-wasm32
# With a wasi-sdk it is `clang -Oz worker.c -o worker.wasm`. Usage: build.sh [MODULE]
# Where Binaryen's wasm-opt is on the path clang would run it, and the bytes would depend on the machine.
set -euo pipefail
cd "$(dirname "$0")"
clang-22 --target=wasm32-wasi -Wno-deprecated --no-wasm-opt -Oz -flto -Wl,--strip-all worker.c -o "${1:-worker.wasm}"
