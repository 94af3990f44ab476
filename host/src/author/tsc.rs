//! TypeScript's compiler, where the author has installed it: it alone knows types.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// It is stopped then.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of what it says, only so much is kept.
const MOST_BYTES: u64 = 256 << 10;

/// What it says of a project.
#[derive(Debug, PartialEq, Eq)]
pub enum Types {
    /// They fit.
    Right,
    /// They do not; what it printed.
    Wrong(String),
    /// It was not asked; the reason, and what to do.
    Unknown(String),
}

/// Has the types of the project in `folder` checked.
pub fn check(folder: &Path) -> Types {
    if !folder.join("tsconfig.json").exists() {
        return Types::Unknown("there is no tsconfig.json; `host init` makes a project with one".into());
    }
    let Some(program) = find("tsc", folder) else {
        return Types::Unknown("tsc is not installed; npm install in the folder brings it".into());
    };
    let mut command = Command::new(&program);
    command
        .args(["--noEmit", "--pretty", "false", "-p", "tsconfig.json"])
        .current_dir(folder);
    match output(command, PATIENCE) {
        Err(error) => Types::Unknown(format!("{} cannot be run: {error}", program.display())),
        Ok(Some((true, _))) => Types::Right,
        Ok(Some((false, said))) => Types::Wrong(said.trim().to_owned()),
        Ok(None) => Types::Wrong(format!(
            "tsc takes longer than {} s; it was stopped",
            PATIENCE.as_secs()
        )),
    }
}

/// A program of this name: installed in the folder or one above it, else one of the PATH.
pub fn find(name: &str, folder: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(folder).ok()?;
    let installed = folder
        .ancestors()
        .map(|above| above.join("node_modules/.bin").join(name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name));
    installed.chain(in_path).find(|program| program.is_file())
}

/// Runs a command to its end: whether it succeeded, and what it printed. Nothing if it took longer than `patience`.
pub fn output(mut command: Command, patience: Duration) -> std::io::Result<Option<(bool, String)>> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let parts = [
        child.stdout.take().map(|pipe| read(Box::new(pipe))),
        child.stderr.take().map(|pipe| read(Box::new(pipe))),
    ];
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > patience {
            child.kill()?;
            child.wait()?;
            // A child of its own may hold the pipes for as long as it likes, so they are not waited for.
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let said: String = parts
        .into_iter()
        .flatten()
        .filter_map(|part| part.join().ok())
        .collect();
    Ok(Some((status.success(), said)))
}

/// On a thread of its own: a full pipe would hold the child.
fn read(mut pipe: Box<dyn Read + Send>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What cannot be read is not shown; how it ended is told in any case.
        let _ = (&mut pipe).take(MOST_BYTES).read_to_end(&mut bytes);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_is_run_to_its_end_or_stopped() {
        let run = |script, millis| output(shell(script), Duration::from_millis(millis)).unwrap();
        assert_eq!(run("echo a; echo b >&2", 10_000), Some((true, "a\nb\n".to_owned())));
        assert_eq!(run("echo no; exit 3", 10_000), Some((false, "no\n".to_owned())));
        let (_, much) = run("head -c 1000000 /dev/zero", 10_000).unwrap();
        assert_eq!(much.len() as u64, MOST_BYTES);
        let started = Instant::now();
        assert_eq!(run("sleep 20", 50), None);
        assert!(started.elapsed() < Duration::from_secs(10));
        assert!(output(Command::new("/no/such/program"), Duration::ZERO).is_err());
    }

    #[test]
    fn the_nearest_installation_counts() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        let bin = folder.path().join("a/node_modules/.bin");
        fs::create_dir_all(&inner).unwrap();
        fs::create_dir_all(&bin).unwrap();
        let name = "tsc-of-this-test";
        assert_eq!(find(name, &inner), None);
        fs::write(bin.join(name), "").unwrap();
        assert_eq!(find(name, &inner), Some(bin.join(name)));
    }

    #[test]
    fn a_project_is_checked_by_what_tsc_says() {
        let folder = tempfile::tempdir().unwrap();
        let told = |types| match types {
            Types::Unknown(why) | Types::Wrong(why) => why,
            Types::Right => "right".into(),
        };
        assert!(told(check(folder.path())).contains("no tsconfig.json"));
        fs::write(folder.path().join("tsconfig.json"), "{}").unwrap();
        let bin = folder.path().join("node_modules/.bin");
        fs::create_dir_all(&bin).unwrap();
        let fake = |script: &str| {
            fs::write(bin.join("tsc"), format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(bin.join("tsc"), fs::Permissions::from_mode(0o755)).unwrap();
            check(folder.path())
        };
        assert_eq!(fake("exit 0"), Types::Right);
        assert_eq!(
            fake("echo \"$@\"; exit 2"),
            Types::Wrong("--noEmit --pretty false -p tsconfig.json".into())
        );
    }
}
