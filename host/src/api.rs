//! The bodies of the management API. What comes in is checked at the door, with every mistake told at once; what goes
//! out is written from the store's records. Nothing here knows of HTTP, of the store or of the clock.
//!
//! A mistake is one sentence, `field: what is wrong and what is expected`; several make one answer of status 400 with
//! one entry of `errors` for each.

pub mod action;
pub mod deploy;
pub mod entry;
pub mod events;
mod fields;
pub mod openapi;
pub mod render;
pub mod schedule;
pub mod secrets;
pub mod settings;
pub mod test_run;

use serde::Serialize;

/// The longest source, in characters.
pub use engine::MAX_SOURCE_CHARS;
/// `version.versionNumber`, in characters.
pub const MAX_VERSION_NUMBER_CHARS: usize = 64;
/// `version.commitSha`, in characters.
pub const MAX_COMMIT_SHA_CHARS: usize = 128;
/// `version.description`, in characters.
pub const MAX_VERSION_DESCRIPTION_CHARS: usize = 256;

/// What is wrong with a body, in the order of its fields; never empty.
pub type Mistakes = Vec<String>;

/// Which of the two shapes of the API is spoken: they differ in how an action is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `"GENERIC_EVENT"`
    V1,
    /// `{"application":"worker","name":"GENERIC_EVENT"}`
    V2,
}

/// The body of a refusal, one entry for each message: `{"errors":[{"status":400,"message":"…"}]}`.
pub fn errors(status: u16, messages: &[impl AsRef<str>]) -> String {
    #[derive(Serialize)]
    struct Errors<'a> {
        errors: Vec<One<'a>>,
    }
    #[derive(Serialize)]
    struct One<'a> {
        status: u16,
        message: &'a str,
    }
    let errors = messages.iter().map(AsRef::as_ref);
    let errors = errors.map(|message| One { status, message }).collect();
    json(&Errors { errors })
}

/// Settings as the store keeps them.
pub fn document(settings: &settings::Settings) -> String {
    json(settings)
}

/// `value` as JSON. Fails only for maps without text keys, which nothing here has.
fn json(value: &(impl Serialize + ?Sized)) -> String {
    let written = serde_json::to_string(value);
    debug_assert!(written.is_ok());
    written.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_mistake_is_an_error_of_its_own() {
        assert_eq!(
            super::errors(400, &["key: is missing", "a \"b\""]),
            r#"{"errors":[{"status":400,"message":"key: is missing"},{"status":400,"message":"a \"b\""}]}"#
        );
    }
}
