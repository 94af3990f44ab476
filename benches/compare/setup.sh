#!/usr/bin/env bash
# Installs what the comparison runs beside the host, under $PEERS (default ~/.cache/peers), from npm, crates.io and
# Debian alone. Run it again to get newer versions.
#   setup.sh           Node, Deno, workerd, isolated-vm and quickjs-emscripten: two minutes
#   setup.sh wasmtime  also wasmtime's command line and a StarlingMonkey component for it: 25 minutes on two cores
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peers=${PEERS:-$HOME/.cache/peers}
mkdir -p "$peers/node" "$peers/starling"

# isolated-vm is built from its source.
for tool in node npm python3 g++ make; do
  command -v "$tool" >/dev/null || { apt-get update -q && apt-get install -y -q nodejs npm python3 g++ make; break; }
done

# Every version of isolated-vm wants a newer Node.
case $(node -p 'parseInt(process.versions.node)') in
  1* | 20 | 21) isolated=isolated-vm@5 ;;
  22 | 23) isolated=isolated-vm@6 ;;
  *) isolated=isolated-vm ;;
esac
cd "$peers/node"
[ -f package.json ] || echo '{"private":true}' >package.json
npm install --no-fund --no-audit deno@2 workerd quickjs-emscripten "$isolated"

if [ "${1:-}" = wasmtime ]; then
  cargo install wasmtime-cli --locked --version ^48 --root "$peers/wasmtime"
  # It needs the second, and does not say so.
  npm install --no-fund --no-audit @bytecodealliance/componentize-js@0.23 @bytecodealliance/preview2-shim@0.17
  cd "$peers/starling"
  # The interfaces come with wasmtime's sources. The engine in componentize-js 0.23 speaks 0.2.10 and nothing else.
  version=$("$peers/wasmtime/bin/wasmtime" --version | cut -d ' ' -f 2)
  rm -rf wit && mkdir wit
  cp -r "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/wasmtime-wasi-http-"$version"/wit/deps wit/
  sed -i 's/0\.2\.1[0-9]/0.2.10/g' wit/deps/*.wit
  printf 'package compare:peers;\nworld star {\n  include wasi:http/proxy@0.2.10;\n}\n' >wit/world.wit
  cat "$here/peers/core.js" "$here/peers/starling.js" >star.js
  "$peers/node/node_modules/.bin/componentize-js" star.js --wit wit --world-name star --out star.wasm
  "$peers/wasmtime/bin/wasmtime" compile star.wasm -o star.cwasm
fi
echo "ready: cargo build --release -p host && cargo run --release -p benches --example compare"
