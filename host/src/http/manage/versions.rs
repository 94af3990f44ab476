//! Versions of a worker's code, and modules that come ready.

use super::{Desk, done, in_folder, unfit, wrong};
use crate::api::render;
use crate::data;
use crate::http::execute::{missing, stored};
use crate::http::reply::{self, Refusal, Reply};
use crate::identity::permission::Operation;
use crate::manifest::GENERIC_EVENT;
use crate::store::{Code, Definition, Labels, Mode, Save, VERSIONS_KEPT, Version};
use bytes::Bytes;
use hyper::StatusCode;

impl Desk<'_> {
    pub(super) async fn versions(&self, key: &str) -> Result<Reply, Refusal> {
        let entry = self.own_entry(Operation::ReadSource, key)?;
        let versions = self
            .service
            .store
            .versions(key, None, VERSIONS_KEPT)
            .await
            .map_err(stored)?;
        let shown = versions.iter().map(|version| render::Version {
            source: None,
            ..rendered(version, entry.version)
        });
        Ok(reply::json(StatusCode::OK, render::versions(shown)))
    }

    pub(super) async fn version(&self, key: &str, number: &str) -> Result<Reply, Refusal> {
        let entry = self.own_entry(Operation::ReadSource, key)?;
        let version = self.stored_version(key, number).await?;
        Ok(reply::json(
            StatusCode::OK,
            render::version(&rendered(&version, entry.version)),
        ))
    }

    pub(super) async fn roll_back(&self, key: &str, number: &str) -> Result<Reply, Refusal> {
        self.own_entry(Operation::Update, key)?;
        let version = self.stored_version(key, number).await?;
        let worker = match (&version.source, &version.module) {
            (Some(source), _) => self.registry.build(source).await.map_err(unfit)?,
            (None, Some(hash)) => {
                let module = self.service.store.module(key, hash).await.map_err(stored)?;
                let module = module.ok_or_else(|| wrong(format!("The module of version {number} is damaged")))?;
                self.registry.load_module(module).await.map_err(unfit)?
            }
            (None, None) => return Err(wrong(format!("Version {number} has no code any more"))),
        };
        let by = &self.caller.subject;
        let saved = self
            .service
            .store
            .roll_back(key, version.number, None, by, data::now())
            .await
            .map_err(stored)?;
        self.registry
            .saved(key, Some((saved.revision, worker)))
            .await
            .map_err(unfit)?;
        let version = self.stored_version(key, &saved.version.to_string()).await?;
        Ok(reply::json(
            StatusCode::OK,
            render::version(&rendered(&version, Some(saved.version))),
        ))
    }

    async fn stored_version(&self, key: &str, number: &str) -> Result<Version, Refusal> {
        let parsed: i64 = number
            .parse()
            .map_err(|_| wrong("The number of a version is a whole number"))?;
        let version = self.service.store.version(key, parsed).await.map_err(stored)?;
        version.ok_or_else(|| {
            Refusal::new(
                StatusCode::NOT_FOUND,
                format!("The worker {key} has no version {parsed}"),
            )
        })
    }

    /// A new version of a worker that is there; else a worker that is made of it.
    pub(super) async fn upload(&self, key: &str, module: Bytes) -> Result<Reply, Refusal> {
        let before = self.registry.get(key);
        match &before {
            Some(entry) if entry.is_fixed() => return Err(in_folder(key)),
            Some(_) => _ = self.entry(Operation::Update, key)?,
            None => self.permit(Operation::Create, crate::identity::permission::Target::default(), key)?,
        }
        let worker = self.registry.load_module(module.to_vec()).await.map_err(unfit)?;
        let (mode, definition) = match before {
            Some(_) => {
                let stored = self.service.store.worker(key).await.map_err(stored)?;
                (Mode::Update(None), stored.ok_or_else(|| missing(key))?.definition)
            }
            None => (Mode::Create, new_definition()),
        };
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
}

fn new_definition() -> Definition {
    Definition {
        project: None,
        application: crate::api::action::APPLICATION.into(),
        action: GENERIC_EVENT.into(),
        description: String::new(),
        enabled: true,
        debug: false,
        shared: false,
        filter: None,
        settings: "{}".into(),
    }
}

fn rendered(version: &Version, current: Option<i64>) -> render::Version<'_> {
    render::Version {
        number: version.number,
        source: version.source.as_deref(),
        module: version.module.as_deref(),
        labels: &version.labels,
        copy_of: version.copy_of,
        created: version.created,
        created_by: &version.created_by,
        current: Some(version.number) == current,
    }
}
