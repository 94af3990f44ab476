//! The rule by which a worker that finished says that it failed: `executionStatus` in the object it returned.

use memchr::memmem;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Whether `output`, one JSON document, is an object whose `executionStatus` is `2` or `"STATUS_FAIL"`.
/// Only the top level counts, and of several the last, as in JavaScript.
pub fn says_failed(output: &[u8]) -> bool {
    // Nearly no output has it, and searching is a hundred times faster than parsing. A letter can also be written
    // as \u0065, which `JSON.stringify` never does, but another worker's serialiser may.
    if memmem::find(output, b"executionStatus").is_none() && memmem::find(output, b"\\u00").is_none() {
        return false;
    }
    serde_json::from_slice::<Failed>(output).is_ok_and(|Failed(failed)| failed)
}

struct Failed(bool);

impl<'de> serde::Deserialize<'de> for Failed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TopLevel)
    }
}

struct TopLevel;

impl<'de> Visitor<'de> for TopLevel {
    type Value = Failed;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Failed, A::Error> {
        let mut failed = false;
        while let Some(key) = map.next_key::<&RawValue>()? {
            if is_text(key.get(), "executionStatus") {
                failed = is_fail(map.next_value::<&RawValue>()?.get());
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Failed(failed))
    }
}

/// Whether a text as it is written is this one. One that holds half of a surrogate pair is not, and is no mistake.
fn is_text(written: &str, text: &str) -> bool {
    match written.contains('\\') {
        true => serde_json::from_str::<String>(written).is_ok_and(|read| read == text),
        false => written.trim_matches('"') == text,
    }
}

fn is_fail(value: &str) -> bool {
    if value.starts_with('"') {
        is_text(value, "STATUS_FAIL")
    } else {
        value.parse::<f64>().is_ok_and(|number| number == 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::says_failed;

    #[test]
    fn the_top_level_of_an_object_says_so() {
        let failed = [
            r#"{"executionStatus":2}"#,
            r#"{"executionStatus":"STATUS_FAIL"}"#,
            r#" { "a" : [1] , "executionStatus" : 2.0 } "#,
            r#"{"executionStatus":4,"executionStatus":2}"#,
            r#"{"execution\u0053tatus":"STATUS\u005fFAIL"}"#,
            r#"{"\ud800":"\udfff","executionStatus":2}"#,
        ];
        for output in failed {
            assert!(says_failed(output.as_bytes()), "{output}");
        }
    }

    #[test]
    fn everything_else_changes_nothing() {
        let deep = format!("{{\"executionStatus\":{}2{}}}", "[".repeat(5000), "]".repeat(5000));
        let passed = [
            "",
            "2",
            "null",
            r#""executionStatus""#,
            r#"{"executionStatus":4}"#,
            r#"{"executionStatus":"STATUS_SUCCESS"}"#,
            r#"{"executionStatus":"2"}"#,
            r#"{"executionStatus":null}"#,
            r#"{"executionStatus":[2]}"#,
            r#"{"executionStatus":2,"executionStatus":4}"#,
            r#"{"a":{"executionStatus":2}}"#,
            r#"[{"executionStatus":2}]"#,
            r#"{"executionstatus":2}"#,
            &deep,
        ];
        for output in passed {
            assert!(!says_failed(output.as_bytes()), "{output}");
        }
    }
}
