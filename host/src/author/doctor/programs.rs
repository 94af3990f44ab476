//! Programs that an author may want, and that nothing here needs.

use super::Finding;
use crate::author::tsc::{find, output};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A program that takes longer to tell its version is not asked again.
const PATIENCE: Duration = Duration::from_secs(10);

const PROGRAMS: [(&str, &str); 3] = [
    (
        "node",
        "only for tests under Node.js, and for npm; https://nodejs.org has it",
    ),
    (
        "npm",
        "only to install packages that a worker imports; it comes with Node.js",
    ),
    (
        "tsc",
        "only to check types: npm install in a project brings it for that project",
    ),
];

pub(super) fn all() -> impl Iterator<Item = Finding> {
    PROGRAMS.into_iter().map(|(name, advice)| look(name, advice))
}

fn look(name: &'static str, advice: &str) -> Finding {
    let Some(program) = find(name, Path::new(".")) else {
        return Finding::warning(name, "not found", advice);
    };
    let mut command = Command::new(&program);
    command.arg("--version");
    match output(command, PATIENCE) {
        Ok(Some((true, said))) => {
            let version = said.lines().next().unwrap_or_default().trim();
            let version = version.trim_start_matches("Version ").trim_start_matches('v');
            Finding::fine(name, format!("{version} ({})", program.display()))
        }
        Ok(Some((false, said))) => Finding::warning(name, format!("{}: {}", program.display(), said.trim()), advice),
        Ok(None) => Finding::warning(
            name,
            format!("{}: does not tell its version", program.display()),
            advice,
        ),
        Err(error) => Finding::warning(name, format!("{}: {error}", program.display()), advice),
    }
}
