//! Who is compared, how each of them is started, and what it takes.

use crate::load::{Job, Worker};
use crate::places::{Places, this_program, version};
use crate::process::command;
use anyhow::{Context, ensure};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

/// One of those that are compared.
pub struct Contestant {
    /// As `--peers` and the table call it.
    pub name: &'static str,
    /// What a request has to itself.
    pub isolation: &'static str,
    /// Whether that keeps what one request leaves behind from the next.
    pub fresh: bool,
    /// What installs it, from the root of the repository.
    pub install: &'static str,
    command: fn(&Places, u16) -> anyhow::Result<Command>,
    version: fn(&Places) -> anyhow::Result<String>,
    /// Of the echo and of the CPU worker.
    paths: [&'static str; 2],
    headers: &'static str,
}

const SETUP: &str = "bash benches/compare/setup.sh";
const TOKEN: &str = "a-token-for-the-comparison";

/// What most have in common.
const PEER: Contestant = Contestant {
    name: "",
    isolation: "none: one isolate",
    fresh: false,
    install: SETUP,
    command: |_, _| unreachable!("every contestant has its own"),
    version: |_| unreachable!("every contestant has its own"),
    paths: ["/", "/cpu"],
    headers: "",
};

/// All of them. The first is what the others are compared with.
pub const CONTESTANTS: [Contestant; 9] = [
    Contestant {
        name: "hyper",
        isolation: "none: native code, the limit",
        install: "cargo build",
        command: |_, port| {
            let mut command = command(this_program()?);
            command.args(["serve-plain", &port.to_string()]);
            Ok(command)
        },
        version: |_| Ok(format!("hyper {}", locked("hyper").unwrap_or("1"))),
        ..PEER
    },
    Contestant {
        name: "host",
        isolation: "fresh Wasm instance",
        fresh: true,
        install: "cargo build --release -p host",
        command: host,
        version: |places| version(&places.host),
        paths: ["/worker/api/v1/execute/echo", "/worker/api/v1/execute/cpu"],
        headers: "Authorization: Bearer a-token-for-the-comparison\r\n",
    },
    Contestant {
        name: "workerd",
        command: |places, port| workerd(places, port, "workerd.capnp", &[]),
        version: |places| version(&places.installed(WORKERD)?),
        ..PEER
    },
    Contestant {
        name: "deno",
        command: deno,
        version: |places| version(&places.installed(DENO)?),
        ..PEER
    },
    Contestant {
        name: "node",
        isolation: "none: one realm",
        command: |places, port| node(places, port, "node.mjs"),
        version: node_version,
        ..PEER
    },
    Contestant {
        name: "isolated-vm",
        isolation: "fresh V8 isolate",
        fresh: true,
        command: |places, port| node(places, port, "isolated-vm.mjs"),
        version: |places| with_node(places, "isolated-vm"),
        ..PEER
    },
    Contestant {
        name: "workerd-loader",
        isolation: "fresh V8 isolate",
        fresh: true,
        command: |places, port| workerd(places, port, "workerd-loader.capnp", &["--experimental"]),
        version: |places| version(&places.installed(WORKERD)?),
        ..PEER
    },
    Contestant {
        name: "quickjs-emscripten",
        isolation: "fresh context, shared engine",
        fresh: true,
        command: |places, port| node(places, port, "quickjs-emscripten.mjs"),
        version: |places| with_node(places, "quickjs-emscripten"),
        ..PEER
    },
    Contestant {
        name: "wasmtime-starlingmonkey",
        isolation: "fresh Wasm instance",
        fresh: true,
        install: "bash benches/compare/setup.sh wasmtime",
        command: wasmtime,
        version: |places| {
            let wasmtime = version(&places.installed(WASMTIME)?)?;
            Ok(format!(
                "{wasmtime}, {}",
                places.package("@bytecodealliance/componentize-js")?
            ))
        },
        ..PEER
    },
];

impl Contestant {
    /// Which version would be run; what is missing, with the command that installs it.
    pub fn find(&self, places: &Places) -> anyhow::Result<String> {
        let found = (self.command)(places, 0).and_then(|_| (self.version)(places));
        found.with_context(|| format!("{} is left out; to install it: {}", self.name, self.install))
    }

    /// The command that serves on this port of the loopback interface.
    pub fn command(&self, places: &Places, port: u16) -> anyhow::Result<Command> {
        (self.command)(places, port)
    }

