use super::*;
use crate::store::Definition;

fn example() -> store::Worker {
    store::Worker {
        key: "w".into(),
        definition: Definition {
            project: None,
            application: "worker".into(),
            action: "GENERIC_EVENT".into(),
            description: "says \"hi\"".into(),
            enabled: true,
            debug: false,
            shared: false,
            filter: None,
            settings: r#"{"limits":{"fuel":12345678901234567890}}"#.into(),
        },
        current: store::Version {
            number: 3,
            source: Some("export default 1".into()),
            module: None,
            labels: Labels {
                commit_sha: "c0ffee".into(),
                ..Labels::default()
            },
            copy_of: None,
            created: 1,
            created_by: "ann".into(),
        },
        secrets: vec!["token".into()],
        revision: 17,
        created: 1,
        created_by: "ann".into(),
        changed: 2,
        changed_by: "bob".into(),
    }
}

fn shown(stored: &store::Worker, whole: bool) -> Worker<'_> {
    Worker { stored, whole }
}

#[test]
fn a_worker_is_written_in_both_styles() {
    let stored = example();
    let expected = concat!(
        r#"{"key":"w","description":"says \"hi\"","enabled":true,"debug":false,"sourceCode":"export default 1","#,
        r#""action":"GENERIC_EVENT","secrets":[{"key":"token"}],"projectKey":"","#,
        r#""version":{"commitSha":"c0ffee","description":"","versionNumber":""},"shared":false,"#,
        r#""settings":{"limits":{"fuel":12345678901234567890}},"versionNumber":3,"revision":17,"#,
        r#""created":1,"createdBy":"ann","changed":2,"changedBy":"bob"}"#
    );
    assert_eq!(worker(&shown(&stored, true), Style::V1), expected);
    let object = r#""action":{"application":"worker","name":"GENERIC_EVENT"}"#;
    let v2 = worker(&shown(&stored, true), Style::V2);
    assert_eq!(v2, expected.replace(r#""action":"GENERIC_EVENT""#, object));
    let mut other = example();
    other.definition.project = Some("p".into());
    other.definition.filter = Some(r#"{"schedule":{"cron":"* * * * *"}}"#.into());
    let text = workers([shown(&other, false), shown(&stored, true)], Style::V1);
    for part in [
        r#"{"workers":[{"key":"w""#,
        r#""filterCriteria":{"schedule":{"cron":"* * * * *"}},"#,
        r#""projectKey":"p""#,
    ] {
        assert!(text.contains(part), "{text} should have {part}");
    }
    for part in ["sourceCode", r#"{"key":"token"}"#, "12345678901234567890"] {
        assert_eq!(text.matches(part).count(), 1, "{part} is for one of both: {text}");
    }
    assert_eq!(workers([], Style::V2), r#"{"workers":[]}"#);
    assert_eq!(keys(["a", "b"]), r#"{"keys":["a","b"]}"#);
}

#[test]
fn a_version_is_written() {
    let stored = store::Version {
        number: 4,
        module: Some("abc".into()),
        copy_of: Some(2),
        ..example().current
    };
    let example = Version {
        stored: &stored,
        whole: false,
        current: true,
    };
    let expected = concat!(
        r#"{"number":4,"current":true,"module":"abc","version":{"commitSha":"c0ffee","description":"","#,
        r#""versionNumber":""},"copyOf":2,"created":1,"createdBy":"ann"}"#
    );
    assert_eq!(version(&example), expected);
    assert_eq!(versions([example]), format!(r#"{{"versions":[{expected}]}}"#));
}
