//! A server as a process: pinned to its core, in a process group of its own and in a fresh folder; gone with its value.

use anyhow::Context;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use rustix::thread::CpuSet;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The core that servers run on.
pub const SERVER_CORE: usize = 0;
/// The core that this program runs on, load generator included.
pub const OWN_CORE: usize = 1;

/// A running server.
pub struct Server {
    child: Child,
    group: Pid,
    folder: TempDir,
}

impl Server {
    /// Starts it in a fresh folder.
    ///
    /// It is pinned without a program like taskset: a process begins on the cores of the thread that starts it, so this
    /// thread goes there and comes back.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("compare-").tempdir()?;
        let log = File::create(folder.path().join("log"))?;
        command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .env("HOME", folder.path())
            .process_group(0);
        pin(SERVER_CORE)?;
        let child = command.spawn().with_context(|| format!("{command:?} does not start"));
        pin(OWN_CORE)?;
        let child = child?;
        let group = Pid::from_child(&child);
        Ok(Self { child, group, folder })
    }

    /// Whether it has ended by itself. It stays a zombie, so that nobody else gets its number before its group is ended.
    pub fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(rustix::process::waitid(WaitId::Pid(self.group), options), Ok(None))
    }

    /// The end of what it has printed.
    pub fn said(&self) -> String {
        let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(500)..])
            .trim()
            .to_owned()
    }

    /// Resident memory of its process group in KiB.
    pub fn rss(&self) -> u64 {
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return 0;
        };
        let numbers = processes
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        numbers
            .filter(|number| group(number) == Some(self.group.as_raw_nonzero().get()))
            .filter_map(|number| rss(&number))
            .sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be empty already.
        let _ = rustix::process::kill_process_group(self.group, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A command without the settings of whoever runs this: `HOST_…`, `NODE_OPTIONS`, `DENO_…`.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("NO_COLOR", "1")
        .env("DENO_NO_UPDATE_CHECK", "1");
    command
}

/// Puts this thread, and what it starts, on one core.
pub fn pin(core: usize) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    rustix::thread::sched_setaffinity(None, &cores)
        .with_context(|| format!("core {core} is not to be had: the comparison takes two"))
}

/// The process group of a process, as proc(5) has it behind the program's name.
fn group(process: &str) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(2)?.parse().ok()
}

fn rss(process: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_group_ends_with_its_value() -> anyhow::Result<()> {
        let mut command = command("sh");
        command.args(["-c", "sleep 60 & echo $!; wait"]);
        let server = Server::start(command)?;
        let grandchild = loop {
            let said = server.said();
            if !said.is_empty() {
                break said;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        assert!(!server.has_ended() && server.rss() > 0);
        assert_eq!(group(&grandchild), Some(server.group.as_raw_nonzero().get()));
        drop(server);
        // Whoever adopted it may not have collected it yet.
        let stat = std::fs::read_to_string(format!("/proc/{grandchild}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
        Ok(())
    }

    #[test]
    fn an_end_is_noticed() -> anyhow::Result<()> {
        let server = Server::start(command("true"))?;
        while !server.has_ended() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Ok(())
    }
}
