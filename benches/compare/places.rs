//! Where everything is: the host's binary, the peers that are installed, and a folder with the sources they run, which
//! this program carries within itself.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const CORE: &str = include_str!("peers/core.js");
/// Sources that the peers read as they are.
const SOURCES: [(&str, &str); 10] = [
    ("core.js", CORE),
    ("fetch.js", include_str!("peers/fetch.js")),
    ("isolated-vm.mjs", include_str!("peers/isolated-vm.mjs")),
    ("loader.js", include_str!("peers/loader.js")),
    ("node.mjs", include_str!("peers/node.mjs")),
    ("quickjs-emscripten.mjs", include_str!("peers/quickjs-emscripten.mjs")),
    ("serve.mjs", include_str!("peers/serve.mjs")),
    ("starling.js", include_str!("peers/starling.js")),
    ("workerd.capnp", include_str!("peers/workerd.capnp")),
    ("workerd-loader.capnp", include_str!("peers/workerd-loader.capnp")),
];

/// Where everything is.
pub struct Places {
    /// The host's binary.
    pub host: PathBuf,
    /// What `setup.sh` made.
    peers: PathBuf,
    scratch: tempfile::TempDir,
}

impl Places {
    /// Writes the sources. Without a path the host is the one that was built beside this program.
    pub fn new(host: Option<PathBuf>) -> anyhow::Result<Self> {
        let peers = match (std::env::var_os("PEERS"), std::env::var_os("HOME")) {
            (Some(peers), _) => std::path::absolute(peers)?,
            (None, home) => Path::new(&home.context("neither PEERS nor HOME is set")?).join(".cache/peers"),
        };
        let host = match host {
            Some(host) => std::path::absolute(host)?,
            None => this_program()?.with_file_name("../host"),
        };
        let scratch = tempfile::Builder::new().prefix("compare-").tempdir()?;
        let places = Self { host, peers, scratch };
        places.write_sources()?;
        Ok(places)
    }

    fn write_sources(&self) -> anyhow::Result<()> {
        for (name, source) in SOURCES {
            std::fs::write(self.source(name), source)?;
        }
        std::fs::write(self.source("core.mjs"), format!("{CORE}\nexport {{ answer }};\n"))?;
        // A module's packages are looked for in the folders above it.
        std::os::unix::fs::symlink(self.peers.join("node/node_modules"), self.source("node_modules"))?;
        let echo = "export default async (context: unknown, data: unknown) => data;\n";
        self.write_worker("echo", echo)?;
        self.write_worker("cpu", &format!("{CORE}\nexport default async () => cpu();\n"))
    }

    /// A worker of the host, as `jf worker init` would lay it out.
    fn write_worker(&self, name: &str, source: &str) -> anyhow::Result<()> {
        let folder = self.source("workers").join(name);
        std::fs::create_dir_all(&folder)?;
        let manifest = json!({
            "name": name,
            "sourceCodePath": "./worker.ts",
            "action": "GENERIC_EVENT",
            "application": "worker",
            "enabled": true,
        });
        std::fs::write(folder.join("manifest.json"), manifest.to_string())?;
        Ok(std::fs::write(folder.join("worker.ts"), source)?)
    }

    /// Something in the folder of sources, which is gone when the program ends.
    pub fn source(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// A file that `setup.sh` installed, or else a program on the PATH.
    pub fn installed(&self, file: &str) -> anyhow::Result<PathBuf> {
        let name = Path::new(file).file_name().unwrap_or_default();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut places =
            std::iter::once(self.peers.join(file)).chain(std::env::split_paths(&path).map(|p| p.join(name)));
        places.find(|place| place.is_file()).with_context(|| {
            format!(
                "no {}, and no {} on the PATH",
                self.peers.join(file).display(),
                name.display()
            )
        })
    }

    /// The version of an npm package that `setup.sh` installed.
    pub fn package(&self, name: &str) -> anyhow::Result<String> {
        let file = self.peers.join("node/node_modules").join(name).join("package.json");
        let json = std::fs::read(&file).with_context(|| format!("no {}", file.display()))?;
        let json: Value = serde_json::from_slice(&json)?;
        Ok(format!("{name} {}", json["version"].as_str().unwrap_or_default()))
    }
}

/// This program, which serves plain hyper as well.
pub fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("this program is nowhere")
}

/// The first line that a program prints about its version.
pub fn version(program: &Path) -> anyhow::Result<String> {
    let output = Command::new(program).arg("--version").output()?;
    ensure!(output.status.success(), "{} has no --version", program.display());
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}
