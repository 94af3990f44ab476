//! `host test`: the cases and the own tests of workers, each in a fresh sandbox with the limits of the worker.

use super::cases::{self, Case};
use super::compare::differences;
use super::paint::{Look, Paint};
use super::project::{self, CASES, Part, Project};
use super::report::{Group, Tally, Tested, Verdict, log_line};
use super::update::{self, changed, updated};
use super::watch::Seen;
use super::{junit, suite};
use crate::cli::FAILED;
use crate::context::Gate;
use crate::settings::author::Author;
use crate::{build, console, source};
use anyhow::Context;
use engine::{Engine, Limits, Payload, Request, Texts, Worker};
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

/// One time through everything.
struct Round<'a> {
    engine: &'a Engine,
    gate: &'a Gate,
    settings: &'a Author,
    options: &'a Options,
}

impl Round<'_> {
    async fn run(&self, projects: &[Project]) -> anyhow::Result<Vec<Group>> {
        let mut groups = Vec::new();
        for project in projects {
            if let Some(Err(faults)) = &project.manifest {
                let mut group = Group::begin(&project.name(), project.shown(project::MANIFEST))?;
                group.break_off(&faults.join("\n"))?;
                groups.push(group);
                continue;
            }
            if !matches!(project.part, Part::Suite(_)) {
                groups.extend(self.cases(project).await?);
            }
            let suites = match &project.part {
                Part::Whole => project.files("test"),
                Part::Cases => Vec::new(),
                Part::Suite(file) => vec![file.clone()],
            };
            for file in suites {
                groups.push(self.suite(project, &file).await?);
            }
            self.remark(project);
        }
        Ok(groups)
    }

    /// The cases of a worker, if there are any.
    async fn cases(&self, project: &Project) -> anyhow::Result<Option<Group>> {
        let file = project.folder.join(CASES);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        let mut group = Group::begin(&project.name(), project.shown(CASES))?;
        let cases = match cases::parse(&text) {
            Ok(cases) => cases,
            Err(faults) => {
                group.break_off(&faults.join("\n"))?;
                return Ok(Some(group));
            }
        };
        let Some((source, name)) = &project.source else {
            group.break_off(&"there is no source to run them with: name one, or write a manifest.json")?;
            return Ok(Some(group));
        };
        let loaded = async { source::load(self.engine, source::read(source, name, &project.folder)?).await };
        let worker = match loaded.await {
            Ok(worker) => worker,
            Err(fault) => {
                group.break_off(&fault)?;
                return Ok(Some(group));
            }
        };
        let mut changes = Vec::new();
        for case in cases.iter().filter(|case| self.is_meant(&case.name)) {
            let (tested, change) = self.case(project, &worker, &text, case).await?;
            changes.extend(change);
            group.add(tested)?;
        }
        if !changes.is_empty() {
            let now = changed(&text, changes);
            std::fs::write(&file, now).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(Some(group))
    }

    async fn case(
        &self,
        project: &Project,
        worker: &Worker,
        text: &str,
        case: &Case,
    ) -> anyhow::Result<(Tested, Option<update::Change>)> {
        let limits = self.limits(project);
        let payload = match Payload::parse(case.payload.clone().into(), limits.payload_bytes) {
            Ok(payload) => payload,
            Err(error) => return Ok((Tested::new(case.name.clone(), Verdict::Failed(error.to_string())), None)),
        };
        let request = Request {
            payload,
            ..self.request(project, &limits, case)
        };
        let execution = self.engine.run(worker, request, std::future::pending()).await?;
        let wrong = differences(case, &execution, &limits);
        let (verdict, change) = match (wrong.is_empty(), self.options.update) {
            (true, _) => (Verdict::Passed, None),
            (false, true) => (Verdict::Updated, Some(updated(text, case, &execution))),
            (false, false) => (Verdict::Failed(wrong.join("\n\n")), None),
        };
        let tested = Tested {
            time: execution.usage.wall,
            logs: execution.logs.lines().iter().map(log_line).collect(),
            ..Tested::new(case.name.clone(), verdict)
        };
        Ok((tested, change))
    }

    /// The tests of one file.
    async fn suite(&self, project: &Project, file: &str) -> anyhow::Result<Group> {
        let mut group = Group::begin(&project.name(), project.shown(file))?;
        let worker = match self.engine.make(&suite::source(&project.folder, file)).await {
            Ok(worker) => worker,
            Err(fault) => {
                group.break_off(&suite::unbuilt(&fault))?;
                return Ok(group);
            }
        };
        let mut limits = self.limits(project);
        // What a test returns is not the worker's.
        limits.output_bytes = limits.output_bytes.max(Limits::default().output_bytes);
        let request = || self.request(project, &limits, &Case::nothing());
        let declared = match suite::declared(self.engine, &worker, request()).await? {
            Ok(declared) => declared,
            Err(fault) => {
                group.break_off(&fault)?;
                return Ok(group);
            }
        };
        if declared.is_empty() {
            group.break_off(&"it declares no test: call test() or it() of node:test")?;
        }
        for (number, test) in declared
            .iter()
            .enumerate()
            .filter(|(_, test)| self.is_meant(&test.name))
        {
            group.add(suite::run(self.engine, &worker, number, test, request()).await?)?;
        }
        Ok(group)
    }

    fn is_meant(&self, name: &str) -> bool {
        self.options.filter.as_ref().is_none_or(|text| name.contains(text))
    }

    fn limits(&self, project: &Project) -> Limits {
        let asked = project.manifest().map(|manifest| manifest.limits).unwrap_or_default();
        self.settings.limits.within(&asked)
    }

    /// All but the payload.
    fn request(&self, project: &Project, limits: &Limits, case: &Case) -> Request {
        let (allowed, mut properties) = match project.manifest() {
            Some(manifest) => (manifest.allowed.clone(), manifest.properties.clone()),
            None => Default::default(),
        };
        let over = |texts: &mut Texts, more: &Texts| texts.extend(more.clone());
        over(&mut properties, &self.settings.properties);
        over(&mut properties, &case.properties);
        let mut secrets = self.settings.secrets.clone();
        over(&mut secrets, &case.secrets);
        let context = self.gate.context(allowed, properties, secrets);
        context.set_state(case.state.clone());
        Request {
            payload: Payload::default(),
            environment: vec![("WORKER_KEY".to_owned(), project.name())],
            limits: limits.clone(),
            grants: self.gate.grants(&context, 0),
        }
    }

    /// What is left alone, and why.
    fn remark(&self, project: &Project) {
        let specs = project.files("spec");
        if project.part == Part::Whole && !specs.is_empty() {
            console::err(format_args!(
                "{}: left alone: *.spec.* files are Jest's; run them with npm test, or write *.test.ts with node:test",
                specs
                    .iter()
                    .map(|file| project.shown(file))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
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
