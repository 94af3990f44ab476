//! The body of POST and PUT `/worker/api/{v1,v2}/workers`.

use super::action::{self, Action};
use super::fields::{Fields, kind, quoted, storable};
use super::schedule::Schedule;
use super::secrets::{self, SecretChange};
use super::settings::{self, Limits, Settings};
use super::{
    MAX_COMMIT_SHA_CHARS, MAX_SOURCE_CHARS, MAX_VERSION_DESCRIPTION_CHARS, MAX_VERSION_NUMBER_CHARS, Mistakes,
};
use crate::manifest::is_key;
pub use crate::store::Labels;
use data_encoding::BASE64;

/// `description`, in characters.
const MAX_DESCRIPTION_CHARS: usize = 10_000;

/// Whether the worker is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// POST: a source is needed.
    Create,
    /// PUT: what the body does not mention stays.
    Update,
}

/// A body that was checked. Fields that are `None` are as they were on an update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// The worker's key.
    pub key: String,
    /// Empty for a new worker.
    pub description: Option<String>,
    /// On for a new worker.
    pub enabled: Option<bool>,
    /// Off for a new worker.
    pub debug: Option<bool>,
    /// Off for a new worker; the command line never mentions it.
    pub shared: Option<bool>,
    /// Present on [`Purpose::Create`]; decoded if it was in base64.
    pub source_code: Option<String>,
    /// What makes it run; the application is [`action::APPLICATION`].
    pub action: Action,
    /// Only for [`Action::Scheduled`], and present for it when `enabled` is, or a new worker does not say.
    pub filter_criteria: Option<Schedule>,
    /// Removals first.
    pub secrets: Vec<SecretChange>,
    /// Never empty.
    pub project_key: Option<String>,
    /// Empty texts when absent.
    pub version: Labels,
    /// Replaces the settings as a whole.
    pub settings: Option<Settings>,
}

/// Checks a body. `maxima` are what the operator allows a worker to ask for.
pub fn parse(body: &[u8], purpose: Purpose, maxima: &Limits) -> Result<Deploy, Mistakes> {
    let mut fields = Fields::of_body(body)?;
    let key = worker_key(&mut fields);
    let description = fields.text("description", MAX_DESCRIPTION_CHARS);
    let enabled = fields.switch("enabled");
    let debug = fields.switch("debug");
    let shared = fields.switch("shared");
    let source_code = source(&mut fields, purpose);
    let action = action::take(&mut fields);
    let needed = enabled.unwrap_or(purpose == Purpose::Create);
    let filter_criteria = filter(&mut fields, action, needed);
    let secrets = secrets::take(&mut fields, "secrets");
    let project_key = project(&mut fields);
    let version = labels(&mut fields);
    let settings = settings::take(&mut fields, maxima);
    let found = key.zip(action).map(|(key, action)| Deploy {
        key,
        description,
        enabled,
        debug,
        shared,
        source_code,
        action,
        filter_criteria,
        secrets,
        project_key,
        version,
        settings,
    });
    fields.finish(found)
}

fn worker_key(fields: &mut Fields) -> Option<String> {
    let expected = "expected at most 64 letters, digits, _, . and -, the first a letter or a digit";
    let before = fields.mistakes.len();
    match fields.raw_text("key") {
        Some(key) if is_key(&key) => return Some(key),
        Some(key) => fields.mistake("key", format_args!("{expected}, not {}", quoted(&key))),
        None if fields.mistakes.len() == before => fields.mistake("key", format_args!("is missing, {expected}")),
        None => {}
    }
    None
}

/// An empty projectKey is an absent one.
fn project(fields: &mut Fields) -> Option<String> {
    let key = fields.raw_text("projectKey").filter(|key| !key.is_empty())?;
    if !is_key(&key) {
        let shown = quoted(&key);
        let expected = "expected at most 64 letters, digits, _, . and -, the first a letter or a digit";
        fields.mistake("projectKey", format_args!("{expected}, not {shown}"));
    }
    Some(key)
}

