//! Workers and versions as JSON. Values of secrets are not among what comes in here, so they cannot go out.

use super::action::written;
use super::{Style, json};
use crate::store::{self, Labels};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A worker to be shown.
#[derive(Clone, Copy)]
pub struct Worker<'a> {
    /// As the store has it.
    pub stored: &'a store::Worker,
    /// Whether with its source, its settings and the names of its secrets.
    pub whole: bool,
}

/// A version to be shown.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    /// As the store has it.
    pub stored: &'a store::Version,
    /// Whether with its source.
    pub whole: bool,
    /// Whether it is the one that is executed.
    pub current: bool,
}

/// A worker: `{key, description, enabled, debug, sourceCode?, action, filterCriteria?, secrets:[{key}], projectKey,
/// version:{commitSha, description, versionNumber}}`, and of ours `shared, settings, versionNumber, revision, created,
/// createdBy, changed, changedBy`. `projectKey` is empty when there is none.
pub fn worker(worker: &Worker<'_>, style: Style) -> String {
    json(&WorkerBody::of(worker, style))
}

/// Several workers: `{"workers":[…]}`.
pub fn workers<'a>(workers: impl IntoIterator<Item = Worker<'a>>, style: Style) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        workers: Vec<WorkerBody<'a>>,
    }
    let workers = workers.into_iter().map(|worker| WorkerBody::of(&worker, style));
    json(&List {
        workers: workers.collect(),
    })
}

/// Their keys alone: `{"keys":["…"]}`.
pub fn keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        keys: Vec<&'a str>,
    }
    json(&List {
        keys: keys.into_iter().collect(),
    })
}

/// A version: `{number, current, sourceCode?, module?, version:{…}, copyOf?, created, createdBy}`.
pub fn version(version: &Version<'_>) -> String {
    json(&VersionBody::of(version))
}

/// Several versions: `{"versions":[…]}`.
pub fn versions<'a>(versions: impl IntoIterator<Item = Version<'a>>) -> String {
    #[derive(Serialize)]
    struct List<'a> {
        versions: Vec<VersionBody<'a>>,
    }
    let versions = versions.into_iter().map(|version| VersionBody::of(&version));
    json(&List {
        versions: versions.collect(),
    })
}

/// A text that ought to be JSON, embedded as it is; as a JSON string when it is not, for it may have been cut.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Embedded<'a> {
    Document(&'a RawValue),
    Text(&'a str),
}

impl<'a> Embedded<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        serde_json::from_str(text).map_or(Self::Text(text), Self::Document)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkerBody<'a> {
    key: &'a str,
    description: &'a str,
    enabled: bool,
    debug: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_code: Option<&'a str>,
    action: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_criteria: Option<Embedded<'a>>,
    secrets: Vec<Secret<'a>>,
    project_key: &'a str,
    version: LabelsBody<'a>,
    shared: bool,
    settings: Embedded<'a>,
    version_number: i64,
    revision: i64,
    created: i64,
    created_by: &'a str,
    changed: i64,
    changed_by: &'a str,
}

#[derive(Serialize)]
struct Secret<'a> {
    key: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LabelsBody<'a> {
    commit_sha: &'a str,
    description: &'a str,
    version_number: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionBody<'a> {
    number: i64,
    current: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    version: LabelsBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_of: Option<i64>,
    created: i64,
    created_by: &'a str,
}

impl<'a> WorkerBody<'a> {
    fn of(worker: &Worker<'a>, style: Style) -> Self {
        let stored = worker.stored;
        let (definition, current) = (&stored.definition, &stored.current);
        let secrets = stored.secrets.iter().filter(|_| worker.whole);
        Self {
            key: &stored.key,
            description: &definition.description,
            enabled: definition.enabled,
            debug: definition.debug,
            source_code: current.source.as_deref().filter(|_| worker.whole),
            action: written(style, &definition.application, &definition.action),
            filter_criteria: definition.filter.as_deref().map(Embedded::of),
            secrets: secrets.map(|key| Secret { key }).collect(),
            project_key: definition.project.as_deref().unwrap_or_default(),
            version: LabelsBody::of(&current.labels),
            shared: definition.shared,
            settings: Embedded::of(if worker.whole { &definition.settings } else { "{}" }),
            version_number: current.number,
            revision: stored.revision,
            created: stored.created,
            created_by: &stored.created_by,
            changed: stored.changed,
            changed_by: &stored.changed_by,
        }
    }
}

impl<'a> LabelsBody<'a> {
    fn of(labels: &'a Labels) -> Self {
        Self {
            commit_sha: &labels.commit_sha,
            description: &labels.description,
            version_number: &labels.version_number,
        }
    }
}

impl<'a> VersionBody<'a> {
    fn of(version: &Version<'a>) -> Self {
        let stored = version.stored;
        Self {
            number: stored.number,
            current: version.current,
            source_code: stored.source.as_deref().filter(|_| version.whole),
            module: stored.module.as_deref(),
            version: LabelsBody::of(&stored.labels),
            copy_of: stored.copy_of,
            created: stored.created,
            created_by: &stored.created_by,
        }
    }
}

#[cfg(test)]
mod tests;
