//! What this machine has for us: memory and open files.

use std::path::Path;

/// Bytes of memory that this process may have: the machine's, or what its control group has of them. All of what an
/// address can name, where neither can be told.
pub fn memory() -> u64 {
    let machine = read("/proc/meminfo").and_then(|text| total(&text));
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    machine.into_iter().chain(group(&groups)).min().unwrap_or(u64::MAX)
}

fn read(file: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

/// Of `/proc/meminfo`, whose numbers are kibibytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// What the control group of version 2, or one around it, allows.
fn group(groups: &str) -> Option<u64> {
    let path = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let around = Path::new("/sys/fs/cgroup").join(path);
    let limits = around
        .ancestors()
        .take_while(|folder| folder.starts_with("/sys/fs/cgroup"))
        .filter_map(|folder| read(folder.join("memory.max"))?.trim().parse().ok());
    limits.min()
}

/// Takes as many open files as there may be; gives how many that are.
pub fn raise_file_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!("the limit on open files stays at {:?}: {error}", limit.current);
    }
    // None is no limit.
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_linux_says() {
        assert_eq!(total("MemTotal:        2048 kB\nMemFree: 1 kB\n"), Some(2 << 20));
        assert_eq!(total("MemFree: 1 kB\n"), None);
        assert_eq!(
            group("0::/no/such/group-of-this-test\n").is_none(),
            group("0::/\n").is_none()
        );
        assert_eq!(group("5:memory:/old\n"), None);
        assert!((64 << 20..1 << 50).contains(&memory()));
    }
}
