//! `cases.json`: payloads, each with what the worker is to make of it. Read with every mistake told, and with the places of the
//! fields, so that they can be written anew where they stand.

use super::json::{Fields, place};
use crate::suggest::did_you_mean;
use engine::Texts;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::ops::Range;

/// What a case may have, and what is said when it is something else.
pub const KEYS: &[&str] = &[
    "name",
    "payload",
    "data",
    "executionStatus",
    "failure",
    "logs",
    "secrets",
    "properties",
    "state",
];

/// What a failure may have: keys of `error` in an answer.
pub const FAILURE_KEYS: &[&str] = &["code", "name", "message", "stack", "cause", "exitCode"];

/// What `failure.code` can be.
pub const CODES: &[&str] = &[
    "exception",
    "unsettled",
    "cpu_limit",
    "time_limit",
    "memory_limit",
    "stack_overflow",
    "host_call_limit",
    "output_too_large",
    "invalid_output",
    "trap",
    "exit",
];

/// One case.
#[derive(Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The payload as it is written: the order of its keys is part of it. Empty for none.
    pub payload: String,
    /// The value that is returned; nothing when none is.
    pub data: Option<Value>,
    /// Whether the execution counts as a success; that follows from `failure` where it is not said.
    pub succeeds: bool,
    /// What `error` of the answer has, among other things; nothing where the worker does not fail.
    pub failure: Option<Map<String, Value>>,
    /// All lines of the log; nothing where they may be any.
    pub logs: Option<Vec<String>>,
    /// `context.secrets`.
    pub secrets: Texts,
    /// `context.properties`, over those of the manifest.
    pub properties: Texts,
    /// `context.state` as an execution before left it.
    pub state: Texts,
    /// Where it stands in the file.
    pub place: Range<usize>,
    /// Its fields in their order, with the places of their values.
    pub fields: Vec<(String, Range<usize>)>,
}

impl Case {
    /// One that gives nothing and expects nothing.
    pub fn nothing() -> Self {
        Self {
            name: String::new(),
            payload: String::new(),
            data: None,
            succeeds: true,
            failure: None,
            logs: None,
            secrets: Texts::new(),
            properties: Texts::new(),
            state: Texts::new(),
            place: 0..0,
            fields: Vec::new(),
        }
    }
}

/// Reads the cases; on failure says all that is wrong with them.
pub fn parse(text: &str) -> Result<Vec<Case>, Vec<String>> {
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        vec![match error.classify() {
            serde_json::error::Category::Data => format!("expected a list of cases: {error}"),
            _ => format!("is not valid JSON: {error}"),
        }]
    })?;
    let mut faults = Vec::new();
    let mut names = HashSet::new();
    let mut cases = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let line = text[..place(text, item).start].matches('\n').count() + 1;
        let mut wrong = Vec::new();
        let case = case(text, item, &mut wrong);
        if let Some(case) = case {
            if !case.name.is_empty() && !names.insert(case.name.clone()) {
                wrong.push(format!("name: {:?} is the name of a case before it", case.name));
            }
            cases.push(case);
        }
        faults.extend(
            wrong
                .iter()
                .map(|wrong| format!("case {} (line {line}): {wrong}", number + 1)),
        );
    }
    if faults.is_empty() { Ok(cases) } else { Err(faults) }
}

fn case(text: &str, item: &RawValue, wrong: &mut Vec<String>) -> Option<Case> {
    let Ok(Fields(fields)) = serde_json::from_str::<Fields<'_>>(item.get()) else {
        wrong.push("expected an object".into());
        return None;
    };
    let mut seen = HashSet::new();
    for (key, _) in &fields {
        if !KEYS.contains(&key.as_str()) {
            let hint = did_you_mean(key, KEYS.iter().copied());
            wrong.push(format!("{key}: is not known{hint}"));
        } else if !seen.insert(key) {
            wrong.push(format!("{key}: is there twice"));
        }
    }
    let raw = |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, value)| *value);
    // A RawValue is valid JSON, but numbers such as 1e999 are none that can be compared.
    let value = |key: &str, wrong: &mut Vec<String>| {
        let read = serde_json::from_str::<Value>(raw(key)?.get());
        read.map_err(|error| wrong.push(format!("{key}: {error}"))).ok()
    };
    let name = match value("name", wrong) {
        Some(Value::String(name)) if !name.trim().is_empty() => name,
        None => {
            wrong.push("name: is missing".into());
            String::new()
        }
        Some(_) => {
            wrong.push("name: expected a text".into());
            String::new()
        }
    };
    let data = value("data", wrong);
    let failure = value("failure", wrong).and_then(|value| failure(value, wrong));
    let status = match value("executionStatus", wrong) {
        None => None,
        Some(Value::String(status)) if status == "STATUS_SUCCESS" => Some(true),
        Some(Value::String(status)) if status == "STATUS_FAIL" => Some(false),
        Some(other) => {
            wrong.push(format!(
                "executionStatus: expected STATUS_SUCCESS or STATUS_FAIL, not {other}"
            ));
            None
        }
    };
    if data.is_some() && failure.is_some() {
        wrong.push("data, failure: a worker that fails has no data; expected one of the two".into());
    }
    if failure.is_some() && status == Some(true) {
        wrong.push("executionStatus: a failure is no STATUS_SUCCESS".into());
    }
    let logs = value("logs", wrong).and_then(|value| {
        let lines = value
            .as_array()
            .and_then(|lines| lines.iter().map(|line| line.as_str().map(str::to_owned)).collect());
        if lines.is_none() {
            wrong.push("logs: expected a list of lines, such as \"[info ] - text\"".into());
        }
        lines
    });
    let mut texts = |key: &str| match value(key, wrong) {
        None => Texts::new(),
        Some(value) => serde_json::from_value(value).unwrap_or_else(|_| {
            wrong.push(format!("{key}: expected an object of texts"));
            Texts::new()
        }),
    };
    let (secrets, properties, state) = (texts("secrets"), texts("properties"), texts("state"));
    Some(Case {
        name,
        payload: raw("payload").map_or("", RawValue::get).to_owned(),
        data,
        succeeds: status.unwrap_or(failure.is_none()),
        failure,
        logs,
        secrets,
        properties,
        state,
        place: place(text, item),
        fields: fields
            .iter()
            .map(|(key, value)| (key.clone(), place(text, value)))
            .collect(),
    })
}

