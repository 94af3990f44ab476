//! `secrets` of a deployment and `stagedSecrets` of a test: `[{key, value, markedForRemoval?}]`, null or absent.

use super::fields::{Fields, kind, quoted, storable};
pub use crate::store::SecretChange;
use serde_json::Value;
use std::collections::BTreeSet;

/// The longest name of a secret, in characters.
pub const MAX_SECRET_NAME: usize = 256;
/// Secrets that one body changes, at most.
const MAX_CHANGES: usize = 200;
/// The longest value of a secret, in bytes.
pub const MAX_SECRET_BYTES: usize = 64 << 10;

/// Whether `name` can name a secret: not empty, of at most [`MAX_SECRET_NAME`] characters, none a control character.
pub fn check_name(name: &str) -> Result<(), String> {
    storable(name, MAX_SECRET_NAME)?;
    if name.is_empty() {
        return Err("is empty".into());
    }
    if name.chars().any(char::is_control) {
        return Err("holds a control character".into());
    }
    Ok(())
}

/// Takes the list in the field `name`; removals come first in it, whatever their place in the body.
pub(super) fn take(fields: &mut Fields, name: &str) -> Vec<SecretChange> {
    let mut changes = Vec::new();
    let mut set = BTreeSet::new();
    let list = fields.list(name, "a list of {\"key\":…,\"value\":…}");
    let list = list.unwrap_or_default();
    if list.len() > MAX_CHANGES {
        fields.mistake(
            name,
            format_args!("has {} entries, expected at most {MAX_CHANGES}", list.len()),
        );
        return changes;
    }
    for (index, value) in list.into_iter().enumerate() {
        let place = format!("{name}[{index}]");
        let Value::Object(object) = value else {
            fields.mistake(
                &place,
                format_args!("expected {{\"key\":…,\"value\":…}}, not {}", kind(&value)),
            );
            continue;
        };
        let mut inner = Fields::new(object, format!("{place}."));
        if let Some(change) = one(&mut inner) {
            if let SecretChange::Set(key, _) = &change
                && !set.insert(key.clone())
            {
                inner.mistake("key", format_args!("{} is given two values", quoted(key)));
            }
            changes.push(change);
        }
        fields.end(inner);
    }
    changes.sort_by_key(|change| matches!(change, SecretChange::Set(..)));
    changes
}

fn one(fields: &mut Fields) -> Option<SecretChange> {
    let before = fields.mistakes.len();
    let key = fields.raw_text("key");
    match &key {
        None if fields.mistakes.len() == before => fields.mistake("key", "is missing"),
        None => {}
        Some(key) => {
            if let Err(what) = check_name(key) {
                fields.mistake("key", what);
            }
        }
    }
    let removed = fields.switch("markedForRemoval").unwrap_or(false);
    let typed = fields.mistakes.len();
    let value = fields.raw_text("value");
    match &value {
        None if !removed && fields.mistakes.len() == typed => {
            fields.mistake("value", "is missing, expected a text, or \"markedForRemoval\":true");
        }
        Some(value) if value.len() > MAX_SECRET_BYTES => {
            let length = value.len();
            fields.mistake(
                "value",
                format_args!("has {length} bytes, expected at most {MAX_SECRET_BYTES}"),
            );
        }
        _ => {}
    }
    if removed {
        return key.map(SecretChange::Remove);
    }
    Some(SecretChange::Set(key?, value?))
}
