//! The management API, as the public command line and people with curl use it, on both databases.

use super::api::{ECHO, as_admin, create, databases, deploy_body, restart, start, upload, wait_for_history};
use super::program::{Done, Folder};
use super::server::add_worker;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
#[test]
fn the_sequences_of_the_public_command_line() {
    for database in databases() {
        let server = start(&database);
        let get = |path: &str| as_admin(&server, "GET", path, &Value::Null);
        // init
        let actions = get("v2/actions").json();
        assert_eq!(
            actions[0]["action"],
            json!({"application": "worker", "name": "GENERIC_EVENT"})
        );
        assert_eq!(
            actions[0]["samplePayload"].as_str().map(|it| it.contains("foo")),
            Some(true)
        );
        // deploy, first
        assert_eq!(get("v1/options").json()["edition"]["maxVersionNumberChars"], 64);
        let missing = get("v1/workers/mine");
        assert_eq!(
            (missing.status, &missing.json()["errors"][0]["status"]),
            (404, &json!(404))
        );
        let mut body = deploy_body("mine", ECHO);
        body["secrets"] = json!([{"key": "S", "value": "first-value"}]);
        create(&server, &body);
        assert_eq!(as_admin(&server, "POST", "v2/workers", &body).status, 409);
        // test-run
        let code = "export default async (c, data) => { console.log('hi', c.secrets.get('S')); return { got: data } }";
        let test =
            json!({"code": code, "action": {"application": "worker", "name": "GENERIC_EVENT"}, "data": {"n": 1.0}});
        let answer = as_admin(&server, "POST", "v2/test/mine?debug=false", &test);
        assert_eq!(
            String::from_utf8(answer.body).unwrap(),
            r#"{"logs":"[info ] - hi ***\n","genericEvent":{"data":{"got":{"n":1}},"executionStatus":"STATUS_SUCCESS"}}"#
        );
        // deploy, again: the old secret is removed and set in one array, in the order the command line has
        let returns_secret = "export default async (context) => context.secrets.get('S') + context.secrets.get('T')";
        let mut body = deploy_body("mine", returns_secret);
        body["secrets"] = json!([
            {"key": "S", "markedForRemoval": true}, {"key": "S", "value": "second"}, {"key": "T", "value": "third"},
        ]);
        body["version"] = json!({"commitSha": "abc", "description": "more", "versionNumber": "1.2"});
        assert_eq!(as_admin(&server, "PUT", "v2/workers", &body).status, 204);
        let worker = get("v1/workers/mine").json();
        assert_eq!(worker["action"], "GENERIC_EVENT");
        assert_eq!(worker["version"]["versionNumber"], "1.2");
        let names: Vec<_> = worker["secrets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|secret| secret["key"].as_str())
            .collect();
        assert_eq!(names, [Some("S"), Some("T")]);
        assert!(!worker.to_string().contains("second"), "{worker}");
        // list, execute
        assert_eq!(get("v1/workers").json()["workers"][0]["key"], "mine");
        assert_eq!(
            get("v1/workers?keysOnly=true&action=SCHEDULED_EVENT").json(),
            json!({"keys": []})
        );
        let answer = as_admin(&server, "POST", "v1/execute/mine", &json!({}));
        assert_eq!(
            answer.json(),
            json!({"data": "secondthird", "executionStatus": "STATUS_SUCCESS"})
        );
        let execution = answer.header("x-execution-id").unwrap().to_owned();
        // execution-history; there within a second
        let history = wait_for_history(&server, "v1/execution_history?workerKey=mine&showTestRun=true", 2);
        let entry = &history[0];
        assert_eq!(entry["executionId"], execution.as_str());
        assert_eq!(
            (&entry["testRun"], &history[1]["testRun"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(entry["executionStatus"], "STATUS_SUCCESS");
        assert_eq!(entry["triggeredBy"], "admin");
        assert_eq!(entry["executionResult"]["result"], "******", "secrets are masked");
        assert!(entry["executionResult"]["workerStats"]["topMemoryUsageBytes"].as_u64() > Some(0));
        assert_eq!(
            get("v1/execution_history?workerKey=mine")
                .json()
                .as_array()
                .unwrap()
                .len(),
            1
        );
        // undeploy
        assert_eq!(as_admin(&server, "DELETE", "v1/workers/mine", &Value::Null).status, 204);
        assert_eq!(as_admin(&server, "DELETE", "v1/workers/mine", &Value::Null).status, 404);
        assert_eq!(as_admin(&server, "POST", "v1/execute/mine", &json!({})).status, 404);
    }
}

#[test]
fn every_mistake_of_a_body_at_once_and_nothing_is_saved() {
    let server = start(&[]);
    let body =
        json!({"key": "-", "action": "GENERIC_EVENTS", "enabled": 1, "sourceCode": "", "secrets": [{"value": 1}]});
    let answer = as_admin(&server, "POST", "v1/workers", &body);
    let errors = answer.json()["errors"].clone();
    let text = errors.to_string();
    assert_eq!(answer.status, 400);
    for part in ["key: ", "action: ", "enabled: ", "sourceCode: ", "secrets[0].key: "] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let broken = deploy_body("broken", "export default () => {\n  let x = ;\n}");
    let answer = as_admin(&server, "POST", "v2/workers", &broken);
    let text = answer.json().to_string();
    assert!(answer.status == 400 && text.contains("worker.ts:2:11"), "{text}");
    let throws = deploy_body("broken", "throw new Error('at the top'); export default () => 1");
    let answer = as_admin(&server, "POST", "v2/workers", &throws);
    assert!(
        answer.status == 400 && answer.json().to_string().contains("at the top"),
        "{answer:?}"
    );
    assert_eq!(as_admin(&server, "GET", "v1/workers/broken", &Value::Null).status, 404);
}

#[test]
fn versions_are_kept_and_gone_back_to() {
    let server = start(&[]);
    create(&server, &deploy_body("v", "export default () => 'one'"));
    let two = deploy_body("v", "export default () => 'two'");
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &two).status, 204);
    let run = || as_admin(&server, "POST", "v1/execute/v", &Value::Null).json()["data"].clone();
    assert_eq!(run(), "two");
    let back = as_admin(&server, "POST", "v2/workers/v/versions/1/rollback", &Value::Null);
    assert_eq!((back.status, run()), (200, json!("one")));
    let versions = as_admin(&server, "GET", "v2/workers/v/versions", &Value::Null).json();
    let numbers: Vec<_> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["number"].as_i64())
        .collect();
    assert_eq!(numbers, [Some(3), Some(2), Some(1)]);
    let one = as_admin(&server, "GET", "v2/workers/v/versions/1", &Value::Null).json();
    assert_eq!(one["sourceCode"], "export default () => 'one'");
    for (number, status) in [("9", 404), ("x", 400)] {
        let path = format!("v2/workers/v/versions/{number}");
        assert_eq!(as_admin(&server, "GET", &path, &Value::Null).status, status, "{number}");
    }
}

#[test]
fn a_ready_module_is_a_worker_too() {
    let server = start(&[]);
    server.folder.write("m.ts", "export default () => 'from a module'");
    assert_eq!(server.folder.run(&["build", "m.ts"]).code, 0);
    let module = std::fs::read(server.folder.path("m.wasm")).unwrap();
    let upload = |bytes: &[u8]| server.connect().ask(upload("m", bytes)).status;
    assert_eq!(upload(b"no module"), 400);
    assert_eq!(upload(&module), 201);
    assert_eq!(upload(&module), 204);
    // One that is made of a module is what the query says.
    let made = |query: &str| {
        let head = String::from_utf8(super::api::upload("other", b"")).unwrap();
        let head = head.replace("/module ", &format!("/module?{query} "));
        let head = head.replace("Length: 0", &format!("Length: {}", module.len()));
        server.connect().ask([head.as_bytes(), &module].concat())
    };
    for (query, expected) in [
        (
            "action=AFTER_CREATE",
            "action: expected GENERIC_EVENT or SCHEDULED_EVENT",
        ),
        ("action=SCHEDULED_EVENT", "enabled: expected false"),
        ("enabled=maybe", "enabled: expected true or false"),
        ("projectKey=a/b", "projectKey: "),
    ] {
        let answer = made(query);
        let text = answer.json().to_string();
        assert!(answer.status == 400 && text.contains(expected), "{query}: {text}");
    }
    assert_eq!(made("action=SCHEDULED_EVENT&projectKey=p&enabled=false").status, 201);
    let worker = as_admin(&server, "GET", "v1/workers/other", &Value::Null).json();
    assert_eq!(
        (&worker["action"], &worker["projectKey"], &worker["enabled"]),
        (&json!("SCHEDULED_EVENT"), &json!("p"), &json!(false))
    );
    let server = restart(server, &[]);
    assert_eq!(server.execute("m", "").json()["data"], "from a module");
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    for database in databases() {
        let mut server = start(&database);
        let body = deploy_body(
            "k",
            "export default ({ state }) => { state.set('n', Number(state.get('n') ?? 0) + 1); return state.get('n') }",
        );
        create(&server, &body);
        for round in 1..=5 {
            assert_eq!(server.execute("k", "").json()["data"], round.to_string(), "the state");
            create(&server, &deploy_body(&format!("w{round}"), ECHO));
            server = restart(server, &database);
            let keys = as_admin(&server, "GET", "v1/workers?keysOnly=true", &Value::Null).json();
            assert_eq!(keys["keys"].as_array().unwrap().len(), round + 1, "{keys}");
            assert_eq!(server.execute(&format!("w{round}"), "[1]").json()["data"], json!([1]));
        }
    }
}

#[test]
fn running_executions_are_listed_and_stopped() {
    let server = start(&[]);
    create(
        &server,
        &deploy_body("slow", "export default ({ wait }) => wait(60000)"),
    );
    let mut client = server.connect();
    client.send(super::server::request("slow", "")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(4);
    let id = loop {
        let running = as_admin(&server, "GET", "v2/executions", &Value::Null).json();
        if let Some(id) = running["executions"][0]["executionId"].as_str() {
            break id.to_owned();
        }
        assert!(Instant::now() < deadline);
    };
    assert_eq!(
        as_admin(&server, "DELETE", &format!("v2/executions/{id}"), &Value::Null).status,
        204
    );
    assert_eq!(client.answer().unwrap().failure(), "cancelled");
    assert_eq!(
        as_admin(&server, "DELETE", &format!("v2/executions/{id}"), &Value::Null).status,
        404
    );
}

#[test]
fn a_folder_and_the_database_do_not_mix() {
    let server = start(&[]);
    create(&server, &deploy_body("echo", ECHO));
    add_worker(&server.folder, "echo", ECHO, "");
    let mut server = server;
    server.terminate();
    assert_eq!(server.exit_code(), 0);
    let folder = std::mem::replace(&mut server.folder, Folder::new(&[]));
    let done = folder.run(&["serve", "--workers", "workers", "--listen", "127.0.0.1:0"]);
    assert_eq!(done.code, 2);
    assert!(
        done.stderr
            .contains("worker echo is in workers/echo and in the database"),
        "{}",
        done.stderr
    );
}

#[test]
fn one_server_on_one_data_folder() {
    let server = start(&[]);
    let done = server.folder.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(done.code == 2 && done.stderr.contains("another"), "{done:?}");
}

#[test]
fn a_worker_made_anew_has_nothing_of_the_one_before() {
    let server = start(&[]);
    let slow = "export default async (c) => { await c.wait(1000); c.state.set('leak', 'old'); return 'ran' }";
    create(&server, &deploy_body("st", slow));
    let mut client = server.connect();
    client.send(super::server::request("st", "")).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(as_admin(&server, "DELETE", "v1/workers/st", &Value::Null).status, 204);
    create(&server, &deploy_body("st", "export default (c) => c.state.getAll()"));
    // What ran goes on to its end.
    assert_eq!(client.answer().unwrap().json()["data"], "ran");
    assert_eq!(server.execute("st", "").json()["data"], json!({}));
    // Nor in the database, which is read again after a save.
    let path = "v2/workers/st/secrets/any";
    assert_eq!(as_admin(&server, "PUT", path, &json!({"value": "x"})).status, 204);
    assert_eq!(server.execute("st", "").json()["data"], json!({}));
}

/// What a large statement changes goes to a file for a while, which a server that is confined must be able to make.
#[test]
fn a_worker_with_many_versions_is_deleted() {
    let server = start(&[]);
    let source = |version: u32| {
        // What does not get smaller when it is compressed.
        let mut seed = version;
        let noise = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            format!("{seed:08x}")
        });
        let noise: String = noise.take(350).collect();
        format!("// {noise}\nexport default () => {version}")
    };
    // In turns, so that no page of the database is of one of them alone.
    let keys = ["one", "other"];
    for version in 0..60 {
        let body = deploy_body(keys[version as usize % 2], &source(version));
        let (method, path) = if version < 2 {
            ("POST", "v2/workers")
        } else {
            ("PUT", "v1/workers")
        };
        let answer = as_admin(&server, method, path, &body);
        assert!(answer.status < 300, "{answer:?}");
    }
    let answer = as_admin(&server, "DELETE", "v1/workers/one", &Value::Null);
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[test]
fn what_is_executed_is_what_was_saved_last() {
    let server = start(&[]);
    let body = |number: usize| {
        let source = format!("export default ({{ secrets }}) => ['{number}', secrets.get('s')]");
        let mut body = deploy_body("k", &source);
        body["secrets"] = json!([{"key": "s", "value": number.to_string()}]);
        body
    };
    create(&server, &body(0));
    for round in 0..10 {
        std::thread::scope(|scope| {
            for writer in 1..=4 {
                let (server, body) = (&server, &body);
                scope.spawn(move || {
                    let status = as_admin(server, "PUT", "v2/workers", &body(round * 10 + writer)).status;
                    assert!(matches!(status, 204 | 409), "{status}");
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let data = server.execute("k", "").json()["data"].clone();
                        assert_eq!(data[0], data[1], "half of a deployment");
                    }
                });
            }
        });
        let worker = as_admin(&server, "GET", "v1/workers/k", &Value::Null).json();
        let executed = server.execute("k", "").json()["data"][0].clone();
        let source = worker["sourceCode"].as_str().unwrap();
        assert!(
            source.contains(&format!("[{}, ", executed.to_string().replace('"', "'"))),
            "{executed}: {source}"
        );
    }
}