fn failure(value: Value, wrong: &mut Vec<String>) -> Option<Map<String, Value>> {
    let Value::Object(failure) = value else {
        wrong.push("failure: expected an object, such as {\"code\": \"exception\"}".into());
        return None;
    };
    for key in failure.keys().filter(|key| !FAILURE_KEYS.contains(&key.as_str())) {
        let hint = did_you_mean(key, FAILURE_KEYS.iter().copied());
        wrong.push(format!("failure.{key}: is not known{hint}"));
    }
    if let Some(code) = failure.get("code")
        && code.as_str().is_none_or(|code| !CODES.contains(&code))
    {
        let hint = did_you_mean(code.as_str().unwrap_or_default(), CODES.iter().copied());
        wrong.push(format!("failure.code: {code} is not known{hint}"));
    }
    Some(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_keeps_its_payload_as_it_is_written() {
        let text = r#"[{"name": "a", "payload": {"z": 1.0, "a": 2}, "data": null, "logs": ["[info ] - x"]},
            {"name": "b", "failure": {"code": "exception"}, "secrets": {"k": "v"}},
            {"name": "c", "data": 1, "executionStatus": "STATUS_FAIL"}]"#;
        let cases = parse(text).unwrap();
        assert_eq!(cases[0].payload, r#"{"z": 1.0, "a": 2}"#);
        assert_eq!((&cases[0].data, cases[0].succeeds), (&Some(Value::Null), true));
        assert_eq!(
            (cases[1].payload.as_str(), &cases[1].data, cases[1].succeeds),
            ("", &None, false)
        );
        assert_eq!(cases[1].secrets["k"], "v");
        assert!(!cases[2].succeeds && cases[2].failure.is_none());
        assert_eq!(&text[cases[0].fields[0].1.clone()], "\"a\"");
        assert!(text[cases[1].place.clone()].starts_with("{\"name\": \"b\""));
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line() {
        let text = r#"[
            {"name": "a", "paylod": 1, "data": 1, "failure": {"code": "excepton", "mesage": 1}},
            {"name": "a", "executionStatus": 2, "logs": "x", "secrets": {"a": 1}, "state": []},
            7,
            {"name": "", "failure": 1, "data": 1, "data": 2}
        ]"#;
        let faults = parse(text).unwrap_err();
        let expected = [
            "case 1 (line 2): paylod: is not known (did you mean payload?)",
            "case 1 (line 2): failure.mesage: is not known (did you mean message?)",
            "case 1 (line 2): failure.code: \"excepton\" is not known (did you mean exception?)",
            "case 1 (line 2): data, failure: a worker that fails has no data",
            "case 2 (line 3): executionStatus: expected STATUS_SUCCESS or STATUS_FAIL, not 2",
            "case 2 (line 3): logs: expected a list of lines",
            "case 2 (line 3): secrets: expected an object of texts",
            "case 2 (line 3): state: expected an object of texts",
            "case 2 (line 3): name: \"a\" is the name of a case before it",
            "case 3 (line 4): expected an object",
            "case 4 (line 5): data: is there twice",
            "case 4 (line 5): name: expected a text",
            "case 4 (line 5): failure: expected an object",
        ];
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.starts_with(expected), "{fault}");
        }
        assert!(parse("[{").unwrap_err()[0].starts_with("is not valid JSON"));
        assert!(parse("{}").unwrap_err()[0].starts_with("expected a list of cases"));
        assert!(parse("[]").unwrap().is_empty());
    }
}
