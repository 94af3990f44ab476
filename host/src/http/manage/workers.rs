//! Workers: list, get, make, change, delete.

use super::deployed::definition;
use super::{Desk, done, in_folder, mistakes, target_of, unfit};
use crate::api::deploy::{self, Deploy, Purpose};
use crate::api::{Style, render};
use crate::data;
use crate::http::refusals::{missing, stored};
use crate::http::reply::{self, Refusal, Reply};
use crate::identity::permission::{Operation, Target};
use crate::store::{self, Code, Mode, Save, WorkerFilter};
use hyper::StatusCode;

impl Desk<'_> {
    pub(super) async fn list(&self, style: Style) -> Result<Reply, Refusal> {
        self.permit_list(Operation::Read)?;
        let filter = WorkerFilter {
            action: self.asked("action"),
            project: self.asked("projectKey"),
            shared: false,
        };
        let keys_only = self.asked_switch("keysOnly")?;
        let mut found = self.service.store.all_workers(&filter).await.map_err(stored)?;
        found.retain(|worker| self.may(Operation::Read, target_of(worker)));
        if keys_only {
            let keys = render::keys(found.iter().map(|worker| worker.key.as_str()));
            return Ok(reply::json(StatusCode::OK, keys));
        }
        let shown = found.iter().map(|stored| self.shown(stored));
        Ok(reply::json(StatusCode::OK, render::workers(shown, style)))
    }

    pub(super) async fn get(&self, style: Style, key: &str) -> Result<Reply, Refusal> {
        let stored = self.stored(Operation::Read, key).await?;
        Ok(reply::json(StatusCode::OK, render::worker(&self.shown(&stored), style)))
    }

    /// With its source, settings and the names of its secrets only for who may see them.
    fn shown<'a>(&self, stored: &'a store::Worker) -> render::Worker<'a> {
        let whole = self.may(Operation::ReadSource, target_of(stored));
        render::Worker { stored, whole }
    }

    pub(super) async fn create(&self, style: Style, body: &[u8]) -> Result<Reply, Refusal> {
        let deploy = deploy::parse(body, Purpose::Create, &self.registry.maxima()).map_err(mistakes)?;
        let asked = Target {
            project: deploy.project_key.as_deref(),
            shared: false,
        };
        self.permit(Operation::Create, asked, &deploy.key)?;
        match self.registry.get(&deploy.key) {
            Some(entry) if entry.is_fixed() => return Err(in_folder(&deploy.key)),
            Some(_) => return Err(exists(&deploy.key)),
            None => {}
        }
        let key = deploy.key.clone();
        self.save(deploy, None).await?;
        let stored = self.stored(Operation::Read, &key).await?;
        Ok(reply::json(
            StatusCode::CREATED,
            render::worker(&self.shown(&stored), style),
        ))
    }

    pub(super) async fn update(&self, body: &[u8]) -> Result<Reply, Refusal> {
        let deploy = deploy::parse(body, Purpose::Update, &self.registry.maxima()).map_err(mistakes)?;
        let before = self.stored(Operation::Update, &deploy.key).await?;
        if before.definition.project.is_none() && deploy.project_key.is_some() {
            // It moves into a project, which is as making one there.
            let asked = Target {
                project: deploy.project_key.as_deref(),
                shared: false,
            };
            self.permit(Operation::Create, asked, &deploy.key)?;
        }
        self.save(deploy, Some(&before)).await?;
        Ok(done())
    }

    /// Builds, writes and takes up.
    async fn save(&self, deploy: Deploy, before: Option<&store::Worker>) -> Result<(), Refusal> {
        let built = match &deploy.source_code {
            Some(source) => Some(self.registry.build(source).await.map_err(unfit)?),
            None => None,
        };
        let definition = definition(&deploy, before).map_err(mistakes)?;
        let key = deploy.key;
        let mode = match before {
            None => Mode::Create,
            // What the caller may do was looked up for the worker as it was then.
            Some(before) => Mode::Update(Some(before.revision)),
        };
        let save = Save {
            key: &key,
            mode,
            definition,
            code: deploy.source_code.map(|source| (Code::Source(source), deploy.version)),
            secrets: deploy.secrets,
            by: &self.caller.subject,
            now: data::now(),
        };
        let saved = self.service.store.save(save).await.map_err(|error| match error {
            store::Error::Exists => exists(&key),
            error => stored(error),
        })?;
        let built = built.map(|worker| (saved.revision, worker));
        self.registry.saved(&key, built).await.map_err(unfit)
    }

    pub(super) async fn delete(&self, key: &str) -> Result<Reply, Refusal> {
        self.own_entry(Operation::Delete, key)?;
        match self.service.store.delete(key).await {
            Ok(()) => {}
            // Somebody else was first.
            Err(store::Error::NotFound) => return Err(missing(key)),
            Err(error) => return Err(stored(error)),
        }
        self.registry.saved(key, None).await.map_err(unfit)?;
        Ok(done())
    }
}

fn exists(key: &str) -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        format!("There is a worker {key} already: use PUT to change it"),
    )
}