#[test]
fn staged_secrets_are_over_those_of_the_worker() {
    let server = start(&[]);
    let mut body = deploy_body("k", ECHO);
    body["secrets"] = json!([{"key": "gone", "value": "1234"}, {"key": "other", "value": "1234"}]);
    create(&server, &body);
    let test = json!({
        "code": "export default ({ secrets }) => [secrets.get('gone') ?? null, secrets.get('other').length]",
        "action": "GENERIC_EVENT",
        "stagedSecrets": [{"key": "gone", "markedForRemoval": true}, {"key": "other", "value": "12"}],
    });
    let answer = as_admin(&server, "POST", "v1/test/k", &test).json();
    assert_eq!(answer["genericEvent"]["data"], json!([null, 2]), "{answer}");
}

#[test]
fn the_master_key_is_rotated() {
    let server = start(&[]);
    let mut body = deploy_body("k", "export default ({ secrets }) => secrets.get('s')");
    body["secrets"] = json!([{"key": "s", "value": "kept"}]);
    create(&server, &body);
    let old = std::fs::read_to_string(server.folder.path("data/master-key")).unwrap();
    let new = data_encoding::BASE64URL_NOPAD.encode(&[7; 32]);
    let rotate = |variables: &[(&str, &str)]| {
        let mut command = server.folder.host(&["rotate-key"]);
        let done: Done = command.envs(variables.iter().copied()).output().unwrap().into();
        (done.code, done.stderr)
    };
    let (code, problem) = rotate(&[("HOST_MASTER_KEY", &new)]);
    assert!(code == 2 && problem.contains("another one"), "{problem}");
    let (code, words) = rotate(&[("HOST_MASTER_KEY", &new), ("HOST_PREVIOUS_MASTER_KEY", old.trim())]);
    assert!(code == 0 && words.contains("1 secrets"), "{words}");
    server.folder.write("data/master-key", &new);
    let server = restart(server, &[]);
    assert_eq!(server.execute("k", "").json()["data"], "kept");
}
