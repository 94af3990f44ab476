//! A private PostgreSQL: in a temporary folder, on a Unix socket, gone when the test process is.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A running cluster. Its folder and its processes go when it is dropped, or when this process ends, however it does.
pub struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    guard: Child,
}

/// The cluster that tests share, or `None` where PostgreSQL is not installed, which CI does not accept.
pub fn shared() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).as_ref()
}

impl Cluster {
    /// Makes and starts one.
    pub fn start() -> Option<Self> {
        let Some(bin) = binaries() else {
            assert!(
                std::env::var_os("CI").is_none(),
                "PostgreSQL is not installed, and CI needs it"
            );
            eprintln!("SKIPPED: PostgreSQL is not installed (apt-get install postgresql)");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("host-pg-").tempdir().unwrap().keep();
        // PostgreSQL refuses to run as root.
        let root = std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
        if root {
            run(Command::new("chown").arg("postgres").arg(&folder));
        }
        let as_user = |script: &str| {
            let mut command = if root {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--", "sh", "-c", script]);
                command
            } else {
                let mut command = Command::new("sh");
                command.args(["-c", script]);
                command
            };
            command
                .current_dir("/")
                .env("BIN", &bin)
                .env("AT", &folder)
                .stdout(Stdio::null());
            command
        };
        run(&mut as_user(
            "cd $AT && $BIN/initdb -D $AT/data -U host --auth=trust --no-sync --encoding=UTF8 --locale=C >$AT/init.log",
        ));
        // Stops the cluster when its input ends. It goes on past a restart by a test, so it asks for the process by file.
        let mut guard = as_user(
            "cd $AT; $BIN/pg_ctl -D $AT/data -l $AT/log -w -o \"-k $AT -c listen_addresses= -c fsync=off\" start || exit 1
             cat >/dev/null; $BIN/pg_ctl -D $AT/data -m immediate stop; rm -rf $AT",
        );
        // Not the terminal's interrupt: it has to outlive this process for a moment.
        std::os::unix::process::CommandExt::process_group(&mut guard, 0);
        let guard = guard.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let cluster = Self { folder, bin, guard };
        let begun = Instant::now();
        while !cluster.psql("SELECT 1") {
            assert!(begun.elapsed() < Duration::from_secs(30), "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(cluster)
    }

    /// The URL of a new, empty database.
    pub fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed));
        assert!(self.psql(&format!("CREATE DATABASE {name}")));
        format!("postgres:///{name}?host={}&user=host", self.folder.display())
    }

    /// Stops it, breaking all connections.
    pub fn stop(&self) {
        self.control(&["-m", "fast", "-w", "stop"]);
    }

    /// Starts it again.
    pub fn restart(&self) {
        let options = format!("-k {} -c listen_addresses= -c fsync=off", self.folder.display());
        let log = self.folder.join("log");
        self.control(&["-l", log.to_str().unwrap(), "-w", "-o", &options, "start"]);
    }

    /// Sends a signal to all its processes.
    pub fn signal(&self, signal: &str) {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let main = text.lines().next().unwrap().to_owned();
        let children = std::fs::read_to_string(format!("/proc/{main}/task/{main}/children")).unwrap();
        for pid in children.split_whitespace().chain([main.as_str()]) {
            run(Command::new("kill").args([signal, pid]));
        }
    }

    fn control(&self, args: &[&str]) {
        let data = self.folder.join("data");
        let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(&data).unwrap());
        let program = self.bin.join("pg_ctl");
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={owner}"), "--clear-groups"]);
        let me = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
        if owner == me {
            command = Command::new(&program);
        } else {
            command.arg(&program);
        }
        run(command
            .current_dir("/")
            .arg("-D")
            .arg(&data)
            .args(args)
            .stdout(Stdio::null()));
    }

    fn psql(&self, sql: &str) -> bool {
        let mut command = Command::new(self.bin.join("psql"));
        command
            .args(["-U", "host", "-d", "postgres", "-q", "-c", sql])
            .arg("-h")
            .arg(&self.folder);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut input) = self.guard.stdin.take() {
            let _ = input.flush();
        }
        let _ = self.guard.wait();
    }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn binaries() -> Option<PathBuf> {
    let complete = |folder: &Path| {
        ["initdb", "pg_ctl", "postgres", "psql"]
            .iter()
            .all(|name| folder.join(name).exists())
    };
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH")?));
    folders.into_iter().find(|folder| complete(folder))
}
