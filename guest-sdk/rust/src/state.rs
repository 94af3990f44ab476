//! Texts that are kept from one execution to the next, if this one succeeds.

use crate::Error;
use crate::operation::Operations;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt;

/// A worker keeps at most so many items.
pub(crate) const MAX_ITEMS: usize = 10;
/// A key has at most so many UTF-16 units, as JavaScript counts characters.
pub(crate) const MAX_KEY: usize = 40;
/// A value has at most so many UTF-16 units.
pub(crate) const MAX_VALUE: usize = 250;

/// The state of a worker: 10 items at most, keys of 40 and values of 250 characters.
///
/// ```
/// # let mock = worker::testing::Mock::new();
/// # let context = mock.context();
/// let state = context.state();
/// let runs: u32 = state.get("runs")?.map_or(Ok(0), |runs| runs.parse())?;
/// state.set("runs", runs + 1)?;
/// # assert_eq!(mock.state_after()["runs"], "1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Executions at the same time see the state as it was when each began; the last to end wins a key.
#[derive(Clone, Debug)]
pub struct State {
    operations: Operations,
}

#[derive(Deserialize)]
struct Whole {
    entries: BTreeMap<String, String>,
}

impl State {
    pub(crate) fn of(operations: Operations) -> Self {
        Self { operations }
    }

    /// The text of a key, if there is one.
    pub fn get(&self, key: &str) -> Result<Option<String>, Error> {
        Ok(self.all()?.remove(key))
    }

    /// Sets the text of a key.
    ///
    /// # Errors
    /// A `RangeError` for what is too long, or one item too many; nothing is changed then.
    pub fn set(&self, key: &str, value: impl fmt::Display) -> Result<(), Error> {
        let value = value.to_string();
        let mut entries = self.all()?;
        let fault = |sentence: fmt::Arguments<'_>| Err(Error::new("RangeError", format!("state.set: {sentence}")));
        let units = |text: &str| text.encode_utf16().count();
        if units(key) > MAX_KEY {
            let (shown, has) = (shorten(key), units(key));
            return fault(format_args!(
                "a key has at most {MAX_KEY} characters, and {shown} has {has}"
            ));
        }
        if units(&value) > MAX_VALUE {
            let (shown, has) = (shorten(key), units(&value));
            return fault(format_args!(
                "a value has at most {MAX_VALUE} characters, and that of {shown} has {has}"
            ));
        }
        if entries.len() >= MAX_ITEMS && !entries.contains_key(key) {
            let shown = shorten(key);
            return fault(format_args!(
                "a worker keeps at most {MAX_ITEMS} items, and {shown} would be one more"
            ));
        }
        entries.insert(key.to_owned(), value);
        self.replace(&entries)
    }

    /// Removes a key, if it is there.
    pub fn delete(&self, key: &str) -> Result<(), Error> {
        let mut entries = self.all()?;
        match entries.remove(key) {
            Some(_) => self.replace(&entries),
            None => Ok(()),
        }
    }

    /// Removes everything.
    pub fn clear(&self) -> Result<(), Error> {
        self.replace(&BTreeMap::new())
    }

    /// All of it.
    pub fn all(&self) -> Result<BTreeMap<String, String>, Error> {
        // Asked for anew each time, so that no two looks at it can differ.
        let Whole { entries } = self.operations.ask(&json!({ "op": "state" }))?;
        Ok(entries)
    }

    fn replace(&self, entries: &BTreeMap<String, String>) -> Result<(), Error> {
        self.operations
            .ask(&json!({ "op": "setState", "entries": entries }))
            .map(|_: serde_json::Value| ())
    }
}

/// A key for a message.
fn shorten(key: &str) -> String {
    match key.char_indices().nth(MAX_KEY) {
        Some((end, _)) => format!("{:?}", format!("{}…", &key[..end])),
        None => format!("{key:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Mock;

    #[test]
    fn items_are_set_read_and_removed() {
        let mock = Mock::new().state("runs", 1).state("old", "x");
        let state = mock.context().state();
        assert_eq!(state.get("runs").unwrap().as_deref(), Some("1"));
        assert_eq!(state.get("none").unwrap(), None);
        state.set("runs", 2).unwrap();
        state.delete("old").unwrap();
        state.delete("none").unwrap();
        assert_eq!(mock.state_after(), [("runs".to_owned(), "2".to_owned())].into());
        state.clear().unwrap();
        assert!(mock.state_after().is_empty());
    }

    #[test]
    fn limits_obeyed_and_violated() {
        let mock = Mock::new();
        let state = mock.context().state();
        // A character of two units counts as two.
        let (key, value) = ("😀".repeat(MAX_KEY / 2), "x".repeat(MAX_VALUE));
        state.set(&key, &value).unwrap();
        for n in 1..MAX_ITEMS {
            state.set(&format!("{n}"), n).unwrap();
        }
        state.set(&key, "again").unwrap();
        let before = mock.state_after();
        let refusals = [
            (
                state.set("one more", 1),
                "keeps at most 10 items, and \"one more\" would be one more",
            ),
            (state.set(&format!("{key}x"), 1), "a key has at most 40 characters, and"),
            (
                state.set("1", format!("{value}x")),
                "a value has at most 250 characters, and that of \"1\" has 251",
            ),
        ];
        for (refused, expected) in refusals {
            let error = refused.unwrap_err();
            assert_eq!(error.name(), "RangeError");
            assert!(error.to_string().contains(expected), "{error}");
        }
        assert_eq!(mock.state_after(), before);
    }
}
