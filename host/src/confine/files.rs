//! Files and network, by landlock (Linux 5.13 and later; the network from 6.7 on).

use super::Needs;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use std::path::Path;

/// The newest that we know; an older kernel does what it can.
const KNOWN: ABI = ABI::V6;

/// Read by every program: libraries, names and addresses, authorities, time zones, and what tells of the machine.
const SYSTEM: &[&str] = &[
    "/etc",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
    "/run/systemd/resolve",
    "/proc",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
    "/dev/random",
    "/dev/urandom",
];

/// What starts a program that is linked to libraries.
const INTERPRETERS: &[&str] = &[
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];

/// A server writes in its folders, reads what it was told of, listens on its port, and starts itself.
pub(super) fn server(needs: &Needs) -> Result<String, RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rule(NetPort::new(needs.port, AccessNet::BindTcp))?;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let start = AccessFs::ReadFile | AccessFs::Execute;
    for path in SYSTEM {
        rules = allow(rules, Path::new(path), read)?;
    }
    for path in &needs.read {
        rules = allow(rules, path, read)?;
    }
    for path in &needs.written {
        rules = allow(rules, path, AccessFs::from_all(KNOWN) & !AccessFs::Execute)?;
    }
    for path in INTERPRETERS {
        rules = allow(rules, Path::new(path), start)?;
    }
    rules = allow(rules, Path::new("/proc/self/exe"), start)?;
    rules = allow(rules, Path::new("/dev/null"), AccessFs::ReadFile | AccessFs::WriteFile)?;
    let status = rules.restrict_self()?.ruleset;
    Ok(match status {
        RulesetStatus::FullyEnforced => "files and ports are confined by landlock".into(),
        RulesetStatus::PartiallyEnforced => "files are confined by landlock, as far as this kernel knows it".into(),
        RulesetStatus::NotEnforced => "this kernel has no landlock: files are not confined".into(),
    })
}

/// A child that compiles reads the folder of its worker, if there is one.
pub(super) fn compiler(folder: Option<&Path>) -> Result<(), RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?;
    if let Some(folder) = folder {
        rules = allow(rules, folder, AccessFs::ReadFile | AccessFs::ReadDir)?;
    }
    rules.restrict_self()?;
    Ok(())
}

/// Allows it where it is; what is not there cannot be used.
fn allow(rules: RulesetCreated, path: &Path, access: BitFlags<AccessFs>) -> Result<RulesetCreated, RulesetError> {
    let Ok(opened) = PathFd::new(path) else {
        return Ok(rules);
    };
    // Rights that a file cannot have would be refused.
    let access = match path.is_dir() {
        true => access,
        false => access & AccessFs::from_file(KNOWN),
    };
    rules.add_rule(PathBeneath::new(opened, access))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind::PermissionDenied;
    use std::net::{TcpListener, TcpStream};
    use std::{fs, thread};

    /// Whether this kernel can keep these rules at all.
    fn known() -> bool {
        let landlock = fs::read_to_string("/sys/kernel/security/lsm");
        let known = landlock.is_ok_and(|list| list.contains("landlock"))
            || thread::spawn(|| compiler(None).is_ok() && fs::read("/etc/passwd").is_err())
                .join()
                .unwrap();
        if !known {
            eprintln!("SKIPPED: this kernel has no landlock");
        }
        known
    }

    fn denied<T>(result: std::io::Result<T>) -> bool {
        result.is_err_and(|error| error.kind() == PermissionDenied)
    }

    #[test]
    fn a_server_has_its_folders_its_port_and_itself() {
        if !known() {
            return;
        }
        let [data, read, other] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        for folder in [&read, &other] {
            fs::write(folder.path().join("file"), "text").unwrap();
        }
        let needs = Needs {
            written: vec![data.path().into()],
            read: vec![read.path().into()],
            port: 0,
        };
        // The rules are those of the thread.
        let confined = thread::scope(|scope| {
            let confined = scope.spawn(|| {
                server(&needs).unwrap();
                fs::write(data.path().join("new"), "text").unwrap();
                fs::rename(data.path().join("new"), data.path().join("renamed")).unwrap();
                fs::read(read.path().join("file")).unwrap();
                assert!(denied(fs::write(read.path().join("file"), "other")));
                assert!(denied(fs::read(other.path().join("file"))));
                assert!(denied(fs::write(other.path().join("new"), "text")));
                assert!(denied(
                    std::process::Command::new("/bin/sh").arg("-c").arg("true").status()
                ));
                let itself = std::process::Command::new("/proc/self/exe").arg("--list").output();
                assert!(itself.unwrap().status.success());
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            });
            confined.join()
        });
        confined.unwrap();
    }

    #[test]
    fn a_child_that_compiles_has_the_folder_of_its_worker() {
        if !known() {
            return;
        }
        let [own, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        for folder in [&own, &other] {
            fs::write(folder.path().join("worker.ts"), "text").unwrap();
        }
        std::os::unix::fs::symlink(other.path().join("worker.ts"), own.path().join("link")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let confined = thread::scope(|scope| {
            let confined = scope.spawn(|| {
                compiler(Some(own.path())).unwrap();
                fs::read(own.path().join("worker.ts")).unwrap();
                for file in [
                    own.path().join("link"),
                    other.path().join("worker.ts"),
                    "/proc/self/environ".into(),
                ] {
                    assert!(denied(fs::read(&file)), "{}", file.display());
                }
                assert!(denied(fs::write(own.path().join("new"), "text")));
                assert!(denied(TcpStream::connect(listener.local_addr().unwrap())));
            });
            confined.join()
        });
        confined.unwrap();
    }
}
