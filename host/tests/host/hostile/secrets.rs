//! Secrets: those of another worker or project are not there, and a value is shown nowhere.

use super::besieged;
use crate::api::{as_admin, create, deploy_body, wait_for_history};
use serde_json::{Value, json};

const VALUE: &str = "correct-horse-battery-\"staple\"";

#[test]
fn a_secret_is_its_workers_own_and_shown_nowhere() {
    let mut server = besieged(&[]);
    let tells = "export default ({ secrets }, data) => {
        const s = secrets.get('S');
        console.log(s, { s }, JSON.stringify(s)); console.error(new Error(s));
        if (data === 'throw') throw new TypeError('it is ' + s, { cause: new Error(s) });
        if (data === 'name') throw Object.assign(new Error(), { name: s, stack: 'at ' + s + ' (worker.ts:1:1)' });
        if (data === 'loop') for (;;) {}
        return data === 'value' ? { s } : s === undefined ? 'none' : 'some' }";
    for (key, project, secret) in [("owner", "p", VALUE), ("other", "p", ""), ("stranger", "q", "")] {
        let mut body = deploy_body(key, tells);
        body["projectKey"] = project.into();
        body["settings"] = json!({"limits": {"fuel": 500_000_000}});
        if !secret.is_empty() {
            body["secrets"] = json!([{"key": "S", "value": secret}]);
        }
        create(&server, &body);
    }
    assert_eq!(server.execute("owner", "").json()["data"], "some");
    for key in ["other", "stranger", "any"] {
        let payload = if key == "any" {
            "\"return context.secrets.get('S') === undefined ? 'none' : 'some'\""
        } else {
            ""
        };
        assert_eq!(server.execute(key, payload).json()["data"], "none", "{key}");
    }
    // The names of built-ins are no secrets.
    let body = "return ['__proto__', 'constructor', 'toString', '', '\\0', 'S'.repeat(1e5)].map((k) => typeof context.secrets.get(k))";
    assert_eq!(super::run(&server, body).json()["data"], json!(vec!["undefined"; 6]));
    // Only the caller is told what the worker tells it.
    for payload in ["\"value\"", "\"throw\"", "\"name\"", "\"loop\""] {
        server.execute("owner", payload);
    }
    let history = wait_for_history(&server, "v1/execution_history?workerKey=owner", 5);
    assert!(history.to_string().contains("***"), "{history}");
    let paths = [
        "v1/execution_history?workerKey=owner&showTestRun=true",
        "v1/workers",
        "v2/workers",
        "v1/workers/owner",
        "v2/workers/owner",
        "v2/workers/owner/versions",
        "v2/workers/owner/versions/1",
        "v2/workers/owner/secrets",
        "v2/executions",
        "v2/tokens",
        "v2/actions",
        "v1/options",
        "openapi.json",
    ];
    let forms = [VALUE.to_owned(), json!(VALUE).to_string(), "correct-horse".to_owned()];
    let hidden = |place: &str, text: &str| {
        for form in &forms {
            assert!(!text.contains(form.as_str()), "{place} shows the secret: {text}");
        }
    };
    for path in paths {
        let answer = as_admin(&server, "GET", path, &Value::Null);
        assert_eq!(answer.status, 200, "{path}");
        hidden(path, &String::from_utf8_lossy(&answer.body));
    }
    let test = json!({"code": tells, "action": {"application": "worker", "name": "GENERIC_EVENT"}, "data": "value"});
    let answer = as_admin(&server, "POST", "v2/test/owner", &test);
    let logs = answer.json()["logs"].clone();
    hidden("the logs of a test", logs.as_str().unwrap());
    // A build that fails, and one whose name is wrong.
    let mut broken = deploy_body("owner", "export default");
    broken["projectKey"] = "p".into();
    broken["secrets"] = json!([{"key": "S", "value": VALUE}, {"key": "", "value": VALUE}]);
    let answer = as_admin(&server, "PUT", "v2/workers", &broken);
    assert_eq!(answer.status, 400);
    hidden("a refusal", &String::from_utf8_lossy(&answer.body));
    let log = server.log.clone() + &server.logged();
    hidden("the log", &log);
    // Nor is it in any file.
    let mut folders = vec![server.folder.path("data")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                hidden(
                    &path.display().to_string(),
                    &String::from_utf8_lossy(&std::fs::read(&path).unwrap()),
                );
            }
        }
    }
}
