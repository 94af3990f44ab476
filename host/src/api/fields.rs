//! The fields of a JSON object, taken one by one, and what was wrong with those taken so far.
//! `null` is an absent field, and a field given twice counts as it stands last, as in JavaScript.

use super::Mistakes;
use serde_json::{Map, Value};

/// What a mistake quotes of a text, in characters: a mistake must not be as large as the body.
const QUOTED: usize = 80;

/// An answer tells at most so many mistakes: a list of a hundred thousand wrong secrets has said enough by then.
const MAX_MISTAKES: usize = 100;

/// The fields of one object.
pub(super) struct Fields {
    object: Map<String, Value>,
    /// Stands before each name: empty, or `settings.limits.`.
    prefix: String,
    pub(super) mistakes: Mistakes,
}

impl Fields {
    /// The object of a whole body.
    pub(super) fn of_body(body: &[u8]) -> Result<Self, Mistakes> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Ok(Self::new(object, "")),
            Ok(other) => Err(vec![format!("body: expected a JSON object, not {}", kind(&other))]),
            Err(error) => Err(vec![format!("body: is not valid JSON: {error}")]),
        }
    }

    pub(super) fn new(object: Map<String, Value>, prefix: impl Into<String>) -> Self {
        Self {
            object,
            prefix: prefix.into(),
            mistakes: Vec::new(),
        }
    }

    /// Adds a mistake about the field `name`.
    pub(super) fn mistake(&mut self, name: &str, what: impl std::fmt::Display) {
        self.mistakes.push(format!("{}{name}: {what}", self.prefix));
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    /// Names of fields that nobody took.
    pub(super) fn left(&self) -> Vec<String> {
        self.object.keys().cloned().collect()
    }

    fn typed<T>(&mut self, name: &str, expected: &str, read: impl FnOnce(Value) -> Result<T, Value>) -> Option<T> {
        match read(self.take(name)?) {
            Ok(value) => Some(value),
            Err(value) => {
                self.mistake(name, format_args!("expected {expected}, not {}", kind(&value)));
                None
            }
        }
    }

    /// A text, as it was sent.
    pub(super) fn raw_text(&mut self, name: &str) -> Option<String> {
        self.typed(name, "a text", |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    /// A text that can be stored: of at most `limit` characters, and without NUL.
    pub(super) fn text(&mut self, name: &str, limit: usize) -> Option<String> {
        let text = self.raw_text(name)?;
        match storable(&text, limit) {
            Ok(()) => Some(text),
            Err(what) => {
                self.mistake(name, what);
                None
            }
        }
    }

    pub(super) fn switch(&mut self, name: &str) -> Option<bool> {
        self.typed(name, "true or false", |value| value.as_bool().ok_or(value))
    }

    pub(super) fn list(&mut self, name: &str, expected: &str) -> Option<Vec<Value>> {
        self.typed(name, expected, |value| match value {
            Value::Array(list) => Ok(list),
            other => Err(other),
        })
    }

    /// An object inside this one. Give it back with [`Fields::end`].
    pub(super) fn object(&mut self, name: &str, expected: &str) -> Option<Self> {
        let object = self.typed(name, expected, |value| match value {
            Value::Object(object) => Ok(object),
            other => Err(other),
        })?;
        Some(Self::new(object, format!("{}{name}.", self.prefix)))
    }

    /// Takes over what was wrong inside `inner`.
    pub(super) fn end(&mut self, inner: Self) {
        self.mistakes.extend(inner.mistakes);
    }

    /// A whole number from `min` to `max`.
    pub(super) fn number(&mut self, name: &str, min: u64, max: u64) -> Option<u64> {
        let value = self.take(name)?;
        let number = value.as_u64().filter(|number| (min..=max).contains(number));
        if number.is_none() {
            let given = match &value {
                Value::Number(number) => shortened(&number.to_string()),
                other => kind(other).to_owned(),
            };
            let range = match max {
                u64::MAX => format!("of at least {min}"),
                max => format!("from {min} to {max}"),
            };
            self.mistake(name, format_args!("expected a whole number {range}, not {given}"));
        }
        number
    }

    /// What was found, unless something was wrong. An absent value without a mistake is our own fault, and said so.
    pub(super) fn finish<T>(mut self, found: Option<T>) -> Result<T, Mistakes> {
        match found {
            Some(found) if self.mistakes.is_empty() => Ok(found),
            _ => {
                if self.mistakes.is_empty() {
                    self.mistake("body", "is not complete");
                }
                if let Some(more) = self.mistakes.len().checked_sub(MAX_MISTAKES).filter(|more| *more > 0) {
                    self.mistakes.truncate(MAX_MISTAKES);
                    self.mistake("body", format_args!("has {more} more mistakes"));
                }
                Err(self.mistakes)
            }
        }
    }
}

/// Whether a text fits into its column.
pub(super) fn storable(text: &str, limit: usize) -> Result<(), String> {
    if text.contains('\0') {
        return Err("holds a NUL character, which cannot be stored".into());
    }
    match text.chars().count() {
        count if count > limit => Err(format!("has {count} characters, expected at most {limit}")),
        _ => Ok(()),
    }
}

/// What a value is, in a word.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A text in quotes, cut to what a sentence can bear.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", shortened(text))
}

pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
