//! Workers: list, get, make, change, delete.

use super::deployed::{definition, rendered};
use super::{Desk, done, in_folder, mistakes, style_of, unfit};
use crate::api::deploy::{self, Deploy, Purpose};
use crate::api::{Style, render};
use crate::data;
use crate::http::execute::{missing, stored};
use crate::http::reply::{self, Refusal, Reply};
use crate::identity::permission::{Operation, Target};
use crate::manifest::GENERIC_EVENT;
use crate::store::{self, Code, Mode, Save, WorkerFilter};
use hyper::StatusCode;

/// Read from the store at a time.
const PAGE: u32 = 500;

impl Desk<'_> {
    pub(super) async fn list(&self, style: Style) -> Result<Reply, Refusal> {
        let filter = WorkerFilter {
            action: self.asked("action"),
            project: self.asked("projectKey"),
            shared: false,
        };
        let keys_only = self.asked_switch("keysOnly")?;
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let page = self
                .service
                .store
                .workers(&filter, &after, PAGE)
                .await
                .map_err(stored)?;
            let full = page.len() == PAGE as usize;
            found.extend(page);
            match found.last() {
                Some(last) if full => after.clone_from(&last.key),
                _ => break,
            }
        }
        found.retain(|worker| self.may(Operation::Read, target_of(worker)));
        if keys_only {
            let keys = render::keys(found.iter().map(|worker| worker.key.as_str()));
            return Ok(reply::json(StatusCode::OK, keys));
        }
        let with_source = |worker| self.may(Operation::ReadSource, target_of(worker));
        let shown = found.iter().map(|worker| rendered(worker, with_source(worker)));
        Ok(style_of(style, |style| render::workers(shown, style)))
    }

    pub(super) async fn get(&self, style: Style, key: &str) -> Result<Reply, Refusal> {
        let entry = self.entry(Operation::Read, key)?;
        if entry.is_fixed() {
            return Err(in_folder(key));
        }
        let worker = self
            .service
            .store
            .worker(key)
            .await
            .map_err(stored)?
            .ok_or_else(|| missing(key))?;
        let with_source = self.may(Operation::ReadSource, target_of(&worker));
        Ok(style_of(style, |style| {
            render::worker(&rendered(&worker, with_source), style)
        }))
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
        let worker = self
            .service
            .store
            .worker(&key)
            .await
            .map_err(stored)?
            .ok_or_else(|| missing(&key))?;
        Ok(reply::json(
            StatusCode::CREATED,
            render::worker(&rendered(&worker, true), style),
        ))
    }

    pub(super) async fn update(&self, body: &[u8]) -> Result<Reply, Refusal> {
        let deploy = deploy::parse(body, Purpose::Update, &self.registry.maxima()).map_err(mistakes)?;
        let key = &deploy.key;
        let entry = self.own_entry(Operation::Update, key)?;
        if entry.project.is_none() && deploy.project_key.is_some() {
            // It moves into a project, which is as making one there.
            let asked = Target {
                project: deploy.project_key.as_deref(),
                shared: false,
            };
            self.permit(Operation::Create, asked, key)?;
        }
        let before = self
            .service
            .store
            .worker(key)
            .await
            .map_err(stored)?
            .ok_or_else(|| missing(key))?;
        self.permit(Operation::Update, target_of(&before), key)?;
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
        let scheduled = definition.enabled && definition.action != GENERIC_EVENT;
        let due = scheduled.then(|| {
            deploy
                .filter_criteria
                .as_ref()
                .and_then(|it| it.next_after(data::now()))
        });
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
            code: deploy
                .source_code
                .map(|source| (Code::Source(source, None), deploy.version)),
            secrets: deploy.secrets,
            by: &self.caller.subject,
            now: data::now(),
        };
        let saved = self.service.store.save(save).await.map_err(|error| match error {
            store::Error::Exists => exists(&key),
            error => stored(error),
        })?;
        // A save that says nothing of the schedule leaves it.
        if let Some(due) = due.map_or(Some(None), |due| due.map(Some)) {
            self.service.store.set_schedule(&key, due).await.map_err(stored)?;
        }
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

fn target_of(worker: &store::Worker) -> Target<'_> {
    let definition = &worker.definition;
    Target {
        project: definition.project.as_deref(),
        shared: definition.shared && definition.action == GENERIC_EVENT,
    }
}
