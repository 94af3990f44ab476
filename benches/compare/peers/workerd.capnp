# The address is given by --socket-addr.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .main) ],
  sockets = [ (name = "http", http = (), service = "main") ],
);

const main :Workerd.Worker = (
  modules = [
    (name = "fetch.js", esModule = embed "fetch.js"),
    (name = "core.mjs", esModule = embed "core.mjs"),
  ],
  compatibilityDate = "2026-01-01",
);
