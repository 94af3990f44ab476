//! The body of POST `/worker/api/{v1,v2}/test/{key}`: code that is executed once and never saved.

use super::Mistakes;
use super::action::{self, Action};
use super::deploy;
use super::fields::Fields;
use super::secrets::{self, SecretChange};
use serde_json::Map;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A test that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRun {
    /// The source; as in a deployment it may have come as `base64:`.
    pub code: String,
    /// What it is tested as.
    pub action: Action,
    /// The payload, byte for byte as it was sent; absent when the body has none. It is valid JSON, but may be nested
    /// deeper than a worker can read: the door of the execute endpoint checks that.
    pub data: Option<Box<str>>,
    /// Over those of the saved worker, for this once. Removals first.
    pub staged_secrets: Vec<SecretChange>,
}

/// Checks a body; on failure tells every mistake.
pub fn parse(body: &[u8]) -> Result<TestRun, Mistakes> {
    // The payload is never read into a value: numbers would change, and large ones cost.
    let mut raw: BTreeMap<String, &RawValue> = serde_json::from_slice(body).map_err(|error| {
        // The error would quote a text that stands for the object, however long.
        vec![if error.is_data() {
            "body: expected a JSON object".to_owned()
        } else {
            format!("body: is not valid JSON: {error}")
        }]
    })?;
    let data = raw.remove("data").map(|data| data.get().into());
    let mut object = Map::new();
    let mut mistakes = Vec::new();
    for name in ["code", "action", "stagedSecrets"] {
        if let Some(value) = raw.remove(name) {
            match serde_json::from_str(value.get()) {
                Ok(value) => _ = object.insert(name.to_owned(), value),
                Err(error) => mistakes.push(format!("{name}: is not valid JSON: {error}")),
            }
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut fields = Fields::new(object, "");
    let code = code(&mut fields);
    let action = action::take(&mut fields);
    let staged_secrets = secrets::take(&mut fields, "stagedSecrets");
    let found = code.zip(action).map(|(code, action)| TestRun {
        code,
        action,
        data,
        staged_secrets,
    });
    fields.finish(found)
}

fn code(fields: &mut Fields) -> Option<String> {
    let before = fields.mistakes.len();
    let Some(text) = fields.raw_text("code") else {
        if fields.mistakes.len() == before {
            fields.mistake("code", "is missing, expected the worker's source");
        }
        return None;
    };
    deploy::checked(text).map_err(|what| fields.mistake("code", what)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_kept_byte_for_byte() {
        for data in [
            "1.0",
            "1e400",
            "-0",
            "123456789012345678901234567890",
            "{\"b\":1, \"a\" : [ 2 ],\"b\":3}",
            "null",
            "\"\\ud800\"",
            "\"\\u0000\"",
            &format!("{}{}", "[".repeat(1000), "]".repeat(1000)),
        ] {
            for action in [r#""GENERIC_EVENT""#, r#"{"name":"GENERIC_EVENT"}"#] {
                let body = format!(r#"{{"code":"x","action":{action},"data": {data} ,"other":[{data}]}}"#);
                let test = parse(body.as_bytes()).unwrap();
                assert_eq!(test.data.as_deref(), Some(data));
                assert_eq!((test.code.as_str(), test.action), ("x", Action::Generic));
            }
        }
        let brief = br#"{"code":"base64:eA==","action":"SCHEDULED_EVENT","stagedSecrets":[{"key":"a","value":"1"},
            {"key":"a","markedForRemoval":true}]}"#;
        let brief = parse(brief).unwrap();
        assert_eq!(
            (brief.data, brief.code.as_str(), brief.action),
            (None, "x", Action::Scheduled)
        );
        let expected = [
            SecretChange::Remove("a".into()),
            SecretChange::Set("a".into(), "1".into()),
        ];
        assert_eq!(brief.staged_secrets, expected);
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        for (body, expected) in [
            ("", &["body: is not valid JSON"][..]),
            ("[]", &["body: expected a JSON object"]),
            ("\"text\"", &["body: expected a JSON object"]),
            (r#"{"code":" ","action":"GENERIC_EVENT"}"#, &["code: is empty"]),
            ("null", &["body: expected a JSON object"]),
            ("{\"data\":{]}", &["body: is not valid JSON"]),
            ("{}", &["code: is missing", "action: is missing"]),
            (
                r#"{"code":null,"action":null,"stagedSecrets":null,"data":null}"#,
                &["code: is missing", "action: is missing"],
            ),
            (
                r#"{"code":1,"action":1e999,"stagedSecrets":{}}"#,
                &[
                    "code: expected a text, not a number",
                    "action: expected",
                    "stagedSecrets: expected a list",
                ],
            ),
            (
                r#"{"code":"\ud800","action":"GENERIC_EVENT"}"#,
                &["code: is not valid JSON: "],
            ),
            (
                r#"{"code":"\u0000","action":"BEFORE_DOWNLOAD"}"#,
                &[
                    "code: holds a NUL",
                    "action: \"BEFORE_DOWNLOAD\" is an event of the platform",
                ],
            ),
        ] {
            let mistakes = parse(body.as_bytes()).unwrap_err();
            assert_eq!(mistakes.len(), expected.len(), "{body}: {mistakes:?}");
            for (mistake, expected) in mistakes.iter().zip(expected) {
                assert!(mistake.starts_with(expected), "{mistake}");
            }
        }
    }
}
