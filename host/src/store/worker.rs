//! Workers: saved whole, with the new version and the secrets in one transaction, or not at all.

use super::change::Change;
use super::sql::{args, one, run};
use super::version::{Code, Labels, Version};
use super::{Error, Result, SecretChange, Store, no_nul};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row};
use std::collections::BTreeMap;

/// What a save says of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Once it has one, a worker keeps it: `None` leaves it, another one is `Invalid`.
    pub project: Option<String>,
    /// The application that the action belongs to.
    pub application: String,
    /// The name of the action.
    pub action: String,
    /// For people.
    pub description: String,
    /// Whether it may be executed.
    pub enabled: bool,
    /// Whether it is being debugged.
    pub debug: bool,
    /// Whether everybody may execute it.
    pub shared: bool,
    /// A JSON document.
    pub filter: Option<String>,
    /// A JSON document: limits, allowed hosts, properties, switches.
    pub settings: String,
}

/// A worker as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its key.
    pub key: String,
    /// What the last save said.
    pub definition: Definition,
    /// The version that is executed.
    pub current: Version,
    /// The names of its secrets.
    pub secrets: Vec<String>,
    /// Differs after every write of it, also of a worker that was deleted and made again.
    pub revision: i64,
    /// When it was made.
    pub created: i64,
    /// By whom.
    pub created_by: String,
    /// When it was last saved.
    pub changed: i64,
    /// By whom.
    pub changed_by: String,
}

/// Whether a save expects the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `Exists` if it is there.
    Create,
    /// `NotFound` if it is not, and `Changed` if the caller read another revision than the one given.
    Update(Option<i64>),
}

/// A save.
pub struct Save<'a> {
    /// The worker's key.
    pub key: &'a str,
    /// Whether it is there.
    pub mode: Mode,
    /// What becomes of it.
    pub definition: Definition,
    /// A new version; an update can do without.
    pub code: Option<(Code, Labels)>,
    /// Removals are done first, whatever their place.
    pub secrets: Vec<SecretChange>,
    /// Who saves.
    pub by: &'a str,
    /// The time.
    pub now: i64,
}

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The worker's revision.
    pub revision: i64,
    /// The number of its current version.
    pub version: i64,
}

/// Which workers to list. What is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct WorkerFilter {
    /// Those of this action.
    pub action: Option<String>,
    /// Those of this project.
    pub project: Option<String>,
    /// Only those shared.
    pub shared: bool,
}

const SELECT: &str = "SELECT w.key, w.project, w.application, w.action, w.description, w.enabled, w.debug, w.shared,
    w.filter, w.settings, w.revision, w.created, w.created_by, w.changed, w.changed_by,
    v.number AS v_number, v.source AS v_source, v.module AS v_module,
    v.commit_sha AS v_commit_sha, v.description AS v_description, v.label AS v_label, v.copy_of AS v_copy_of,
    v.created AS v_created, v.created_by AS v_created_by
    FROM worker w JOIN version v ON v.worker = w.key AND v.number = w.version ";

impl Store {
    /// Saves a worker.
    pub async fn save(&self, save: Save<'_>) -> Result<Saved> {
        let Save {
            key,
            mode,
            definition: it,
            code,
            secrets,
            by,
            now,
        } = save;
        no_nul([key, by, &it.description, &it.settings, &it.application, &it.action])?;
        no_nul(it.filter.iter().chain(&it.project).map(String::as_str))?;
        let code = match code {
            Some((code, labels)) => Some(code.pack(labels).await?),
            None if mode == Mode::Create => return Err(Error::Invalid("a new worker needs code".into())),
            None => None,
        };
        self.within(async {
            let mut write = self.begin().await?;
            let revision = write.revision;
            let connection = &mut *write.transaction;
            let (sql, version) = match mode {
                Mode::Create => (INSERT, 1),
                Mode::Update(expected) => {
                    let (version, project, found) = head(connection, key).await?;
                    if expected.is_some_and(|expected| expected != found) {
                        return Err(Error::Changed);
                    }
                    if project.is_some() && it.project.is_some() && project != it.project {
                        return Err(Error::Invalid("the project of a worker cannot be changed".into()));
                    }
                    (UPDATE, version + i64::from(code.is_some()))
                }
            };
            let (enabled, debug, shared) = (i64::from(it.enabled), i64::from(it.debug), i64::from(it.shared));
            let arguments = args![
                key,
                &it.project,
                &it.application,
                &it.action,
                &it.description,
                enabled,
                debug,
                shared,
                &it.filter,
                &it.settings,
                version,
                revision,
                now,
                by
            ];
            forget_other_schedule(connection, key, &it).await?;
            run(&mut *connection, sql, arguments).await?;
            if let Some(code) = &code {
                code.insert(connection, key, version, by, now).await?;
            }
            self.apply_secrets(connection, key, &secrets, now).await?;
            write.changed(&Change::Worker(key.to_owned())).await?;
            let revision = write.commit().await?;
            Ok(Saved { revision, version })
        })
        .await
    }