    /// What is asked of it there.
    pub fn job(&self, port: u16, worker: Worker) -> Job {
        let [echo, cpu] = self.paths;
        let path = match worker {
            Worker::Echo => echo,
            Worker::Cpu => cpu,
        };
        Job::new(SocketAddr::from(([127, 0, 0, 1], port)), worker, path, self.headers)
    }
}

/// With its defaults: history and limits on. Its data folder is as fresh as the folder it is started in; its compiled
/// code lasts as long as the comparison, as it would on a machine that has run it before.
fn host(places: &Places, port: u16) -> anyhow::Result<Command> {
    ensure!(places.host.is_file(), "no {}", places.host.display());
    let mut command = command(&places.host);
    command
        .args(["serve", "--data", "data", "--listen", &format!("127.0.0.1:{port}")])
        .arg("--workers")
        .arg(places.source("workers"))
        .arg("--cache")
        .arg(places.source("cache"))
        .env("HOST_ADMIN_TOKEN", TOKEN);
    Ok(command)
}

const WORKERD: &str = if cfg!(target_arch = "aarch64") {
    "node/node_modules/@cloudflare/workerd-linux-arm64/bin/workerd"
} else {
    "node/node_modules/@cloudflare/workerd-linux-64/bin/workerd"
};

fn workerd(places: &Places, port: u16, config: &str, flags: &[&str]) -> anyhow::Result<Command> {
    let mut command = command(places.installed(WORKERD)?);
    command
        .arg("serve")
        .args(flags)
        .arg(places.source(config))
        .arg(format!("--socket-addr=http=127.0.0.1:{port}"));
    Ok(command)
}

const DENO: &str = if cfg!(target_arch = "aarch64") {
    "node/node_modules/@deno/linux-arm64-glibc/deno"
} else {
    "node/node_modules/@deno/linux-x64-glibc/deno"
};

fn deno(places: &Places, port: u16) -> anyhow::Result<Command> {
    let mut command = command(places.installed(DENO)?);
    command
        .args([
            "serve",
            "--no-check",
            "--host",
            "127.0.0.1",
            "--port",
            &port.to_string(),
        ])
        .arg(places.source("fetch.js"));
    Ok(command)
}

const NODE: &str = "node/bin/node";

fn node(places: &Places, port: u16, script: &str) -> anyhow::Result<Command> {
    let mut command = command(places.installed(NODE)?);
    // isolated-vm wants it; to the others it makes no difference.
    command
        .arg("--no-node-snapshot")
        .arg(places.source(script))
        .arg(port.to_string());
    Ok(command)
}

fn node_version(places: &Places) -> anyhow::Result<String> {
    Ok(format!("node {}", version(&places.installed(NODE)?)?))
}

fn with_node(places: &Places, package: &str) -> anyhow::Result<String> {
    Ok(format!("{} on {}", places.package(package)?, node_version(places)?))
}

const WASMTIME: &str = "wasmtime/bin/wasmtime";

/// As fast as it gets: instances from a pool that keeps their pages and has the kernel say which of them were written.
fn wasmtime(places: &Places, port: u16) -> anyhow::Result<Command> {
    let program = places.installed(WASMTIME)?;
    let component: PathBuf = places.installed("starling/star.cwasm")?;
    let mut command = command(program);
    command.args(["serve", "-S", "cli", "--allow-precompiled"]);
    for option in [
        "pooling-allocator=y",
        "pooling-memory-keep-resident=4194304",
        "pooling-table-keep-resident=65536",
        "pooling-async-stack-keep-resident=65536",
        "pooling-pagemap-scan=y",
    ] {
        command.args(["-O", option]);
    }
    command.args(["--addr", &format!("127.0.0.1:{port}")]).arg(component);
    Ok(command)
}

/// The version of a dependency of this program.
fn locked(package: &str) -> Option<&'static str> {
    let (_, rest) = include_str!("../../Cargo.lock").split_once(&format!("name = \"{package}\"\nversion = \""))?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_sent() {
        let host = CONTESTANTS.iter().find(|contestant| contestant.name == "host").unwrap();
        assert!(host.headers.contains(TOKEN));
    }

    #[test]
    fn the_version_of_a_dependency_is_known() {
        assert!(locked("hyper").unwrap().starts_with("1."));
    }
}
