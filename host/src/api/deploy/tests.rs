use super::*;
use serde_json::{Value, json};

fn maxima() -> Limits {
    Limits {
        fuel: Some(1000),
        memory_bytes: Some(64 << 20),
        requests: Some(5),
        ..Limits::default()
    }
}

/// A good body with some fields replaced.
fn body(changes: &Value) -> String {
    let mut body = json!({"key": "w", "action": "GENERIC_EVENT", "sourceCode": "export default 1"});
    let changes = changes.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(changes);
    body.to_string()
}

#[allow(clippy::needless_pass_by_value, reason = "callers write the value there")]
fn create(changes: Value) -> Result<Deploy, Mistakes> {
    parse(body(&changes).as_bytes(), Purpose::Create, &maxima())
}

#[test]
fn a_body_of_the_command_line_is_accepted() {
    let deploy = create(json!({
        "description": "d", "enabled": true, "debug": false, "secrets": null, "projectKey": "",
        "action": {"application": "worker", "name": "GENERIC_EVENT"},
        "version": {"commitSha": "", "description": "", "versionNumber": ""},
        "unknown": [1e3], "filterCriteria": {"artifactFilterCriteria": {"repoKeys": ["a"]}},
    }));
    let expected = Deploy {
        key: "w".into(),
        description: Some("d".into()),
        enabled: Some(true),
        debug: Some(false),
        shared: None,
        source_code: Some("export default 1".into()),
        action: Action::Generic,
        filter_criteria: None,
        secrets: Vec::new(),
        project_key: None,
        version: Labels::default(),
        settings: None,
    };
    assert_eq!(deploy.unwrap(), expected);
    let brief = parse(br#"{"key":"w","action":"GENERIC_EVENT"}"#, Purpose::Update, &maxima()).unwrap();
    assert_eq!((brief.source_code, brief.enabled, brief.settings), (None, None, None));
}

#[test]
fn removals_come_first() {
    let secrets = json!([
        {"key": "a", "value": "1"}, {"key": "b", "value": "\0"}, {"key": "a", "markedForRemoval": true, "value": null},
        {"key": "c", "markedForRemoval": true, "value": "x"}, {"key": "d", "value": "", "markedForRemoval": false},
    ]);
    let expected = [
        SecretChange::Remove("a".into()),
        SecretChange::Remove("c".into()),
        SecretChange::Set("a".into(), "1".into()),
        SecretChange::Set("b".into(), "\0".into()),
        SecretChange::Set("d".into(), String::new()),
    ];
    let deploy = create(json!({"secrets": secrets})).unwrap();
    assert_eq!(deploy.secrets, expected);
    assert!(!format!("{deploy:?}").contains("\"1\""));
}

#[test]
fn sources_are_read() {
    let full = "ü".repeat(MAX_SOURCE_CHARS);
    for (sent, read) in [
        ("base64:ZXhwb3J0IMO8", "export ü"),
        ("base64:ZXhwb3J0IMO8\n", "export ü"),
        ("base64 is fine", "base64 is fine"),
        (&full, &full),
        (&format!("base64:{}", BASE64.encode(full.as_bytes())), &full),
    ] {
        let deploy = create(json!({"sourceCode": sent})).unwrap();
        assert_eq!(deploy.source_code.as_deref(), Some(read));
    }
}

#[test]
fn schedules_are_read() {
    let scheduled = |filter: Value| json!({"action": "SCHEDULED_EVENT", "filterCriteria": filter});
    let deploy = create(scheduled(
        json!({"schedule": {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}}),
    ))
    .unwrap();
    let schedule = deploy.filter_criteria.unwrap();
    assert_eq!(
        (schedule.cron.as_str(), schedule.timezone.name()),
        ("0 3 * * *", "Europe/Berlin")
    );
    let utc = create(scheduled(json!({"schedule": {"cron": "0 3 * * *", "timezone": ""}}))).unwrap();
    assert_eq!(utc.filter_criteria.unwrap().timezone.name(), "UTC");
    // Not needed until it is enabled, nor by an update that does not enable it.
    let off = json!({"action": "SCHEDULED_EVENT", "enabled": false, "filterCriteria": {}});
    assert_eq!(create(off).unwrap().filter_criteria, None);
    let silent = body(&scheduled(Value::Null));
    assert!(parse(silent.as_bytes(), Purpose::Update, &maxima()).is_ok());
}

#[test]
fn settings_are_read_and_read_again() {
    let settings = json!({
        "limits": {"cpuMillis": 10, "fuel": 1000, "requests": 0, "memoryBytes": 64 << 20, "logBytes": null},
        "properties": {"a": "b", "": ""}, "allowNet": ["API.example.com:8443", "*"], "keepPayloads": false,
    });
    let settings = create(json!({"settings": settings})).unwrap().settings.unwrap();
    assert_eq!((settings.limits.fuel, settings.limits.requests), (Some(1000), Some(0)));
    assert_eq!(settings.allow_net, ["api.example.com:8443", "*"]);
    assert!(!settings.keep_payloads);
    for settings in [settings, Settings::default()] {
        let stored = serde_json::to_string(&settings).unwrap();
        assert_eq!(settings::read(&stored).unwrap(), settings);
    }
    let empty = create(json!({"settings": {}})).unwrap();
    assert_eq!(empty.settings, Some(Settings::default()));
    assert_eq!(create(json!({"settings": null})).unwrap().settings, None);
}

/// Each body, and how each of its mistakes begins.
#[test]
fn every_mistake_is_told() {
    let long = |length: usize| "x".repeat(length);
    let nulls = json!({"key": null, "description": null, "enabled": null, "debug": null, "shared": null,
        "sourceCode": null, "action": null, "filterCriteria": null, "secrets": null, "projectKey": null,
        "version": null, "settings": null});
    let wrong = json!({"key": 1, "description": [], "enabled": "yes", "debug": 0, "shared": {}, "sourceCode": true,
        "action": 7, "filterCriteria": "x", "secrets": {}, "projectKey": 1, "version": "1", "settings": []});
    let table = [
        (nulls, "key: is missing|sourceCode: is missing|action: is missing"),
        (
            wrong,
            "key: expected a text, not a number|description: expected a text, not a list|\
             enabled: expected true or false, not a text|debug: expected true or false|shared: expected true|\
             sourceCode: expected a text|action: expected \"GENERIC_EVENT\" or|filterCriteria: expected {|\
             secrets: expected a list|projectKey: expected a text|version: expected {|settings: expected an object",
        ),
        (
            json!({"key": "../x"}),
            "key: expected at most 64 letters, digits, _, . and -, the first a letter or a digit, not \"../x\"",
        ),
        (json!({"key": long(1 << 20)}), "key: expected at most 64"),
        (json!({"key": "a\0"}), "key: expected"),
        (json!({"description": "\0"}), "description: holds a NUL"),
        (
            json!({"description": long(10_001)}),
            "description: has 10001 characters, expected at most 10000",
        ),
        (json!({"sourceCode": ""}), "sourceCode: is empty"),
        (json!({"sourceCode": "base64: "}), "sourceCode: is empty"),
        (json!({"sourceCode": "base64:?"}), "sourceCode: expected base64 after"),
        (
            json!({"sourceCode": "base64:/w=="}),
            "sourceCode: is not UTF-8 once decoded",
        ),
        (json!({"sourceCode": "base64:AA=="}), "sourceCode: holds a NUL"),
        (
            json!({"sourceCode": long(100_001)}),
            "sourceCode: has 100001 characters, expected at most 100000",
        ),
        (json!({"projectKey": "a b"}), "projectKey: expected at most 64"),
        (
            json!({"action": "GENERIC_EVNT"}),
            "action: \"GENERIC_EVNT\" is not known, expected GENERIC_EVENT or SCHEDULED_EVENT (did you mean GENERIC_EVENT?)",
        ),
        (json!({"action": long(1 << 20)}), "action: \"xxx"),
        (
            json!({"action": "BEFORE_DOWNLOAD"}),
            "action: \"BEFORE_DOWNLOAD\" is an event of the platform",
        ),
        (json!({"action": {}}), "action.name: is missing"),
        (
            json!({"action": {"name": 1, "application": 2}}),
            "action.application: expected a text|action.name: expected a text",
        ),
        (
            json!({"action": {"name": "AFTER_COPY", "application": "artifactory"}}),
            "action.name: \"AFTER_COPY\" is an event",
        ),
        (
            json!({"action": {"name": "GENERIC_EVENT", "application": "artifactory"}}),
            "action.application: GENERIC_EVENT belongs to \"worker\", not to \"artifactory\"",
        ),
        (
            json!({"secrets": [1, null, {}, {"key": "a"}, {"key": ""}, {"key": "a\0", "value": "x"}, {"key": 1, "value": 2, "markedForRemoval": 3}]}),
            "secrets[0]: expected|secrets[1]: expected|secrets[2].key: is missing|secrets[2].value: is missing|\
             secrets[3].value: is missing|secrets[4].key: is empty|secrets[4].value: is missing|secrets[5].key: holds a NUL|\
             secrets[6].key: expected a text|secrets[6].markedForRemoval: expected|secrets[6].value: expected a text",
        ),
        (
            json!({"secrets": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}),
            "secrets[1].key: \"a\" is given two values",
        ),
        (
            json!({"secrets": [{"key": long(257), "value": long(65_537)}]}),
            "secrets[0].key: has 257|secrets[0].value: has 65537 bytes",
        ),
        (
            json!({"version": {"commitSha": long(129), "description": long(257), "versionNumber": long(65)}}),
            "version.commitSha: has 129 characters, expected at most 128|version.description: has 257|version.versionNumber: has 65",
        ),
        (json!({"action": "SCHEDULED_EVENT"}), "filterCriteria: is missing"),
        (
            json!({"action": "SCHEDULED_EVENT", "filterCriteria": {"schedule": null}}),
            "filterCriteria: is missing",
        ),
        (
            json!({"action": "SCHEDULED_EVENT", "filterCriteria": {"schedule": "daily"}}),
            "filterCriteria.schedule: expected an object",
        ),
        (
            json!({"action": "SCHEDULED_EVENT", "filterCriteria": {"schedule": {"timezone": "x"}}}),
            "filterCriteria.schedule.cron: is missing|filterCriteria.schedule.timezone: \"x\" is not",
        ),
        (
            json!({"action": "SCHEDULED_EVENT", "filterCriteria": {"artifactFilterCriteria": {}}}),
            "filterCriteria.artifactFilterCriteria: a SCHEDULED_EVENT has",
        ),
        (
            json!({"settings": {"limits": {"fuel": 1001, "cpuMillis": 0, "memoryBytes": 1, "requests": -1, "timeoutMillis": 1.5, "logBytes": "1", "outputBytes": 1e30, "feul": 1},
                "properties": {"a": 1, "b": null}, "allowNet": ["http://x", 1], "keepPayload": false}}),
            "settings.limits.cpuMillis: expected a whole number of at least 1, not 0|\
             settings.limits.fuel: 1001 is more than the 1000 that this host allows|\
             settings.limits.timeoutMillis: expected a whole number of at least 1, not 1.5|\
             settings.limits.memoryBytes: expected|settings.limits.outputBytes: expected|settings.limits.logBytes: expected|\
             settings.limits.requests: expected a whole number of at least 0, not -1|\
             settings.limits.feul: is not a setting (did you mean fuel?)|settings.properties.a: expected a text|\
             settings.properties.b: expected a text, not null|settings.allowNet[0]: \"http://x\" is not a host|\
             settings.allowNet[1]: expected a text|settings.keepPayload: is not a setting (did you mean keepPayloads?)",
        ),
        (
            json!({"settings": {"limits": {"requests": 6}}}),
            "settings.limits.requests: 6 is more than the 5",
        ),
    ];
    for (changes, expected) in table {
        let mistakes = create(changes.clone()).unwrap_err();
        let expected: Vec<_> = expected.split('|').collect();
        assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
        for (mistake, expected) in mistakes.iter().zip(expected) {
            assert!(mistake.starts_with(expected), "{mistake}\nshould begin {expected}");
            assert!(mistake.len() < 600, "{} bytes of mistake", mistake.len());
        }
    }
}

#[test]
fn hostile_bodies_are_refused() {
    let deep = "[".repeat(100_000);
    for (body, expected) in [
        (&b""[..], "body: is not valid JSON"),
        (b"[]", "body: expected a JSON object, not a list"),
        (b"null", "body: expected a JSON object, not null"),
        (b"\xff", "body: is not valid JSON"),
        (br#"{"key":"\ud800"}"#, "body: is not valid JSON"),
        (b"{\"key\":\"\xed\xa0\x80\"}", "body: is not valid JSON"),
        (deep.as_bytes(), "body: is not valid JSON: recursion limit"),
    ] {
        let mistakes = parse(body, Purpose::Create, &maxima()).unwrap_err();
        assert!(mistakes.len() == 1 && mistakes[0].starts_with(expected), "{mistakes:?}");
    }
    let mistakes = create(json!({"secrets": vec![1; 201]})).unwrap_err();
    assert_eq!(mistakes, ["secrets: has 201 entries, expected at most 200"]);
    let mistakes = create(json!({"settings": {"allowNet": vec![1; 100_000]}})).unwrap_err();
    assert_eq!(
        (mistakes.len(), mistakes[100].as_str()),
        (101, "body: has 99900 more mistakes")
    );
    // As in JavaScript, the last one counts.
    let twice = br#"{"key":1,"key":"w","action":"GENERIC_EVENT","action":"SCHEDULED_EVENT","enabled":false}"#;
    let twice = parse(twice, Purpose::Update, &maxima()).unwrap();
    assert_eq!((twice.key.as_str(), twice.action), ("w", Action::Scheduled));
}