    /// Deletes a worker with its versions, secrets and state. Its history stays.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.within(async {
            let mut write = self.begin().await?;
            let deleted = run(&mut *write.transaction, "DELETE FROM worker WHERE key = $1", args![key]).await?;
            if deleted == 0 {
                return Err(Error::NotFound);
            }
            write.changed(&Change::Worker(key.to_owned())).await?;
            write.changed(&Change::State(key.to_owned())).await?;
            write.commit().await?;
            Ok(())
        })
        .await
    }

    /// The worker of this key.
    pub async fn worker(&self, key: &str) -> Result<Option<Worker>> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE w.key = $1"));
        let Some(mut worker) = self.optional::<Worker>(sql, args![key]).await? else {
            return Ok(None);
        };
        let names: Vec<(String,)> = self
            .all("SELECT name FROM secret WHERE worker = $1 ORDER BY name", args![key])
            .await?;
        worker.secrets = names.into_iter().map(|(name,)| name).collect();
        Ok(Some(worker))
    }

    /// Up to `limit` workers after the key `after`, by key. A page that is not full is the last.
    pub async fn workers(&self, filter: &WorkerFilter, after: &str, limit: u32) -> Result<Vec<Worker>> {
        // A table of thousands at most: no index is missed here.
        let sql = sqlx::AssertSqlSafe(format!(
            "{SELECT} WHERE w.key > $1 AND ($2 = '' OR w.action = $2) AND ($3 = '' OR w.project = $3)
             AND w.shared >= $4 ORDER BY w.key LIMIT $5"
        ));
        let (action, project) = (filter.action.as_deref(), filter.project.as_deref());
        let (action, project) = (action.unwrap_or_default(), project.unwrap_or_default());
        let arguments = args![after, action, project, i64::from(filter.shared), i64::from(limit)];
        let mut workers: Vec<Worker> = self.all(sql, arguments).await?;
        let last = workers.last().map_or(after, |worker| &worker.key);
        let sql = "SELECT worker, name FROM secret WHERE worker > $1 AND worker <= $2 ORDER BY name";
        let names: Vec<(String, String)> = self.all(sql, args![after, last]).await?;
        let mut secrets = BTreeMap::<String, Vec<String>>::new();
        for (worker, name) in names {
            secrets.entry(worker).or_default().push(name);
        }
        for worker in &mut workers {
            worker.secrets = secrets.remove(&worker.key).unwrap_or_default();
        }
        Ok(workers)
    }

    /// All of them, by key.
    pub async fn all_workers(&self, filter: &WorkerFilter) -> Result<Vec<Worker>> {
        const PAGE: u32 = 500;
        let mut all: Vec<Worker> = Vec::new();
        loop {
            let after = all.last().map_or("", |worker| &worker.key);
            let page = self.workers(filter, after, PAGE).await?;
            let full = page.len() == PAGE as usize;
            all.extend(page);
            if !full {
                return Ok(all);
            }
        }
    }
}

/// Before a worker is written: what is due by another schedule, or while it is not enabled, is not due any more.
async fn forget_other_schedule(connection: &mut AnyConnection, key: &str, new: &Definition) -> Result<()> {
    let filter = new.filter.as_deref().unwrap_or_default();
    run(
        connection,
        "DELETE FROM schedule WHERE worker = $1 AND NOT EXISTS
         (SELECT 1 FROM worker WHERE key = $1 AND enabled = $2 AND COALESCE(filter, '') = $3)",
        args![key, i64::from(new.enabled), filter],
    )
    .await?;
    Ok(())
}

/// The current version, the project and the revision of a worker, inside a transaction.
pub(super) async fn head(connection: &mut AnyConnection, key: &str) -> Result<(i64, Option<String>, i64)> {
    one(
        connection,
        "SELECT version, project, revision FROM worker WHERE key = $1",
        args![key],
    )
    .await
}

const INSERT: &str = "INSERT INTO worker (key, project, application, action, description, enabled, debug, shared,
    filter, settings, version, revision, changed, changed_by, created, created_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $13, $14)";
const UPDATE: &str = "UPDATE worker SET project = COALESCE(project, $2), application = $3, action = $4,
    description = $5, enabled = $6, debug = $7, shared = $8, filter = $9, settings = $10, version = $11,
    revision = $12, changed = $13, changed_by = $14 WHERE key = $1";

impl FromRow<'_, AnyRow> for Worker {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        let flag = |column: &str| row.try_get::<i64, _>(column).map(|flag| flag != 0);
        Ok(Self {
            key: row.try_get("key")?,
            definition: Definition {
                project: row.try_get("project")?,
                application: row.try_get("application")?,
                action: row.try_get("action")?,
                description: row.try_get("description")?,
                enabled: flag("enabled")?,
                debug: flag("debug")?,
                shared: flag("shared")?,
                filter: row.try_get("filter")?,
                settings: row.try_get("settings")?,
            },
            current: Version::from_row(row)?,
            secrets: Vec::new(),
            revision: row.try_get("revision")?,
            created: row.try_get("created")?,
            created_by: row.try_get("created_by")?,
            changed: row.try_get("changed")?,
            changed_by: row.try_get("changed_by")?,
        })
    }
}
