//! A small disk that is full when a test wants it: a tmpfs in a mount namespace of its own, so that nobody else sees
//! it, and nothing is left of it when the test has ended, however it does.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// One of them.
pub struct Disk {
    /// Lives in the namespace, and ends when its input does.
    holder: Child,
    place: TempDir,
    user: bool,
}

impl Disk {
    /// One of so many bytes; none where this process may not mount one, which CI does not accept.
    pub fn new(kilobytes: usize) -> Option<Self> {
        // Who is not root is so in a user namespace.
        let user = !rustix::process::geteuid().is_root();
        let place = tempfile::tempdir().unwrap();
        let script = format!("mount -t tmpfs -o size={kilobytes}k,mode=700 none \"$0\" && echo mounted && exec cat");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private"]);
        command.args(user.then_some("--map-root-user"));
        command.args(["sh", "-c", &script]).arg(place.path());
        let spawned = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mounted = spawned.ok().and_then(|mut holder| {
            let mut line = String::new();
            BufReader::new(holder.stdout.take()?).read_line(&mut line).ok()?;
            (line == "mounted\n").then_some(holder)
        });
        let Some(holder) = mounted else {
            assert!(
                std::env::var_os("CI").is_none(),
                "no tmpfs can be mounted, and CI needs one"
            );
            eprintln!("SKIPPED: no tmpfs can be mounted here (neither as root nor in a user namespace)");
            return None;
        };
        Some(Self { holder, place, user })
    }

    /// A path on it, for whoever is [inside](Self::inside).
    pub fn path(&self, name: &str) -> String {
        self.place.path().join(name).to_str().unwrap().to_owned()
    }

    /// The same, for this process.
    pub fn outside(&self, name: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.holder.id());
        Path::new(&root).join(self.path(name).trim_start_matches('/'))
    }

    /// Has the command run where the disk is; its errors are to be read.
    pub fn inside(&self, command: &mut Command) {
        let mut inner = Command::new("nsenter");
        inner.args(["--target", &self.holder.id().to_string(), "--mount"]);
        inner.args(
            self.user
                .then_some(["--user", "--preserve-credentials"])
                .into_iter()
                .flatten(),
        );
        inner.args(["sh", "-c", "cd \"$0\" && exec \"$@\""]);
        inner
            .arg(command.get_current_dir().unwrap())
            .arg(command.get_program())
            .args(command.get_args());
        inner.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        inner.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        inner.stdin(Stdio::null()).stderr(Stdio::piped());
        *command = inner;
    }

    /// Leaves no byte.
    pub fn fill(&self) {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.outside("filler"))
            .unwrap();
        for block in [64 << 10, 4 << 10, 1] {
            let block = vec![1; block];
            while file.write_all(&block).is_ok() {}
        }
    }

    /// Makes room again.
    pub fn free(&self) {
        std::fs::remove_file(self.outside("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
