#!/usr/bin/env bash
# Builds worker.wasm with Zig, which PyPI has: pip install ziglang==0.17.1
# Where `zig` is installed it is the command below without `python3 -m`. Usage: build.sh [MODULE]
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ZIG_GLOBAL_CACHE_DIR=$scratch ZIG_LOCAL_CACHE_DIR=$scratch "${PYTHON:-python3}" -m ziglang build-exe worker.zig \
    -target wasm32-wasi -O ReleaseSmall -fstrip --stack 1048576 --name worker "-femit-bin=$scratch/worker.wasm"
cp "$scratch/worker.wasm" "${1:-worker.wasm}"
