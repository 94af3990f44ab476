//! `host doctor`: what of this machine and this installation works, and what to do about the rest.

mod folders;
mod kernel;
mod programs;

use super::paint::{Look, Paint};
use super::report::time;
use crate::cli::FAILED;
use crate::settings::author::Doctor;
use crate::{build, console, machine};
use engine::{Limits, Request, Source};
use std::process::ExitCode;
use std::time::Instant;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    /// What was found.
    found: String,
    state: State,
}

enum State {
    Fine,
    /// It works without; what would be better.
    Warning(String),
    /// It does not work; what to do.
    Failure(String),
}

impl Finding {
    fn fine(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            found: found.into(),
            state: State::Fine,
        }
    }

    fn warning(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            state: State::Warning(advice.into()),
            ..Self::fine(what, found)
        }
    }

    fn failure(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            state: State::Failure(advice.into()),
            ..Self::fine(what, found)
        }
    }
}

/// Looks at everything and tells what was found.
pub fn doctor(asked: &Doctor) -> anyhow::Result<ExitCode> {
    let paint = Paint::of_stdout();
    let (mut warnings, mut failures) = (0, 0);
    let mut tell = |finding: Finding| {
        match finding.state {
            State::Fine => {}
            State::Warning(_) => warnings += 1,
            State::Failure(_) => failures += 1,
        }
        console::out(shown(&finding, paint).as_bytes())
    };
    let quick = [
        kernel::release,
        kernel::landlock,
        kernel::seccomp,
        memory,
        cores,
        open_files,
    ];
    for look in quick {
        tell(look())?;
    }
    tell(folders::cache(&asked.cache))?;
    tell(folders::data(&asked.data))?;
    tell(settings(asked))?;
    tell(worker(asked))?;
    for program in programs::all() {
        tell(program)?;
    }
    let sentence = match (failures, warnings) {
        (0, 0) => paint.text(Look::Good, "all is well"),
        (0, _) => paint.text(Look::Odd, &format!("it works; {warnings} to look at")),
        _ => paint.text(Look::Bad, &format!("{failures} failed, {warnings} to look at")),
    };
    console::out(format!("{sentence}\n").as_bytes())?;
    Ok(match failures {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILED),
    })
}

fn shown(finding: &Finding, paint: Paint) -> String {
    let (look, word, advice) = match &finding.state {
        State::Fine => (Look::Good, "ok  ", None),
        State::Warning(advice) => (Look::Odd, "warn", Some(advice)),
        State::Failure(advice) => (Look::Bad, "fail", Some(advice)),
    };
    let found = console::printable(&finding.found).replace('\n', "\n                  ");
    let mut text = format!("{} {:<12} {found}\n", paint.text(look, word), finding.what);
    if let Some(advice) = advice {
        text.push_str(&paint.block("                  ", &format!("→ {advice}")));
    }
    text
}

fn memory() -> Finding {
    const LITTLE: u64 = 512 << 20;
    let bytes = machine::memory();
    let found = format!("{} MiB", bytes >> 20);
    match bytes < LITTLE {
        true => Finding::warning(
            "memory",
            found,
            "building workers in a server takes up to 512 MiB; give it more, or lower --build-memory and --image-memory",
        ),
        false => Finding::fine("memory", found),
    }
}

fn cores() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Finding::fine("cores", cores.to_string())
}

fn open_files() -> Finding {
    use rustix::process::{Resource, getrlimit};
    // As many connections as a server has at most, and what it needs beside them.
    const ENOUGH: u64 = 1 << 14;
    let most = getrlimit(Resource::Nofile).maximum;
    let found = most.map_or("any number".into(), |most| most.to_string());
    match most.is_some_and(|most| most < ENOUGH) {
        true => Finding::warning(
            "open files",
            found,
            format!("many connections need more: ulimit -Hn {ENOUGH}, or LimitNOFILE={ENOUGH} in the unit of systemd"),
        ),
        false => Finding::fine("open files", found),
    }
}

fn settings(asked: &Doctor) -> Finding {
    let file = match &asked.file {
        Some(file) => file.display().to_string(),
        None => "no host.toml; flags, environment and defaults".into(),
    };
    match &asked.settings {
        Ok(_) => Finding::fine("settings", file),
        Err(mistakes) => Finding::failure("settings", file, mistakes.to_string()),
    }
}

/// The proof: a worker is built, and runs.
fn worker(asked: &Doctor) -> Finding {
    const WHAT: &str = "a worker";
    let run = || {
        let started = Instant::now();
        let engine = build::engine(&asked.cache, &Limits::default())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let execution = runtime.block_on(async {
            let source = Source::alone("worker.ts", "export default (_: unknown): number => 6 * 7");
            let worker = engine.make(&source).await?;
            anyhow::Ok(engine.run(&worker, Request::default(), std::future::pending()).await?)
        })?;
        anyhow::ensure!(&*execution.output == b"42", "it gave {:?}", execution.outcome);
        anyhow::Ok((started.elapsed(), execution.usage.wall))
    };
    match run() {
        Ok((took, ran)) => Finding::fine(
            WHAT,
            format!(
                "built and run: {} in all, {} of it the execution",
                time(took),
                time(ran)
            ),
        ),
        Err(error) => Finding::failure(
            WHAT,
            format!("cannot be run: {error:#}"),
            "what is said above may be why; if not, it is a fault of this program",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_below_what_was_found() {
        let paint = Paint::of_stdout();
        assert_eq!(shown(&Finding::fine("cores", "2"), paint), "ok   cores        2\n");
        assert_eq!(
            shown(&Finding::failure("x", "a\nb", "do this\nthen that"), paint),
            "fail x            a\n                  b\n                  → do this\n                  then that\n"
        );
    }
}
