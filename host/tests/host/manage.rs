//! The management API, as the public command line and people with curl use it, on both databases.

use super::client::Answer;
use super::program::{Done, Folder};
use super::server::{Server, TOKEN, add_worker};
use super::store::cluster;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ECHO: &str = "export default async (context, data) => { return data; }";

/// A server with nothing but a database; the arguments start another one on the same.
fn start(database: &[String]) -> Server {
    let arguments: Vec<&str> = database.iter().map(String::as_str).collect();
    let folder = Folder::new(&[]);
    std::fs::create_dir(folder.path("workers")).unwrap();
    Server::start(folder, &arguments)
}

/// SQLite, and PostgreSQL where it is installed.
fn databases() -> Vec<Vec<String>> {
    let postgres = cluster::shared().map(|cluster| vec!["--database".to_owned(), cluster.database()]);
    [Vec::new()].into_iter().chain(postgres).collect()
}

/// A request as the command line sends it.
fn call(server: &Server, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let length = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    server.connect().ask(format!(
        "{method} /worker/api/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nUser-Agent: jfrog-cli/2\r\n{length}\r\n{body}"
    ))
}

fn as_admin(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    call(server, method, path, TOKEN, &body)
}

/// What `jf worker deploy` sends.
fn deploy_body(key: &str, source: &str) -> Value {
    json!({
        "key": key, "description": "a worker", "enabled": true, "debug": false, "sourceCode": source,
        "action": {"application": "worker", "name": "GENERIC_EVENT"}, "secrets": null, "projectKey": "",
        "version": {"commitSha": "", "description": "", "versionNumber": ""},
    })
}

fn create(server: &Server, body: &Value) {
    let answer = as_admin(server, "POST", "v2/workers", body);
    assert_eq!(answer.status, 201, "{answer:?}");
}

fn token(server: &Server, arguments: &[&str]) -> String {
    let mut all = vec!["token", "create", "--subject", "someone"];
    all.extend(arguments);
    let done = server.folder.run(&all);
    assert_eq!(done.code, 0, "{done:?}");
    done.stdout.trim().to_owned()
}

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

fn wait_for_history(server: &Server, path: &str, entries: usize) -> Value {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let history = as_admin(server, "GET", path, &Value::Null).json();
        if history.as_array().unwrap().len() >= entries {
            return history;
        }
        assert!(Instant::now() < deadline, "{history}");
        std::thread::sleep(Duration::from_millis(20));
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
    let upload = |bytes: &[u8]| {
        let mut request = format!(
            "PUT /worker/api/v2/workers/m/module HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/wasm\r\nContent-Length: {}\r\n\r\n",
            bytes.len()
        )
        .into_bytes();
        request.extend_from_slice(bytes);
        server.connect().ask(request)
    };
    assert_eq!(upload(b"no module").status, 400);
    assert_eq!(upload(&module).status, 201);
    assert_eq!(upload(&module).status, 204);
    let server = restart(server, &[]);
    assert_eq!(server.execute("m", "").json()["data"], "from a module");
}

