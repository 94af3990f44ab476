//! How a worker ends badly: an exit code, and on stdout what was thrown.

use crate::prelude::{Prelude, lossy};
use crate::stdio;
use javy::quickjs::{Object, Value};
use std::fmt::Write as _;

/// The worker threw.
pub const EXCEPTION: i32 = 1;
/// The worker waits for a promise that nothing can settle.
pub const UNSETTLED: i32 = 2;
/// The returned value cannot be written as JSON.
pub const INVALID_OUTPUT: i32 = 3;

/// The file name of the JavaScript that is ours; frames in it are of no use to an author.
pub const RUNTIME_FILE: &str = "runtime:prelude";

/// Causes are followed this far; a chain can be a ring.
const MAX_CAUSES: usize = 8;

/// An error is told in so many bytes at most, so that it always fits where it travels: a message can be a whole response.
const MAX_NAME_BYTES: usize = 256;
const MAX_MESSAGE_BYTES: usize = 16 << 10;
const MAX_FRAME_BYTES: usize = 1 << 10;
const MAX_FRAMES: usize = 50;

/// What was thrown, in the form that travels to the host.
pub struct Failure {
    name: String,
    message: String,
    stack: Vec<String>,
    cause: Option<Box<Failure>>,
}

/// Ends the execution.
pub fn exit(code: i32, failure: &Failure) -> ! {
    let mut json = String::new();
    failure.write_json(&mut json);
    stdio::write_output(json.as_bytes());
    std::process::exit(code)
}

impl Failure {
    /// An error of ours, without a stack.
    pub fn plain(message: &str) -> Self {
        Self {
            name: "Error".into(),
            message: message.into(),
            stack: vec![],
            cause: None,
        }
    }

    /// Reads whatever was thrown. Every step may run the worker's code, and may throw: then that part is left out.
    pub fn of(thrown: &Value<'_>, prelude: &Prelude) -> Self {
        Self::of_chain(thrown, prelude, MAX_CAUSES)
    }

    fn of_chain<'js>(thrown: &Value<'js>, prelude: &Prelude, causes: usize) -> Self {
        let Some(error) = thrown
            .as_object()
            .filter(|object| object.is_error() || text(object, "stack").is_some())
        else {
            let message = match thrown.as_string() {
                Some(string) => lossy(string),
                None => prelude
                    .inspect(thrown)
                    .unwrap_or_else(|| "a value that cannot be shown".into()),
            };
            return Self::plain(&cut(message, MAX_MESSAGE_BYTES));
        };
        let stack = text(error, "stack").unwrap_or_default();
        let cause = match error.get::<_, Value<'js>>("cause") {
            Ok(cause) if causes > 0 && !cause.is_undefined() => {
                Some(Box::new(Self::of_chain(&cause, prelude, causes - 1)))
            }
            Ok(_) => None,
            Err(_) => {
                error.ctx().catch();
                None
            }
        };
        let name = text(error, "name")
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "Error".into());
        let mut message = text(error, "message").unwrap_or_default();
        if name == "ReferenceError"
            && let Some(better) = prelude.explain(error.ctx(), &message)
        {
            message = better;
        }
        Self {
            name: cut(name, MAX_NAME_BYTES),
            message: cut(message, MAX_MESSAGE_BYTES),
            // A stack assigned by the worker can be any text; only frames are kept.
            stack: stack
                .lines()
                .map(str::trim)
                .filter(|line| line.starts_with("at ") && !line.contains(RUNTIME_FILE))
                .take(MAX_FRAMES)
                .map(|frame| cut(frame.to_owned(), MAX_FRAME_BYTES))
                .collect(),
            cause,
        }
    }

    fn write_json(&self, json: &mut String) {
        json.push_str("{\"name\":");
        write_string(&self.name, json);
        json.push_str(",\"message\":");
        write_string(&self.message, json);
        json.push_str(",\"stack\":[");
        for (index, frame) in self.stack.iter().enumerate() {
            if index > 0 {
                json.push(',');
            }
            write_string(frame, json);
        }
        json.push(']');
        if let Some(cause) = &self.cause {
            json.push_str(",\"cause\":");
            cause.write_json(json);
        }
        json.push('}');
    }
}

/// At most `max` bytes of a text, with a mark where it was cut.
fn cut(mut text: String, max: usize) -> String {
    if text.len() > max {
        text.truncate(text.floor_char_boundary(max));
        text.push('…');
    }
    text
}

/// A property that is a string, if it can be read.
fn text<'js>(object: &Object<'js>, key: &str) -> Option<String> {
    match object.get::<_, Value<'js>>(key) {
        Ok(value) => value.as_string().map(lossy),
        Err(_) => {
            object.ctx().catch();
            None
        }
    }
}

fn write_string(text: &str, json: &mut String) {
    json.push('"');
    for char in text.chars() {
        match char {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\u{0}'..='\u{1f}' => {
                // Writing to a string cannot fail.
                let _ = write!(json, "\\u{:04x}", char as u32);
            }
            _ => json.push(char),
        }
    }
    json.push('"');
}
