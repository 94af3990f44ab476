//! Versions of a worker's code, and modules that come ready.

use super::{Desk, done, unfit, wrong};
use crate::api::action::{APPLICATION, Action};
use crate::api::render;
use crate::data;
use crate::http::refusals::stored;
use crate::http::reply::{self, Refusal, Reply};
use crate::identity::permission::{Operation, Target};
use crate::identity::scope::valid_project_key;
use crate::store::{Code, Definition, Labels, Mode, Save, VERSIONS_KEPT, Version};
use bytes::Bytes;
use hyper::StatusCode;

impl Desk<'_> {
    pub(super) async fn versions(&self, key: &str) -> Result<Reply, Refusal> {
        let worker = self.stored(Operation::ReadSource, key).await?;
        let versions = self.service.store.versions(key, None, VERSIONS_KEPT).await;
        let versions = versions.map_err(stored)?;
        let shown = versions.iter().map(|stored| render::Version {
            stored,
            whole: false,
            current: stored.number == worker.current.number,
        });
        Ok(reply::json(StatusCode::OK, render::versions(shown)))
    }

    pub(super) async fn version(&self, key: &str, number: &str) -> Result<Reply, Refusal> {
        let worker = self.stored(Operation::ReadSource, key).await?;
        let version = self.stored_version(key, number_of(number)?).await?;
        let current = version.number == worker.current.number;
        Ok(shown(&version, current))
    }

    pub(super) async fn roll_back(&self, key: &str, number: &str) -> Result<Reply, Refusal> {
        let before = self.stored(Operation::Update, key).await?;
        let version = self.stored_version(key, number_of(number)?).await?;
        let worker = match (&version.source, &version.module) {
            (Some(source), _) => self.registry.build(source).await.map_err(unfit)?,
            (None, Some(hash)) => {
                let module = self.service.store.module(key, hash).await.map_err(stored)?;
                let module = module.ok_or_else(|| wrong(format!("The module of version {number} is damaged")))?;
                self.registry.load_module(module).await.map_err(unfit)?
            }
            (None, None) => return Err(wrong(format!("Version {number} has no code any more"))),
        };
        let (store, by) = (&self.service.store, &self.caller.subject);
        let saved = store
            .roll_back(key, before.revision, version.number, by, data::now())
            .await;
        let saved = saved.map_err(stored)?;
        let code = Some((saved.revision, worker));
        self.registry.saved(key, code).await.map_err(unfit)?;
        Ok(shown(&self.stored_version(key, saved.version).await?, true))
    }

    async fn stored_version(&self, key: &str, number: i64) -> Result<Version, Refusal> {
        let version = self.service.store.version(key, number).await.map_err(stored)?;
        let missing = || format!("The worker {key} has no version {number}");
        version.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, missing()))
    }

    /// Lets the caller upload a module for the worker of this key, as far as this host knows it now.
    pub(super) fn permit_upload(&self, key: &str) -> Result<(), Refusal> {
        if self.registry.get(key).is_some() {
            return self.own_entry(Operation::Update, key).map(drop);
        }
        let project = self.asked("projectKey");
        let asked = Target {
            project: project.as_deref(),
            shared: false,
        };
        // Who may not make one gets the answer for a worker that is not seen: which there are is not told.
        self.permit(Operation::Update, asked, key)?;
        self.permit(Operation::Create, asked, key)?;
        self.new_definition().map(drop)
    }

    /// A new version of a worker that is there; else a worker that is made of it, as the query wants it: `projectKey`,
    /// `action` and `enabled`.
    pub(super) async fn upload(&self, key: &str, module: Bytes) -> Result<Reply, Refusal> {
        let (mode, definition) = if self.registry.get(key).is_some() {
            let before = self.stored(Operation::Update, key).await?;
            (Mode::Update(Some(before.revision)), before.definition)
        } else {
            self.permit_upload(key)?;
            (Mode::Create, self.new_definition()?)
        };
        let worker = self.registry.load_module(module.to_vec()).await.map_err(unfit)?;
        let created = mode == Mode::Create;
        let save = Save {
            key,
            mode,
            definition,
            code: Some((Code::Module(module.to_vec()), Labels::default())),
            secrets: Vec::new(),
            by: &self.caller.subject,
            now: data::now(),
        };
        let saved = self.service.store.save(save).await.map_err(stored)?;
        let code = Some((saved.revision, worker));
        self.registry.saved(key, code).await.map_err(unfit)?;
        Ok(if created {
            reply::empty(StatusCode::CREATED)
        } else {
            done()
        })
    }

    /// Of a worker that is made of a module; the other fields are for a save without a source.
    fn new_definition(&self) -> Result<Definition, Refusal> {
        let project = self.asked("projectKey");
        if let Some(project) = project.as_deref().filter(|project| !valid_project_key(project)) {
            return Err(wrong(format!("projectKey: {project:?} is not the key of a project")));
        }
        let action = match self.asked("action") {
            None => Action::Generic,
            Some(name) => {
                Action::named(&name).ok_or_else(|| wrong("action: expected GENERIC_EVENT or SCHEDULED_EVENT"))?
            }
        };
        let enabled = self.asked("enabled").is_none() || self.asked_switch("enabled")?;
        if enabled && action == Action::Scheduled {
            return Err(wrong(
                "enabled: expected false, as a SCHEDULED_EVENT has no schedule before it is saved with one",
            ));
        }
        Ok(Definition {
            project,
            application: APPLICATION.into(),
            action: action.name().into(),
            description: String::new(),
            enabled,
            debug: false,
            shared: false,
            filter: None,
            settings: "{}".into(),
        })
    }
}

fn number_of(segment: &str) -> Result<i64, Refusal> {
    segment
        .parse()
        .map_err(|_| wrong("The number of a version is a whole number"))
}

fn shown(stored: &Version, current: bool) -> Reply {
    let version = render::Version {
        stored,
        whole: true,
        current,
    };
    reply::json(StatusCode::OK, render::version(&version))
}