/// The same folder and database, after kill -9.
fn restart(mut server: Server, database: &[String]) -> Server {
    server.signal(Signal::KILL);
    server.exit_code();
    let folder = std::mem::replace(&mut server.folder, Folder::new(&[]));
    drop(server);
    let arguments: Vec<&str> = database.iter().map(String::as_str).collect();
    Server::start(folder, &arguments)
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
fn who_may_execute() {
    let server = start(&[]);
    for (key, project, shared) in [("plain", "", false), ("ours", "p", false), ("common", "p", true)] {
        let mut body = deploy_body(key, ECHO);
        body["projectKey"] = project.into();
        body["shared"] = shared.into();
        create(&server, &body);
    }
    let admin = token(&server, &["--admin"]);
    let own = token(&server, &["--project-admin", "p"]);
    let user = token(&server, &["--user", "--expires", "1d"]);
    for (name, token, plain, ours, common) in [
        ("admin", &admin, 200, 200, 200),
        ("project admin", &own, 403, 200, 200),
        ("user", &user, 403, 403, 200),
        ("nobody", &"hwt_x".to_owned(), 401, 401, 401),
    ] {
        let status = |key: &str| call(&server, "POST", &format!("v1/execute/{key}"), token, "{}").status;
        assert_eq!(
            (status("plain"), status("ours"), status("common")),
            (plain, ours, common),
            "{name}"
        );
    }
    // What a user sees of it: the shared ones, without their source.
    let seen = call(&server, "GET", "v1/workers", &user, "").json();
    let seen = seen["workers"].as_array().unwrap().clone();
    assert_eq!((seen.len(), &seen[0]["key"]), (1, &json!("common")));
    assert!(
        seen[0].get("sourceCode").is_none_or(|source| source == ""),
        "{}",
        seen[0]
    );
    assert_eq!(call(&server, "GET", "v1/workers/ours", &user, "").status, 404);
    assert_eq!(call(&server, "DELETE", "v1/workers/common", &user, "").status, 403);
    assert_eq!(call(&server, "GET", "v2/tokens", &own, "").status, 403);
    // With the token as the password of Basic auth, as `curl -u` sends it.
    let basic = data_encoding::BASE64.encode(format!("someone:{user}").as_bytes());
    let answer = server.connect().ask(format!(
        "POST /worker/api/v1/execute/common HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\nContent-Length: 1\r\n\r\n1"
    ));
    assert_eq!(answer.json()["data"], 1);
    // Revoked beside the server, refused within a second.
    let listed = server.folder.run(&["token", "list", "--output", "json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let is_user = |token: &&Value| token["scope"] == "applied-permissions/user";
    let id = listed["tokens"].as_array().unwrap().iter().find(is_user).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(server.folder.run(&["token", "revoke", &id]).code, 0);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(call(&server, "POST", "v1/execute/common", &user, "{}").status, 401);
    assert_eq!(server.folder.run(&["token", "revoke", "0123"]).code, 1);
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
fn a_schedule_runs_once_per_tick() {
    let server = start(&[]);
    let mut body = deploy_body(
        "tick",
        "export default async (context, { triggerID }) => ({ message: typeof triggerID })",
    );
    body["action"]["name"] = "SCHEDULED_EVENT".into();
    assert_eq!(
        as_admin(&server, "POST", "v2/workers", &body).status,
        400,
        "without a schedule"
    );
    body["filterCriteria"] = json!({"schedule": {"cron": "* * * * *", "timezone": "Europe/Berlin"}});
    create(&server, &body);
    let execute = as_admin(&server, "POST", "v1/execute/tick", &json!({}));
    assert!(execute.status == 404 && execute.json().to_string().contains("SCHEDULED_EVENT"));
    let history = wait_a_minute_for_history(&server);
    assert_eq!(history[0]["triggeredBy"], "schedule");
    assert_eq!(history[0]["executionResult"]["result"], json!({"message": "string"}));
    std::thread::sleep(Duration::from_secs(3));
    let again = as_admin(&server, "GET", "v1/execution_history?workerKey=tick", &Value::Null).json();
    assert_eq!(again.as_array().unwrap().len(), 1, "{again}");
}

fn wait_a_minute_for_history(server: &Server) -> Value {
    let deadline = Instant::now() + Duration::from_secs(65);
    loop {
        let history = as_admin(server, "GET", "v1/execution_history?workerKey=tick", &Value::Null).json();
        if history[0].is_object() {
            return history;
        }
        assert!(Instant::now() < deadline, "no tick within a minute");
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn tokens_of_an_issuer_outside() {
    use data_encoding::BASE64URL_NOPAD as BASE64URL;
    use ring::signature::{Ed25519KeyPair, KeyPair};
    let document = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
    let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
    let public = BASE64URL.encode(key.public_key().as_ref());
    let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "x": public}]}).to_string();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::{Read, Write};
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length";
            let _ = write!(stream, "{head}: {}\r\n\r\n{jwks}", jwks.len());
        }
    });
    let arguments = [
        "--jwt-issuer",
        "https://issuer",
        "--jwt-audience",
        "workers",
        "--jwt-keys",
        &url,
    ];
    let server = start(&arguments.map(str::to_owned));
    let mut body = deploy_body("mine", ECHO);
    body["projectKey"] = "p".into();
    create(&server, &body);
    let sign = |claims: Value| {
        let header = BASE64URL.encode(br#"{"alg":"EdDSA","kid":"one"}"#);
        let signed = format!("{header}.{}", BASE64URL.encode(claims.to_string().as_bytes()));
        format!("{signed}.{}", BASE64URL.encode(key.sign(signed.as_bytes()).as_ref()))
    };
    let claims = |audience: &str, scope: &str| json!({"iss": "https://issuer", "sub": "alice", "aud": audience, "exp": 4_000_000_000_u64, "scp": scope});
    let project_admin = r#"applied-permissions/roles:p:"Project Admin""#;
    let status = |token: &str| call(&server, "POST", "v1/execute/mine", token, "1").status;
    assert_eq!(status(&sign(claims("workers", project_admin))), 200);
    assert_eq!(status(&sign(claims("workers", "applied-permissions/user"))), 403);
    assert_eq!(status(&sign(claims("others", project_admin))), 401);
    assert_eq!(status(&(sign(claims("workers", project_admin)) + "A")), 401);
    let history = wait_for_history(&server, "v1/execution_history?workerKey=mine", 1);
    assert_eq!(history[0]["triggeredBy"], "alice");
    // Half of the settings is a mistake.
    let done = server.folder.run(&["serve", "--jwt-issuer", "x"]);
    assert!(done.code == 2 && done.stderr.contains("--jwt-audience"), "{done:?}");
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

#[test]
fn a_schedule_can_be_switched_off_and_on() {
    let server = start(&[]);
    let mut body = deploy_body("tick", "export default () => ({ message: 'ran' })");
    body["action"]["name"] = "SCHEDULED_EVENT".into();
    body["filterCriteria"] = json!({"schedule": {"cron": "* * * * *"}});
    create(&server, &body);
    body["enabled"] = false.into();
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &body).status, 204);
    // What a save does not mention stays, here the schedule; an enabled one has to mention it.
    body.as_object_mut().unwrap().remove("filterCriteria");
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &body).status, 204);
    let worker = as_admin(&server, "GET", "v1/workers/tick", &Value::Null).json();
    body["enabled"] = true.into();
    body["filterCriteria"] = worker["filterCriteria"].clone();
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &body).status, 204);
    wait_a_minute_for_history(&server);
}

