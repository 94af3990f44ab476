//! Runs the binary in a folder of its own, with nothing of the tester's environment but the shared cache.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

/// Compiled code is shared by all tests, so that the seconds it takes are spent once.
pub static CACHE: LazyLock<PathBuf> = LazyLock::new(|| {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let folder = Folder::new(&[("warm.js", "export default () => 1")]);
    let mut command = folder.command(&["run", "warm.js"]);
    let warmed = command.env("HOST_CACHE", &cache).output().unwrap();
    assert!(warmed.status.success(), "{}", String::from_utf8_lossy(&warmed.stderr));
    cache
});

/// A fresh folder.
pub struct Folder(TempDir);

/// What a command did.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    /// A folder with these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The binary with these arguments, here, without a cache.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.0.path());
        command
    }

    /// The binary with these arguments, here.
    pub fn host(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("HOST_CACHE", &*CACHE);
        command
    }

    /// Runs it to its end; stdin is empty.
    pub fn run(&self, arguments: &[&str]) -> Done {
        self.host(arguments).output().unwrap().into()
    }

    /// Runs it to its end with this on stdin.
    pub fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Done {
        let mut command = self.host(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read it may be gone already.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        child.wait_with_output().unwrap().into()
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
