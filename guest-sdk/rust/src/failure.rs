//! How a worker ends badly: an exit code, and on stdout what happened, as the JavaScript runtime tells it.

use crate::Error;
use serde::Serialize;
use std::fmt;
use std::panic::Location;

/// The handler failed.
pub const EXCEPTION: i32 = 1;
/// The returned value cannot be written as JSON.
pub const INVALID_OUTPUT: i32 = 3;

/// Sources are followed this far.
const MAX_CAUSES: usize = 8;

/// An error is told in so many bytes at most, so that it always fits where it travels: a message can be a whole response.
const MAX_NAME_BYTES: usize = 256;
const MAX_MESSAGE_BYTES: usize = 16 << 10;
const MAX_FRAME_BYTES: usize = 1 << 10;

/// A worker that failed.
#[derive(Debug)]
pub struct Failure {
    pub(crate) code: i32,
    pub(crate) told: Told,
}

/// What is told of an error.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    name: String,
    message: String,
    stack: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Box<Told>>,
}

impl Failure {
    /// An error of ours.
    pub(crate) fn plain(code: i32, name: &str, message: impl fmt::Display) -> Self {
        let told = Told::new(name, &message, None);
        Self { code, told }
    }

    /// What a handler gave as its error, which is called so in the source.
    pub(crate) fn of(error: &(dyn std::error::Error + 'static), type_name: &str) -> Self {
        Self {
            code: EXCEPTION,
            told: Told::chain(error, short_name(type_name), MAX_CAUSES),
        }
    }

    /// A panic.
    pub(crate) fn panicked(message: &str, place: Option<&Location<'_>>) -> Self {
        let mut failure = Self::plain(EXCEPTION, "Panic", message);
        let frame = place.map(|place| cut(format!("at {place}"), MAX_FRAME_BYTES));
        failure.told.stack.extend(frame);
        failure
    }

    /// The document for stdout.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Texts can always be written as JSON.
        serde_json::to_vec(&self.told).unwrap_or_default()
    }
}

impl Told {
    fn new(name: &str, message: &impl fmt::Display, cause: Option<Box<Self>>) -> Self {
        let mut message = message.to_string();
        // Without any, the host would not take it for an exception.
        if message.is_empty() {
            name.clone_into(&mut message);
        }
        Self {
            name: cut(name.to_owned(), MAX_NAME_BYTES),
            message: cut(message, MAX_MESSAGE_BYTES),
            stack: Vec::new(),
            cause,
        }
    }

    fn chain(error: &(dyn std::error::Error + 'static), name: &str, causes: usize) -> Self {
        // Errors of this crate have names of their own, behind `Box<dyn Error>` as well.
        let name = error.downcast_ref().map_or(name, Error::name);
        let source = if causes == 0 { None } else { error.source() };
        let cause = source.map(|source| Box::new(Self::chain(source, "Error", causes - 1)));
        Self::new(name, &error, cause)
    }
}

/// The last part of a type's name; types that say nothing are called `Error`.
fn short_name(type_name: &str) -> &str {
    let plain = type_name.split('<').next().unwrap_or_default();
    match plain.rsplit("::").next().unwrap_or_default() {
        "" | "Box" | "Cow" | "String" | "&str" => "Error",
        name => name,
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::any::type_name;

    fn json(failure: &Failure) -> String {
        String::from_utf8(failure.to_json()).unwrap()
    }

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("not \"a\"\tnumber")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn an_error_is_told_with_its_sources() {
        let error = Outer("x".parse::<u8>().unwrap_err());
        assert_eq!(
            json(&Failure::of(&error, type_name::<Outer>())),
            r#"{"name":"Outer","message":"not \"a\"\tnumber","stack":[],"cause":{"name":"Error","message":"invalid digit found in string","stack":[]}}"#
        );
    }

    #[test]
    fn names_are_those_of_types_that_have_one() {
        for (type_name, expected) in [
            (type_name::<Outer>(), "Outer"),
            (type_name::<Box<dyn std::error::Error>>(), "Error"),
            (type_name::<String>(), "Error"),
            (type_name::<&str>(), "Error"),
            (type_name::<std::io::Error>(), "Error"),
            (type_name::<std::num::ParseIntError>(), "ParseIntError"),
        ] {
            assert_eq!(short_name(type_name), expected);
        }
        let boxed: Box<dyn std::error::Error> = Error::new("CartError", "m").into();
        assert!(json(&Failure::of(&*boxed, "Box")).starts_with(r#"{"name":"CartError","message":"m""#));
        let silent = Error::new("Silent", "");
        assert!(json(&Failure::of(&silent, "Error")).starts_with(r#"{"name":"Silent","message":"Silent""#));
    }

    #[test]
    fn what_is_long_is_cut_and_what_goes_in_a_ring_ends() {
        #[derive(Debug)]
        struct Ring;
        impl fmt::Display for Ring {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&"é".repeat(MAX_MESSAGE_BYTES))
            }
        }
        impl std::error::Error for Ring {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(self)
            }
        }
        let told = json(&Failure::of(&Ring, "Ring"));
        assert_eq!(told.matches("\"cause\"").count(), MAX_CAUSES);
        assert_eq!(told.matches('…').count(), MAX_CAUSES + 1);
        assert!(told.len() < (MAX_CAUSES + 1) * (MAX_MESSAGE_BYTES + 100));
    }

    #[test]
    fn a_panic_has_its_place() {
        let place = Location::caller();
        let told = json(&Failure::panicked("no", Some(place)));
        assert!(told.contains(r#""stack":["at src/failure.rs:"#), "{told}");
    }
}