#[test]
fn who_asks_too_often_is_told_when_to_come_back() {
    const RATE: u32 = 3;
    for flag in ["--caller-rate", "--worker-rate"] {
        let server = start(&[flag.to_owned(), RATE.to_string()]);
        let alice = token(&server, &["--admin"]);
        for key in ["a", "b"] {
            create(&server, &deploy_body(key, ECHO));
        }
        let execute = |key: &str, token: &str| call(&server, "POST", &format!("v1/execute/{key}"), token, "");
        // One caller of two workers, or two callers of one.
        let asks = match flag {
            "--caller-rate" => [("a", alice.as_str()), ("b", &alice)],
            _ => [("a", alice.as_str()), ("a", TOKEN)],
        };
        let begun = Instant::now();
        let answers: Vec<Answer> = (0..30)
            .map(|n| asks[n % 2])
            .map(|(key, token)| execute(key, token))
            .collect();
        let most = f64::from(RATE) * (1.0 + begun.elapsed().as_secs_f64());
        let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert!(
            done.len() >= 3 && done.len() as f64 <= most,
            "{flag}: {} of {most}",
            done.len()
        );
        assert!(!refused.is_empty(), "{flag}");
        for answer in refused {
            assert_eq!(
                (answer.status, answer.header("retry-after")),
                (429, Some("1")),
                "{flag}"
            );
        }
        assert_eq!(
            execute("b", TOKEN).status,
            200,
            "{flag}: another caller, another worker"
        );
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!(execute("a", &alice).status, 200, "{flag}");
    }
}

#[test]
fn a_worker_that_fails_pauses_until_it_is_mended() {
    let server = start(&["--back-off".to_owned()]);
    let source = "export default (_, data) => { if (data) throw new Error('no'); return { executionStatus: 2 } }";
    create(&server, &deploy_body("w", source));
    let execute = |body: &str| call(&server, "POST", "v1/execute/w", TOKEN, body);
    let fail = |times: u32| (0..times).for_each(|_| assert_eq!(execute("1").json()["error"]["code"], "exception"));
    fail(9);
    // A success, even if the worker says of it that it is none, and the count begins anew.
    assert_eq!(execute("").json()["executionStatus"], "STATUS_FAIL");
    fail(10);
    let paused = execute("");
    assert_eq!((paused.status, paused.header("retry-after")), (503, Some("1")));
    let message = paused.json()["errors"][0]["message"].clone();
    assert_eq!(message, "The worker w failed too often and is not executed for a while");
    std::thread::sleep(Duration::from_millis(1100));
    fail(1);
    let paused = execute("");
    assert_eq!((paused.status, paused.header("retry-after")), (503, Some("2")));
    let saved = as_admin(&server, "PUT", "v2/workers", &deploy_body("w", ECHO));
    assert_eq!(saved.status, 204);
    assert_eq!(execute("1").json()["data"], 1);
}

#[test]
fn executions_are_followed_as_they_end() {
    let mut server = start(&["--history-days".to_owned(), "0".to_owned()]);
    let source =
        "export default (context, data) => { console.warn(`got\n${data}`, context.secrets.get('s')); return data }";
    let mut body = deploy_body("w", source);
    body["secrets"] = json!([{"key": "s", "value": "hidden-text"}]);
    create(&server, &body);
    let ask = |key: &str, token: &str| {
        let mut client = server.connect();
        let request = format!(
            "GET /worker/api/v2/workers/{key}/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        client.send(request).unwrap();
        client
    };
    assert_eq!(ask("nobody", TOKEN).answer().unwrap().status, 404);
    assert_eq!(ask("w", &token(&server, &["--user"])).answer().unwrap().status, 404);
    let mut following = ask("w", TOKEN);
    following.until("HTTP/1.1 200 OK");
    following.until("content-type: text/event-stream");
    following.until(": still here");
    for number in 1..=2 {
        call(&server, "POST", "v1/execute/w", TOKEN, &number.to_string());
        following.until("event: execution");
        let data = following.until("data: ");
        let told: Value = serde_json::from_str(data.trim_start_matches("data: ")).unwrap();
        assert_eq!(told["workerKey"], "w");
        assert_eq!(told["executionPayload"], number);
        let logs = told["executionResult"]["logs"].as_str().unwrap();
        assert_eq!(logs, format!("[warn ] - got\n[warn ] - {number} ***\n"));
    }
    // Who follows does not keep the host from stopping.
    let begun = Instant::now();
    server.terminate();
    assert_eq!(server.exit_code(), 0);
    assert!(begun.elapsed() < Duration::from_secs(5));
    while !following.line().is_empty() {}
}
