//! One worker of the registry.

use super::Fault;
use crate::admission::Conduct;
use crate::api::schedule::Schedule;
use crate::api::settings::{self, Settings};
use crate::context::Context;
use crate::manifest::GENERIC_EVENT;
use crate::store::{self, Definition};
use crate::workers::{self, State};
use engine::Worker;
use tokio::sync::OnceCell;

/// One worker.
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its project.
    pub project: Option<String>,
    /// The event that it is for.
    pub action: String,
    /// Whether it may be executed.
    pub enabled: bool,
    /// Whether every user may execute it.
    pub shared: bool,
    /// The version that is executed; a worker of the folder has none.
    pub version: Option<i64>,
    /// What it may use, and how it is treated.
    pub settings: Settings,
    /// When it runs by itself.
    pub schedule: Option<Schedule>,
    /// When it was made, in unix milliseconds.
    pub(super) created: i64,
    /// When it was last saved.
    pub changed: i64,
    /// The store's; differs after every write.
    pub(super) revision: Option<i64>,
    pub(super) ready: OnceCell<Ready>,
    /// How its executions went.
    pub conduct: Conduct,
}

/// What is needed to execute a worker.
pub struct Ready {
    /// Its code.
    pub worker: Worker,
    /// What it is granted.
    pub context: Context,
}

impl Entry {
    /// Whether it came from the folder, and cannot be changed.
    pub fn is_fixed(&self) -> bool {
        self.revision.is_none()
    }

    /// Whether it can be executed by name.
    pub fn is_generic(&self) -> bool {
        self.action == GENERIC_EVENT
    }

    /// A worker of the store.
    pub(super) fn stored(worker: &store::Worker) -> Result<Self, Fault> {
        let Definition {
            project,
            action,
            enabled,
            shared,
            filter,
            settings,
            ..
        } = &worker.definition;
        let settings = settings_of(&worker.key, settings)?;
        Ok(Self {
            key: worker.key.clone(),
            project: project.clone(),
            action: action.clone(),
            enabled: *enabled,
            shared: *shared,
            version: Some(worker.current.number),
            settings,
            schedule: filter.as_deref().and_then(Schedule::read),
            created: worker.created,
            changed: worker.changed,
            revision: Some(worker.revision),
            ready: OnceCell::new(),
            conduct: Conduct::default(),
        })
    }

    /// A worker of the folder.
    pub(super) fn fixed(key: String, worker: workers::Entry) -> Self {
        let (ready, enabled, action) = match worker.state {
            State::Ready(worker, context) => (Some(Ready { worker, context }), true, GENERIC_EVENT.into()),
            State::Disabled => (None, false, GENERIC_EVENT.into()),
            State::OtherAction(action) => (None, true, action),
        };
        Self {
            key,
            project: worker.project_key,
            action,
            enabled,
            shared: false,
            version: None,
            settings: Settings {
                limits: worker.limits,
                http_responses: worker.http_responses,
                ..Settings::default()
            },
            schedule: None,
            created: 0,
            changed: 0,
            revision: None,
            ready: OnceCell::new_with(ready),
            conduct: Conduct::default(),
        }
    }
}

fn settings_of(key: &str, document: &str) -> Result<Settings, Fault> {
    let read = settings::read(document);
    read.map_err(|problems| {
        Fault::Damaged(format!(
            "the settings of worker {key} cannot be read: {}",
            problems.join("; ")
        ))
    })
}
