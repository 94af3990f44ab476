//! What the worker made of a case, against what the case expects.

use super::cases::Case;
use super::diff::diff;
use super::json::{same, sorted};
use crate::answer;
use crate::run::{failure, hint};
use engine::{Execution, Limits};
use serde_json::Value;

/// Everything that is not as expected, a paragraph each; nothing when all is.
pub fn differences(case: &Case, execution: &Execution, limits: &Limits) -> Vec<String> {
    let answer = answered(execution);
    let mut wrong = Vec::new();
    let fails = !execution.outcome.is_success();
    if fails && case.failure.is_none() {
        let mut told = format!(
            "The worker failed ({}): {}",
            execution.outcome.code(),
            failure(execution.outcome.message(), execution.outcome.thrown())
        );
        if let Some(hint) = hint(execution, limits) {
            told.push('\n');
            told.push_str(&hint);
        }
        // What else is different follows from that.
        return vec![told];
    }
    if let Some(expected) = &case.failure {
        if !fails {
            let data = answer.get("data").map_or("nothing".into(), sorted);
            return vec![format!("The worker did not fail. It returned:\n{data}")];
        }
        for (key, value) in expected {
            let is = answer.get("error").and_then(|error| error.get(key));
            if !is.is_some_and(|is| same(is, value)) {
                let is = is.map_or("absent".into(), sorted);
                wrong.push(format!("failure.{key} is another:\n{}", compared(&is, &sorted(value))));
            }
        }
    } else {
        let is = answer.get("data");
        match (is, &case.data) {
            (Some(is), Some(expected)) if same(is, expected) => {}
            (None, None) => {}
            (is, expected) => {
                let text = |value: Option<&Value>| value.map_or("no data".into(), sorted);
                let (is, expected) = (text(is), text(expected.as_ref()));
                wrong.push(format!("data is another:\n{}", compared(&is, &expected)));
            }
        }
        if answer::succeeded(execution) != case.succeeds {
            let status = |succeeds| if succeeds { "STATUS_SUCCESS" } else { "STATUS_FAIL" };
            let (is, expected) = (status(!case.succeeds), status(case.succeeds));
            wrong.push(format!("executionStatus is another:\n{}", compared(is, expected)));
        }
    }
    if let Some(expected) = &case.logs {
        let is = logs(execution);
        if is != *expected {
            wrong.push(format!(
                "logs are others:\n{}",
                compared(&is.join("\n"), &expected.join("\n"))
            ));
        }
    }
    wrong
}

/// The lines of the log, as a case has them.
pub fn logs(execution: &Execution) -> Vec<String> {
    execution.logs.lines().iter().map(super::report::log_line).collect()
}

/// The answer as a value; null where it cannot be read as one.
pub fn answered(execution: &Execution) -> Value {
    serde_json::from_slice(&answer::body(execution)).unwrap_or_default()
}

fn compared(actual: &str, expected: &str) -> String {
    format!("+ actual - expected\n\n{}", diff(actual, expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::author::cases::parse;
    use engine::{Outcome, Thrown};

    fn execution(outcome: Outcome, output: &str) -> Execution {
        Execution {
            outcome,
            output: output.to_owned().into(),
            logs: engine::Logs::default(),
            state_changes: engine::StateChanges::default(),
            usage: engine::Usage::default(),
        }
    }

    fn compare(case: &str, outcome: Outcome, output: &str) -> String {
        let case = parse(&format!(r#"[{{"name": "x", {case}}}]"#)).unwrap().remove(0);
        differences(&case, &execution(outcome, output), &Limits::default()).join("\n")
    }

    #[test]
    fn what_is_as_expected_is_not_told() {
        for (case, output) in [
            (r#""data": {"b": 1.0, "a": [null]}"#, r#"{"a":[null],"b":1}"#),
            (r#""payload": 1"#, ""),
            (
                r#""data": {"executionStatus": 2}, "executionStatus": "STATUS_FAIL""#,
                r#"{"executionStatus":2}"#,
            ),
            (r#""logs": [], "data": null"#, "null"),
        ] {
            assert_eq!(compare(case, Outcome::Success, output), "", "{case}");
        }
        let thrown = || {
            Outcome::Exception(Thrown {
                name: "E".into(),
                message: "m".into(),
                ..Thrown::default()
            })
        };
        assert_eq!(
            compare(r#""failure": {"code": "exception", "message": "m"}"#, thrown(), ""),
            ""
        );
    }

    #[test]
    fn what_is_not_is_told() {
        for (case, output, told) in [
            (r#""data": 1"#, "2", "data is another:\n+ actual - expected\n\n+ 2\n- 1"),
            (r#""payload": 1"#, "null", "+ null\n- no data"),
            (r#""data": null"#, "", "+ no data\n- null"),
            (
                r#""data": {"executionStatus": 2}"#,
                r#"{"executionStatus":2}"#,
                "+ STATUS_FAIL\n- STATUS_SUCCESS",
            ),
            (r#""failure": {}"#, "7", "The worker did not fail. It returned:\n7"),
            (r#""logs": ["a"]"#, "", "logs are others:\n+ actual - expected\n\n- a"),
        ] {
            assert!(compare(case, Outcome::Success, output).contains(told), "{case}");
        }
        let told = compare(r#""data": 1"#, Outcome::TimeLimit, "");
        assert!(
            told.contains("(time_limit): Worker execution timeout\nthe limit is 5s"),
            "{told}"
        );
        let told = compare(r#""failure": {"code": "exception"}"#, Outcome::TimeLimit, "");
        assert!(
            told.contains("failure.code is another") && told.contains("+ \"time_limit\""),
            "{told}"
        );
    }
}
