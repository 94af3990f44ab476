//! The host as a process: started in a fresh folder, looked at from outside, gone with this one.

use anyhow::{Context, ensure};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The admin's token.
pub const TOKEN: &str = "a-token-for-the-soak";

/// Lines of the log that are remembered.
const REMEMBERED: usize = 50;

/// A running host.
pub struct Host {
    child: Mutex<Child>,
    /// Where it listens.
    pub address: SocketAddr,
    complaints: Arc<Mutex<Vec<String>>>,
    _folder: tempfile::TempDir,
}

/// What it holds.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Resident memory in KiB, with that of its children.
    pub rss: u64,
    /// Open descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

/// The binary that was built beside this program.
pub fn built() -> anyhow::Result<PathBuf> {
    let me = std::env::current_exe()?;
    let folder = me.parent().and_then(Path::parent).context("this program is nowhere")?;
    Ok(folder.join("host"))
}

impl Host {
    /// Starts one and waits until it is ready.
    pub fn start(binary: &Path, more: &[String]) -> anyhow::Result<Self> {
        ensure!(
            binary.exists(),
            "{} is not there: cargo build --release -p host",
            binary.display()
        );
        let folder = tempfile::tempdir()?;
        std::fs::create_dir(folder.path().join("data"))?;
        let mut command = Command::new(binary);
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--cache",
            "cache",
            "--history-entries",
            "100_000",
        ]);
        command
            .args(more)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        command
            .env_clear()
            .env("HOME", folder.path())
            .env("HOST_ADMIN_TOKEN", TOKEN);
        let mut child = command.spawn()?;
        let lines = BufReader::new(child.stderr.take().context("no stderr")?).lines();
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let (ready, waiting) = channel();
        let kept = complaints.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.contains("ready: ") {
                    let _ = ready.send(line.clone());
                }
                if ["ERROR", "panicked", "error: ", "stopping: "]
                    .iter()
                    .any(|word| line.contains(word))
                {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    if kept.len() < REMEMBERED {
                        kept.push(line);
                    }
                }
            }
        });
        let mut host = Self {
            child: Mutex::new(child),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            complaints,
            _folder: folder,
        };
        let line = waiting
            .recv_timeout(Duration::from_secs(120))
            .with_context(|| format!("it never became ready: {:?}", host.complaints()))?;
        let address = line.split("://").nth(1).and_then(|rest| rest.split(',').next());
        host.address = address
            .and_then(|text| text.parse().ok())
            .with_context(|| line.clone())?;
        Ok(host)
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// What it holds now.
    pub fn sample(&self) -> anyhow::Result<Sample> {
        let id = self.id();
        let mut rss =
            rss(id).with_context(|| format!("the host is gone: {:?} {:?}", self.ending(), self.complaints()))?;
        for task in std::fs::read_dir(format!("/proc/{id}/task"))?.flatten() {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            // A child may be gone by now.
            rss += children
                .split(' ')
                .filter_map(|child| self::rss(child.parse().ok()?))
                .sum::<u64>();
        }
        Ok(Sample {
            rss,
            descriptors: std::fs::read_dir(format!("/proc/{id}/fd"))?.count(),
            threads: std::fs::read_dir(format!("/proc/{id}/task"))?.count(),
        })
    }

    /// What its log says of faults of its own.
    pub fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How it ended, if it did.
    fn ending(&self) -> Option<std::process::ExitStatus> {
        self.child().try_wait().ok().flatten()
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        self.ending().is_none()
    }
}

fn rss(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().split(' ').next()?.parse().ok()
}

impl Drop for Host {
    fn drop(&mut self) {
        let mut child = self.child();
        let _ = child.kill();
        let _ = child.wait();
    }
}
