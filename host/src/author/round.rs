//! One time through the cases and the own tests of workers, each in a fresh sandbox with the limits of its worker.

use super::cases::{self, Case};
use super::compare::differences;
use super::project::{self, CASES, Part, Project};
use super::report::{Group, Tested, Verdict, log_line};
use super::suite;
use super::test::Options;
use super::update::{self, changed, updated};
use crate::context::Gate;
use crate::settings::author::Author;
use crate::{console, source};
use anyhow::Context;
use engine::{Engine, Limits, Payload, Request, Texts, Worker};

/// What it takes.
pub struct Round<'a> {
    /// Builds and runs.
    pub engine: &'a Engine,
    /// The way outside.
    pub gate: &'a Gate,
    /// The settings.
    pub settings: &'a Author,
    /// What is asked for.
    pub options: &'a Options,
}

impl Round<'_> {
    /// Runs everything of these projects that is meant.
    pub async fn run(&self, projects: &[Project]) -> anyhow::Result<Vec<Group>> {
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
