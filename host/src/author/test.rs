//! `host test`: runs the cases and the own tests of workers, once or whenever a file changes, and tells how it went.

use super::junit;
use super::paint::{Look, Paint};
use super::project::{self, Project};
use super::report::Tally;
use super::round::Round;
use super::watch::Seen;
use crate::cli::FAILED;
use crate::context::Gate;
use crate::settings::author::Author;
use crate::{build, console};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// What is asked for beside the settings.
pub struct Options {
    /// A worker, several, or a file.
    pub place: PathBuf,
    /// Again and again.
    pub watch: bool,
    /// Whether what is expected is written anew.
    pub update: bool,
    /// Where the results go as XML.
    pub junit: Option<PathBuf>,
    /// Only those with this text in their names.
    pub filter: Option<String>,
}

/// Runs them all and tells how it went.
pub fn test(settings: &Author, options: &Options) -> anyhow::Result<ExitCode> {
    if let Some(file) = &options.junit {
        check_writable(file)?;
    }
    let engine = build::engine(&settings.cache, &settings.limits.maximum)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let find = || project::find(&options.place, &settings.limits.maxima());
    let ours = options.junit.as_deref();
    let mut projects = find()?;
    let mut folders = folders_of(&projects);
    let mut seen = Seen::now(&folders, ours);
    loop {
        let started = Instant::now();
        let groups = runtime.block_on(async {
            let round = Round {
                engine: &engine,
                gate: &Gate::new(settings.outside.clone()),
                settings,
                options,
            };
            round.run(&projects).await
        })?;
        let tally = Tally::of(&groups);
        let sentence = tally.sentence(started.elapsed(), Paint::of_stdout());
        console::out(format!("{sentence}\n").as_bytes())?;
        if let Some(file) = ours {
            std::fs::write(file, junit::document(&groups))
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        if !options.watch {
            return Ok(match tally.is_success() {
                true => ExitCode::SUCCESS,
                false => ExitCode::from(FAILED),
            });
        }
        (projects, seen) = after_a_change(&seen, &folders, ours, find);
        folders = folders_of(&projects);
    }
}

fn folders_of(projects: &[Project]) -> Vec<PathBuf> {
    projects.iter().map(|project| project.folder.clone()).collect()
}

/// Waits until a file changes, and finds the projects again; gives what there was before it looked for them, so that no change
/// is missed. One that is being moved or written may be away for a while.
fn after_a_change(
    seen: &Seen,
    folders: &[PathBuf],
    ours: Option<&Path>,
    find: impl Fn() -> anyhow::Result<Vec<Project>>,
) -> (Vec<Project>, Seen) {
    console::err("waiting for a change; Ctrl-C ends it");
    let mut file = seen.wait(folders, ours);
    loop {
        let line = format!("{} changed", file.display());
        // A reader that is gone is noticed with the results.
        let _ = console::out(format!("\n{}\n", Paint::of_stdout().text(Look::Faint, &line)).as_bytes());
        let now = Seen::now(folders, ours);
        match find() {
            Ok(projects) => return (projects, now),
            Err(error) => console::err(format_args!("error: {error:#}")),
        }
        file = now.wait(folders, ours);
    }
}

/// Where a result may be written: said before anything takes time.
fn check_writable(file: &Path) -> anyhow::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    anyhow::ensure!(
        folder.is_dir(),
        "--junit: {}: there is no such folder",
        folder.display()
    );
    Ok(())
}