fn source(fields: &mut Fields, purpose: Purpose) -> Option<String> {
    let before = fields.mistakes.len();
    let Some(text) = fields.raw_text("sourceCode") else {
        if purpose == Purpose::Create && fields.mistakes.len() == before {
            fields.mistake("sourceCode", "is missing, expected the worker's source");
        }
        return None;
    };
    checked(text).map_err(|what| fields.mistake("sourceCode", what)).ok()
}

/// A source that can be stored and built, decoded.
pub(super) fn checked(text: String) -> Result<String, String> {
    let source = decoded(text)?;
    if source.trim().is_empty() {
        return Err("is empty, expected the worker's source".into());
    }
    storable(&source, MAX_SOURCE_CHARS)?;
    Ok(source)
}

/// What stands after `base64:`, or the text itself: no JavaScript or TypeScript worth running begins so.
fn decoded(text: String) -> Result<String, String> {
    let Some(encoded) = text.strip_prefix("base64:") else {
        return Ok(text);
    };
    let bytes = BASE64
        .decode(encoded.trim_end().as_bytes())
        .map_err(|error| format!("expected base64 after \"base64:\": {error}"))?;
    String::from_utf8(bytes).map_err(|error| format!("is not UTF-8 once decoded: {}", error.utf8_error()))
}

fn labels(fields: &mut Fields) -> Labels {
    let Some(mut inner) = fields.object("version", "{\"commitSha\":…,\"description\":…,\"versionNumber\":…}")
    else {
        return Labels::default();
    };
    let mut text = |name, limit| inner.text(name, limit).unwrap_or_default();
    let labels = Labels {
        commit_sha: text("commitSha", MAX_COMMIT_SHA_CHARS),
        description: text("description", MAX_VERSION_DESCRIPTION_CHARS),
        version_number: text("versionNumber", MAX_VERSION_NUMBER_CHARS),
    };
    fields.end(inner);
    labels
}

/// Takes `filterCriteria`. A generic worker has nothing to filter, so what it brings is left alone.
fn filter(fields: &mut Fields, action: Option<Action>, needed: bool) -> Option<Schedule> {
    let expected = "{\"schedule\":{\"cron\":\"0 3 * * *\",\"timezone\":\"UTC\"}}";
    let before = fields.mistakes.len();
    let inner = fields.object("filterCriteria", expected);
    if action != Some(Action::Scheduled) || fields.mistakes.len() > before {
        return None;
    }
    let mut schedule = None;
    let mut mentioned = false;
    if let Some(mut inner) = inner {
        if inner.take("artifactFilterCriteria").is_some() {
            inner.mistake(
                "artifactFilterCriteria",
                "a SCHEDULED_EVENT has a schedule, not artifacts",
            );
            mentioned = true;
        }
        match inner.take("schedule") {
            Some(serde_json::Value::Object(object)) => {
                mentioned = true;
                let mut fields = Fields::new(object, "filterCriteria.schedule.");
                schedule = scheduled(&mut fields);
                inner.end(fields);
            }
            Some(other) => {
                mentioned = true;
                inner.mistake("schedule", format_args!("expected an object, not {}", kind(&other)));
            }
            None => {}
        }
        fields.end(inner);
    }
    if needed && !mentioned {
        let what = format_args!("is missing, expected {expected}: an enabled SCHEDULED_EVENT needs one");
        fields.mistake("filterCriteria", what);
    }
    schedule
}

fn scheduled(fields: &mut Fields) -> Option<Schedule> {
    let before = fields.mistakes.len();
    let cron = fields.raw_text("cron");
    if cron.is_none() && fields.mistakes.len() == before {
        fields.mistake("cron", "is missing, expected five fields, as in \"0 3 * * *\"");
    }
    let timezone = fields.raw_text("timezone");
    // A zone can be judged without a pattern.
    let judged = Schedule::parse(cron.as_deref().unwrap_or("* * * * *"), timezone.as_deref());
    match judged {
        Ok(schedule) => cron.map(|_| schedule),
        Err(problems) => {
            for problem in problems {
                let (name, what) = problem.split_once(": ").unwrap_or(("cron", &problem));
                fields.mistake(name, what);
            }
            None
        }
    }
}

#[cfg(test)]
mod tests;
