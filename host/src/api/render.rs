//! Workers and versions as JSON. Values of secrets are not among what comes in here, so they cannot go out.

use super::action::written;
use super::deploy::Labels;
use super::{Style, json};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A worker, as the store has it.
#[derive(Clone, Copy, Debug)]
pub struct Worker<'a> {
    /// Its key.
    pub key: &'a str,
    /// Of its action.
    pub application: &'a str,
    /// The name of its action.
    pub action: &'a str,
    /// For people.
    pub description: &'a str,
    /// Whether it may be executed.
    pub enabled: bool,
    /// Whether it is being debugged.
    pub debug: bool,
    /// Whether everybody may execute it.
    pub shared: bool,
    /// Absent for an uploaded module.
    pub source: Option<&'a str>,
    /// A JSON document.
    pub filter: Option<&'a str>,
    /// A JSON document.
    pub settings: &'a str,
    /// Its project.
    pub project: Option<&'a str>,
    /// The names of its secrets.
    pub secrets: &'a [String],
    /// Of the version that is executed.
    pub labels: &'a Labels,
    /// The number of the version that is executed.
    pub version: i64,
    /// Differs after every write.
    pub revision: i64,
    /// Unix milliseconds, as all times here.
    pub created: i64,
    /// By whom.
    pub created_by: &'a str,
    /// When it was last saved.
    pub changed: i64,
    /// By whom.
    pub changed_by: &'a str,
}

/// A version, as the store has it.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// Counts from 1.
    pub number: i64,
    /// Absent for an uploaded module, and in lists.
    pub source: Option<&'a str>,
    /// The BLAKE3 hash of the module in hexadecimal digits; absent when it has to be built.
    pub module: Option<&'a str>,
    /// What the author says of it.
    pub labels: &'a Labels,
    /// The version that this one went back to.
    pub copy_of: Option<i64>,
    /// When it was made.
    pub created: i64,
    /// By whom.
    pub created_by: &'a str,
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
        Self {
            key: worker.key,
            description: worker.description,
            enabled: worker.enabled,
            debug: worker.debug,
            source_code: worker.source,
            action: written(style, worker.application, worker.action),
            filter_criteria: worker.filter.map(Embedded::of),
            secrets: worker.secrets.iter().map(|key| Secret { key }).collect(),
            project_key: worker.project.unwrap_or_default(),
            version: LabelsBody::of(worker.labels),
            shared: worker.shared,
            settings: Embedded::of(worker.settings),
            version_number: worker.version,
            revision: worker.revision,
            created: worker.created,
            created_by: worker.created_by,
            changed: worker.changed,
            changed_by: worker.changed_by,
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
        Self {
            number: version.number,
            current: version.current,
            source_code: version.source,
            module: version.module,
            version: LabelsBody::of(version.labels),
            copy_of: version.copy_of,
            created: version.created,
            created_by: version.created_by,
        }
    }
}

#[cfg(test)]
mod tests;
