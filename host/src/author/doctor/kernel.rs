//! What the kernel has: what makes executions quick, and what takes rights from the server.

use super::Finding;
use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
use std::fs;

/// From this release on the kernel tells which pages were written (`PAGEMAP_SCAN`), and landlock knows ports.
const QUICK: (u32, u32) = (6, 7);

pub(super) fn release() -> Finding {
    const WHAT: &str = "kernel";
    let text = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let text = text.trim();
    let advice =
        "from Linux 6.7 on an execution is some 40 µs quicker (pagemap_scan), and the server's ports are confined";
    match version(text) {
        Some(version) if version >= QUICK => Finding::fine(WHAT, format!("Linux {text}")),
        Some(_) => Finding::warning(WHAT, format!("Linux {text}"), advice),
        None => Finding::warning(WHAT, "its release cannot be read in /proc", advice),
    }
}

pub(super) fn landlock() -> Finding {
    const WHAT: &str = "landlock";
    let known = [ABI::V6, ABI::V5, ABI::V4, ABI::V3, ABI::V2, ABI::V1];
    // Made, and never applied to this process.
    let is_there = |abi: &ABI| {
        let strict = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        let made = strict.handle_access(AccessFs::from_all(*abi));
        made.and_then(Ruleset::create).is_ok()
    };
    match known.iter().find(|abi| is_there(abi)) {
        Some(abi) => Finding::fine(
            WHAT,
            format!("version {} at least: a server can give up files", *abi as i32),
        ),
        None => Finding::warning(
            WHAT,
            "not there: a server keeps the rights to files that it does not need",
            "boot Linux 5.13 or later with landlock in lsm=; in a container, its runtime may hold it back",
        ),
    }
}

pub(super) fn seccomp() -> Finding {
    const WHAT: &str = "seccomp";
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    let filters = fs::read_to_string("/proc/self/status").is_ok_and(|text| text.contains("Seccomp_filters:"));
    match actions.split_whitespace().any(|action| action == "errno") || filters {
        true => Finding::fine(WHAT, "a server can give up system calls"),
        false => Finding::warning(
            WHAT,
            "not there: a server keeps system calls that it does not need",
            "use a kernel with CONFIG_SECCOMP_FILTER",
        ),
    }
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|char: char| !char.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_their_numbers() {
        assert_eq!(version("6.12.30+deb13-cloud-amd64"), Some((6, 12)));
        assert!(version("6.12.1") >= Some(QUICK) && version("6.6.99") < Some(QUICK) && version("5.15-x") < Some(QUICK));
        assert_eq!(version(""), None);
    }
}
