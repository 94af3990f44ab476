//! Writes into the text of `cases.json` what the worker answers now. What need not change stays as it was written: every
//! other case, the order of fields, and the layout of their values.

use super::cases::Case;
use super::compare::{answered, logs};
use super::json::laid_out;
use crate::answer;
use engine::Execution;
use serde_json::Value;
use std::ops::Range;

/// What of a failure is written down where the case names nothing.
const TOLD: [&str; 3] = ["code", "name", "message"];

/// The place of a case, and the text that it has from now on.
pub type Change = (Range<usize>, String);

/// The case of `text` as the worker answers it now.
pub fn updated(text: &str, case: &Case, execution: &Execution) -> Change {
    let indent = indent(text, case.place.start);
    let inner = format!("{indent}  ");
    let fails = !execution.outcome.is_success();
    let data = execution.output.trim_ascii();
    let mut now = vec![
        (
            "data",
            (!fails && !data.is_empty()).then(|| String::from_utf8_lossy(data).into_owned()),
        ),
        ("executionStatus", status(fails, execution)),
        ("failure", fails.then(|| failure(case, execution))),
    ];
    // Only where the case is about them.
    if case.logs.is_some() {
        now.push(("logs", Some(Value::from(logs(execution)).to_string())));
    }
    let mut fields = Vec::new();
    for (key, place) in &case.fields {
        let written = &text[place.clone()];
        let value = match now.iter_mut().find(|(name, _)| name == key) {
            None => written.to_owned(),
            Some((_, value)) => match value.take() {
                None => continue,
                Some(value) if says_the_same(&value, written) => written.to_owned(),
                Some(value) => laid_out(&value, &inner),
            },
        };
        fields.push(format!("{inner}{}: {value}", Value::from(key.as_str())));
    }
    let missing = now.into_iter().filter_map(|(key, value)| Some((key, value?)));
    fields.extend(missing.map(|(key, value)| format!("{inner}\"{key}\": {}", laid_out(&value, &inner))));
    (case.place.clone(), format!("{{\n{}\n{indent}}}", fields.join(",\n")))
}

/// The text with all changes made.
pub fn changed(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
    let mut text = text.to_owned();
    for (place, now) in changes {
        text.replace_range(place, &now);
    }
    text
}

/// Said only where it does not follow.
fn status(fails: bool, execution: &Execution) -> Option<String> {
    (!fails && !answer::succeeded(execution)).then(|| "\"STATUS_FAIL\"".into())
}

/// The same keys as before.
fn failure(case: &Case, execution: &Execution) -> String {
    let answer = answered(execution);
    let before = case.failure.as_ref().filter(|failure| !failure.is_empty());
    let keys: Vec<&str> = match before {
        Some(failure) => failure.keys().map(String::as_str).collect(),
        None => TOLD.to_vec(),
    };
    let told = keys
        .iter()
        .filter_map(|key| Some(format!("{}: {}", Value::from(*key), answer.get("error")?.get(key)?)));
    format!("{{{}}}", told.collect::<Vec<_>>().join(", "))
}

fn says_the_same(one: &str, other: &str) -> bool {
    match (serde_json::from_str(one), serde_json::from_str(other)) {
        (Ok(one), Ok(other)) => super::json::same(&one, &other),
        _ => one == other,
    }
}

/// The white space that the line of a case begins with.
fn indent(text: &str, start: usize) -> &str {
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let before = &text[line..start];
    &before[..before.len() - before.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::cases::parse;
    use engine::{Outcome, Thrown};

    const TEXT: &str = r#"[
  { "name": "one line", "payload": {"b":1, "a":2}, "data": 1 },
  {
    "name": "several",
    "data": {"kept":   true},
    "payload": 7,
    "logs": ["[info ] - old"]
  },
  { "name": "other" }
]
"#;

    fn execution(outcome: Outcome, output: &'static str) -> Execution {
        Execution {
            outcome,
            output: output.into(),
            logs: engine::Logs::default(),
            state_changes: engine::StateChanges::default(),
            usage: engine::Usage::default(),
        }
    }

    #[test]
    fn what_need_not_change_stays_as_it_is() {
        let cases = parse(TEXT).unwrap();
        let answers = [
            execution(Outcome::Success, r#"{"z":1,"y":[]}"#),
            execution(Outcome::Success, r#"{"kept":true}"#),
        ];
        let changes = cases
            .iter()
            .zip(&answers)
            .map(|(case, answer)| updated(TEXT, case, answer));
        let expected = r#"[
  {
    "name": "one line",
    "payload": {"b":1, "a":2},
    "data": {
      "z": 1,
      "y": []
    }
  },
  {
    "name": "several",
    "data": {"kept":   true},
    "payload": 7,
    "logs": []
  },
  { "name": "other" }
]
"#;
        assert_eq!(changed(TEXT, changes.collect()), expected);
    }

    #[test]
    fn a_success_that_becomes_a_failure_changes_its_fields() {
        let cases = parse(TEXT).unwrap();
        let thrown = Thrown {
            name: "RangeError".into(),
            message: "no".into(),
            ..Thrown::default()
        };
        let failed = changed(
            TEXT,
            vec![updated(TEXT, &cases[0], &execution(Outcome::Exception(thrown), ""))],
        );
        let case = parse(&failed).unwrap().remove(0);
        let failure = Value::from(case.failure.unwrap());
        assert_eq!(
            failure,
            serde_json::json!({"code": "exception", "name": "RangeError", "message": "no"})
        );
        assert_eq!(case.data, None);
        let says = execution(Outcome::Success, r#"{"executionStatus":2}"#);
        let back = changed(&failed, vec![updated(&failed, &parse(&failed).unwrap()[0], &says)]);
        let case = parse(&back).unwrap().remove(0);
        assert!(!case.succeeds && case.failure.is_none() && case.data.is_some());
    }
}
