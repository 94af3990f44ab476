//! `host check`: everything that can be told of a worker before it is deployed, all at once.

use super::paint::{Look, Paint};
use super::project::{self, CASES, MANIFEST, Project};
use super::report::time;
use super::tsc::{self, Types};
use super::{cases, json};
use crate::cli::FAILED;
use crate::settings::author::Author;
use crate::source::{self, Code};
use crate::suggest::did_you_mean;
use crate::{build, console, manifest};
use engine::{Engine, Limits};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// What was found out about one thing.
struct Finding {
    /// The file, or what else it is about.
    what: String,
    result: Result,
}

enum Result {
    /// It is well; a remark.
    Right(String),
    /// It was not checked; the reason.
    Unknown(String),
    /// It is wrong; every mistake.
    Wrong(Vec<String>),
}

/// Checks the workers at `place` and tells what was found.
pub fn check(settings: &Author, place: &Path) -> anyhow::Result<ExitCode> {
    let projects = project::find(place, &settings.limits.maxima())?;
    let engine = build::engine(&settings.cache, &settings.limits.maximum)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let paint = Paint::of_stdout();
    let mut mistakes = 0;
    for project in &projects {
        let name = paint.text(Look::Strong, &project.name());
        console::out(format!("{name}\n").as_bytes())?;
        let limits = settings
            .limits
            .within(&project.manifest().map(|it| it.limits).unwrap_or_default());
        for check in [manifest_of, cases_of] {
            mistakes += tell(check(project, &limits), paint)?;
        }
        mistakes += tell(runtime.block_on(source_of(project, &engine, &limits)), paint)?;
        mistakes += tell(types_of(project), paint)?;
    }
    let workers = counted(projects.len(), "worker");
    let sentence = match mistakes {
        0 => paint.text(Look::Good, &format!("{workers} checked: all is well")),
        _ => paint.text(
            Look::Bad,
            &format!("{workers} checked: {}", counted(mistakes, "mistake")),
        ),
    };
    console::out(format!("{sentence}\n").as_bytes())?;
    Ok(match mistakes {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(FAILED),
    })
}

/// Prints what was found, if anything; gives the number of mistakes.
fn tell(finding: Option<Finding>, paint: Paint) -> std::io::Result<usize> {
    let Some(Finding { what, result }) = finding else {
        return Ok(0);
    };
    let line = |look, sign: &str, remark: &str| {
        let remark = match remark {
            "" => String::new(),
            remark => format!(" {}", paint.text(Look::Faint, &format!("({remark})"))),
        };
        format!("  {} {}{remark}\n", paint.text(look, sign), console::printable(&what))
    };
    let (text, mistakes) = match &result {
        Result::Right(remark) => (line(Look::Good, "✓", remark), 0),
        Result::Unknown(why) => (line(Look::Odd, "-", &format!("not checked: {why}")), 0),
        Result::Wrong(mistakes) => {
            let mut text = line(Look::Bad, "✗", "");
            for mistake in mistakes {
                text.push_str(&paint.block("      ", mistake));
            }
            (text, mistakes.len())
        }
    };
    console::out(text.as_bytes())?;
    Ok(mistakes)
}

fn manifest_of(project: &Project, limits: &Limits) -> Option<Finding> {
    let what = project.shown(MANIFEST);
    let mut wrong = match &project.manifest {
        None => vec!["is missing; `host init` writes one".into()],
        Some(Err(faults)) => faults.clone(),
        Some(Ok(_)) => Vec::new(),
    };
    wrong.extend(slips(project));
    let result = match wrong.is_empty() {
        true => Result::Right(format!(
            "{} MiB of memory, {} of CPU time, {} at most",
            limits.memory_bytes >> 20,
            time(limits.cpu),
            time(limits.timeout)
        )),
        false => Result::Wrong(wrong),
    };
    Some(Finding { what, result })
}

