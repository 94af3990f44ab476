//! The actions that this host executes, and how the two versions of the API write them.

use super::Style;
use super::fields::{Fields, kind, quoted};
use crate::manifest::ACTIONS;
use crate::suggest::did_you_mean;
use serde_json::{Map, Value, json};

/// The application of both actions.
pub const APPLICATION: &str = "worker";

/// What makes a worker run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A call of the execute endpoint.
    Generic,
    /// A schedule.
    Scheduled,
}

impl Action {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Generic, Self::Scheduled];

    /// As in `action.name`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "GENERIC_EVENT",
            Self::Scheduled => "SCHEDULED_EVENT",
        }
    }

    /// The key of the result of a test: the name in camelCase.
    pub fn result_key(self) -> &'static str {
        match self {
            Self::Generic => "genericEvent",
            Self::Scheduled => "scheduledEvent",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// An action as JSON: a text for v1, an object for v2.
pub(super) fn written(style: Style, application: &str, name: &str) -> Value {
    match style {
        Style::V1 => name.into(),
        Style::V2 => json!({"application": application, "name": name}),
    }
}

/// Takes `action`, in either shape. An application that is absent or empty is `worker`.
pub(super) fn take(fields: &mut Fields) -> Option<Action> {
    let expected = "\"GENERIC_EVENT\" or {\"application\":\"worker\",\"name\":\"GENERIC_EVENT\"}";
    match fields.take("action") {
        None => {
            fields.mistake("action", format_args!("is missing, expected {expected}"));
            None
        }
        Some(Value::String(name)) => named(fields, "action", &name),
        Some(Value::Object(object)) => inside(fields, object),
        Some(other) => {
            fields.mistake("action", format_args!("expected {expected}, not {}", kind(&other)));
            None
        }
    }
}

fn inside(fields: &mut Fields, object: Map<String, Value>) -> Option<Action> {
    let mut inner = Fields::new(object, "action.");
    let application = inner.raw_text("application");
    let before = inner.mistakes.len();
    let action = match inner.raw_text("name") {
        Some(name) => named(&mut inner, "name", &name),
        None => {
            if inner.mistakes.len() == before {
                inner.mistake("name", "is missing, expected GENERIC_EVENT or SCHEDULED_EVENT");
            }
            None
        }
    };
    // An action that is refused has said enough: its application would be another one.
    if let (Some(action), Some(application)) = (action, application)
        && !application.is_empty()
        && application != APPLICATION
    {
        let name = action.name();
        inner.mistake(
            "application",
            format_args!("{name} belongs to \"{APPLICATION}\", not to {}", quoted(&application)),
        );
    }
    fields.end(inner);
    action
}

fn named(fields: &mut Fields, field: &str, name: &str) -> Option<Action> {
    let found = Action::named(name);
    if found.is_none() {
        let shown = quoted(name);
        if ACTIONS.contains(&name) {
            fields.mistake(
                field,
                format_args!(
                    "{shown} is an event of the platform, which this host does not see; expected GENERIC_EVENT or \
                     SCHEDULED_EVENT"
                ),
            );
        } else {
            // A name as long as the body is not worth a comparison with every action.
            let hint = match name.len() {
                0..=64 => did_you_mean(name, Action::ALL.map(Action::name)),
                _ => String::new(),
            };
            fields.mistake(
                field,
                format_args!("{shown} is not known, expected GENERIC_EVENT or SCHEDULED_EVENT{hint}"),
            );
        }
    }
    found
}
