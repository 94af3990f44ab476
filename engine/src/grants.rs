//! What an execution may ask the host for, beyond its payload.

use crate::Fetch;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Texts by their names.
pub type Texts = BTreeMap<String, String>;

/// What one execution is granted. The default is nothing.
#[derive(Clone, Default)]
pub struct Grants {
    /// `context.secrets`.
    pub secrets: Arc<Texts>,
    /// `context.properties`.
    pub properties: Arc<Texts>,
    /// `context.state` as it is when the execution starts.
    pub state: Arc<Texts>,
    /// `context.baseUrl`.
    pub base_url: Option<Arc<str>>,
    /// `context.platformToken`, where the worker may see it.
    pub platform_token: Option<Arc<str>>,
    /// The network, if there is one.
    pub fetch: Option<Fetch>,
}

impl fmt::Debug for Grants {
    /// Names only: values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grants")
            .field("secrets", &self.secrets.keys())
            .field("properties", &self.properties.keys())
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// What an execution changed in the state of its worker: a new text for a key, or none where it was removed.
pub type StateChanges = BTreeMap<String, Option<String>>;

/// The changes that lead from `before` to `after`.
pub(crate) fn changes(before: &Texts, after: &Texts) -> StateChanges {
    let removed = before.keys().filter(|key| !after.contains_key(*key));
    let set = after.iter().filter(|(key, text)| before.get(*key) != Some(text));
    let set = set.map(|(key, text)| (key.clone(), Some(text.clone())));
    removed.map(|key| (key.clone(), None)).chain(set).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_what_is_new_other_or_gone() {
        let texts =
            |pairs: &[(&str, &str)]| -> Texts { pairs.iter().map(|&(key, text)| (key.into(), text.into())).collect() };
        let before = texts(&[("gone", "1"), ("same", "2"), ("other", "3")]);
        let after = texts(&[("same", "2"), ("other", "4"), ("new", "5")]);
        let expected = [("gone", None), ("new", Some("5")), ("other", Some("4"))];
        let expected: StateChanges = expected.map(|(key, text)| (key.into(), text.map(Into::into))).into();
        assert_eq!(changes(&before, &after), expected);
        assert!(changes(&after, &after).is_empty());
    }
}