/// Keys of the manifest that mean nothing, and are nearly keys that do. Others are left alone, as when it is deployed.
fn slips(project: &Project) -> Vec<String> {
    let text = std::fs::read_to_string(project.folder.join(MANIFEST)).unwrap_or_default();
    let Ok(json::Fields(fields)) = serde_json::from_str(&text) else {
        return Vec::new();
    };
    let unknown = fields.iter().filter(|(key, _)| !manifest::KEYS.contains(&key.as_str()));
    let hints = unknown.map(|(key, _)| (key, did_you_mean(key, manifest::KEYS.iter().copied())));
    hints
        .filter(|(_, hint)| !hint.is_empty())
        .map(|(key, hint)| format!("{key}: is not known{hint}"))
        .collect()
}

fn cases_of(project: &Project, _: &Limits) -> Option<Finding> {
    let what = project.shown(CASES);
    let result = match std::fs::read_to_string(project.folder.join(CASES)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => Result::Wrong(vec![format!("cannot be read: {error}")]),
        Ok(text) => match cases::parse(&text) {
            Ok(cases) => Result::Right(counted(cases.len(), "case")),
            Err(faults) => Result::Wrong(faults),
        },
    };
    Some(Finding { what, result })
}

async fn source_of(project: &Project, engine: &Engine, limits: &Limits) -> Option<Finding> {
    let (file, name) = project.source.as_ref()?;
    let started = Instant::now();
    let built = async {
        let module = match source::read(file, name, &project.folder)? {
            Code::Module(module) => module,
            Code::Source(source) => engine.build(&source, false).await?,
        };
        engine.load(&module)?;
        Ok::<_, source::Fault>(module)
    };
    let result = match built.await {
        Err(fault) => Result::Wrong(vec![fault.to_string()]),
        Ok(module) => {
            // It can be loaded, so it can be read.
            let memory = engine::inspect(&module).ok().and_then(|found| found.memory);
            let begins_with = memory.map_or(0, |memory| memory.bytes);
            match begins_with > limits.memory_bytes as u64 {
                true => Result::Wrong(vec![format!(
                    "begins with {begins_with} bytes of memory, more than the {} allowed",
                    limits.memory_bytes
                )]),
                false => Result::Right(format!(
                    "{} kB, built in {}",
                    module.len() / 1000,
                    time(started.elapsed())
                )),
            }
        }
    };
    Some(Finding {
        what: project.shown(name),
        result,
    })
}

fn types_of(project: &Project) -> Option<Finding> {
    // A module has none.
    let is_module = |(file, _): &(PathBuf, String)| source::has_extension(file, &["wasm"]);
    if project.source.as_ref().is_some_and(is_module) {
        return None;
    }
    let result = match tsc::check(&project.folder) {
        Types::Right => Result::Right(String::new()),
        Types::Unknown(why) => Result::Unknown(why),
        // A mistake begins in the first column; what explains it is indented.
        Types::Wrong(said) => Result::Wrong(said.lines().fold(Vec::new(), |mut all: Vec<String>, line| {
            match all.last_mut() {
                Some(last) if line.starts_with(char::is_whitespace) => {
                    last.push('\n');
                    last.push_str(line);
                }
                _ => all.push(line.to_owned()),
            }
            all
        })),
    };
    Some(Finding {
        what: "types".into(),
        result,
    })
}

/// `1 worker`, `2 workers`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_in_the_manifest_are_told_and_strange_keys_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = r#"{"name": "a", "descripton": "x", "limit": {}, "somethingElse": 1, "projectkey": ""}"#;
        std::fs::write(folder.path().join(MANIFEST), manifest).unwrap();
        let project = project::find(folder.path(), &crate::api::settings::Limits::default())
            .unwrap()
            .remove(0);
        assert_eq!(
            slips(&project),
            [
                "descripton: is not known (did you mean description?)",
                "limit: is not known (did you mean limits?)",
                "projectkey: is not known (did you mean projectKey?)",
            ]
        );
    }
}
