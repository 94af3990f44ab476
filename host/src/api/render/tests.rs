use super::*;

fn labels() -> Labels {
    Labels {
        commit_sha: "c0ffee".into(),
        ..Labels::default()
    }
}

fn example<'a>(labels: &'a Labels, secrets: &'a [String]) -> Worker<'a> {
    Worker {
        key: "w",
        application: "worker",
        action: "GENERIC_EVENT",
        description: "says \"hi\"",
        enabled: true,
        debug: false,
        shared: false,
        source: Some("export default 1"),
        filter: None,
        settings: r#"{"limits":{"fuel":12345678901234567890}}"#,
        project: None,
        secrets,
        labels,
        version: 3,
        revision: 17,
        created: 1,
        created_by: "ann",
        changed: 2,
        changed_by: "bob",
    }
}

#[test]
fn a_worker_is_written_in_both_styles() {
    let (labels, secrets) = (labels(), ["token".to_owned()]);
    let example = example(&labels, &secrets);
    let expected = concat!(
        r#"{"key":"w","description":"says \"hi\"","enabled":true,"debug":false,"sourceCode":"export default 1","#,
        r#""action":"GENERIC_EVENT","secrets":[{"key":"token"}],"projectKey":"","#,
        r#""version":{"commitSha":"c0ffee","description":"","versionNumber":""},"shared":false,"#,
        r#""settings":{"limits":{"fuel":12345678901234567890}},"versionNumber":3,"revision":17,"#,
        r#""created":1,"createdBy":"ann","changed":2,"changedBy":"bob"}"#
    );
    assert_eq!(worker(&example, Style::V1), expected);
    let object = r#""action":{"application":"worker","name":"GENERIC_EVENT"}"#;
    let v2 = worker(&example, Style::V2);
    assert_eq!(v2, expected.replace(r#""action":"GENERIC_EVENT""#, object));
    let uploaded = Worker {
        source: None,
        project: Some("p"),
        filter: Some(r#"{"schedule":{"cron":"* * * * *"}}"#),
        ..example
    };
    let text = workers([uploaded, example], Style::V1);
    assert!(
        text.starts_with(r#"{"workers":[{"key":"w""#) && text.ends_with("]}"),
        "{text}"
    );
    assert!(
        text.contains(r#""filterCriteria":{"schedule":{"cron":"* * * * *"}},"#),
        "{text}"
    );
    assert!(
        text.contains(r#""projectKey":"p""#) && text.matches("sourceCode").count() == 1,
        "{text}"
    );
    assert_eq!(workers([], Style::V2), r#"{"workers":[]}"#);
    assert_eq!(keys(["a", "b"]), r#"{"keys":["a","b"]}"#);
}

#[test]
fn a_version_is_written() {
    let labels = labels();
    let example = Version {
        number: 4,
        source: None,
        module: Some("abc"),
        labels: &labels,
        copy_of: Some(2),
        created: 5,
        created_by: "ann",
        current: true,
    };
    let expected = concat!(
        r#"{"number":4,"current":true,"module":"abc","version":{"commitSha":"c0ffee","description":"","#,
        r#""versionNumber":""},"copyOf":2,"created":5,"createdBy":"ann"}"#
    );
    assert_eq!(version(&example), expected);
    assert_eq!(versions([example]), format!(r#"{{"versions":[{expected}]}}"#));
}
