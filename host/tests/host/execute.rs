//! `POST /worker/api/v1/execute/{key}`, to the letter.

use super::client::{Answer, Client};
use super::server::{Server, TOKEN, add_worker, request, request_with, workers};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};

#[test]
fn the_documented_examples() {
    let server = Server::start(workers(), &[]);
    let mut client = server.connect();
    let mut ids = HashSet::new();
    let mut ask = |payload| {
        let answer = client.ask(request("echo", payload));
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert!(ids.insert(answer.header("x-execution-id").unwrap().to_owned()));
        assert_eq!(answer.status, 200);
        String::from_utf8(answer.body).unwrap()
    };
    assert_eq!(
        ask(r#"{ "foo": "bar" }"#),
        r#"{"data":{"foo":"bar"},"executionStatus":"STATUS_SUCCESS"}"#
    );
    assert_eq!(ask(""), r#"{"executionStatus":"STATUS_SUCCESS"}"#);
    assert_eq!(ask("null"), r#"{"data":null,"executionStatus":"STATUS_SUCCESS"}"#);
    let failed = r#"{"message":"Error occurred","executionStatus":2}"#;
    assert_eq!(
        ask(failed),
        format!(r#"{{"data":{failed},"executionStatus":"STATUS_FAIL"}}"#)
    );
    let failed = r#"{"executionStatus":"STATUS_FAIL"}"#;
    assert_eq!(
        ask(failed),
        format!(r#"{{"data":{failed},"executionStatus":"STATUS_FAIL"}}"#)
    );
    let passed = r#"{"executionStatus":4}"#;
    assert_eq!(
        ask(passed),
        format!(r#"{{"data":{passed},"executionStatus":"STATUS_SUCCESS"}}"#)
    );
}

/// Requests as they are sent, after the request line's method, and the status they get.
#[test]
fn requests_that_are_refused() {
    let folder = workers();
    let echo = "export default (_, data) => data";
    add_worker(&folder, "disabled", echo, r#","enabled":false"#);
    add_worker(&folder, "other", echo, r#","action":"BEFORE_DOWNLOAD""#);
    add_worker(&folder, "mine", echo, r#","projectKey":"my-project""#);
    let server = Server::start(folder, &[]);
    let with = |headers: &str| request_with("echo", headers, "1");
    let as_method = |method: &str| request("echo", "").replacen("POST", method, 1);
    let without_token = with("").replace(&format!("Authorization: Bearer {TOKEN}\r\n"), "");
    let long = "x".repeat(300);
    let cases: Vec<(u16, &str, String)> = vec![
        (401, "valid token", without_token.clone()),
        (401, "valid token", with("").replace(TOKEN, "wrong")),
        (401, "valid token", without_token.replacen("/echo", "/unknown", 1)),
        (401, "valid token", without_token.replacen("/echo", "/..", 1)),
        (200, "data", with("").replace("Bearer", "bearer")),
        (400, "line 1 column 1", request("echo", "{")),
        (400, "line 2 column 1", request("echo", "[1,\nx]")),
        (400, "line 1", request("echo", " ")),
        (400, "not valid JSON", request("echo", "{'a':1}")),
        (400, "nested", request("echo", &("[".repeat(129) + &"]".repeat(129)))),
        (200, "data", request("echo", &("[".repeat(128) + &"]".repeat(128)))),
        (400, "worker key", request("..", "")),
        (400, "worker key", request("%2e%2e%2f", "")),
        (400, "worker key", request("..%2f..%2fetc%2fpasswd", "")),
        (400, "worker key", request(&long, "")),
        (400, "worker key", request("echo%00", "")),
        (400, "worker key", request("%22echo%22", "")),
        (400, "worker key", request("'echo'", "")),
        (400, "worker key", request("-echo", "")),
        (400, "worker key", request("%ff", "")),
        (400, "worker key", request("%zz", "")),
        (404, "no worker unknown", request("unknown", "")),
        (404, "no worker ECHO", request("ECHO", "")),
        (404, "disabled", request("disabled", "")),
        (404, "BEFORE_DOWNLOAD", request("other", "")),
        (404, "in this project", request("mine?projectKey=theirs", "")),
        (404, "in this project", request("echo?projectKey=my-project", "")),
        (200, "STATUS_SUCCESS", request("mine?projectKey=my-project", "")),
        (200, "STATUS_SUCCESS", request("mine?projectKey=&x", "")),
        (200, "STATUS_SUCCESS", request("%65cho/", "")),
        (404, "nothing at this path", request("", "")),
        (404, "nothing at this path", request("echo/more", "")),
        (404, "nothing at this path", request("../execute/echo", "")),
        (
            404,
            "nothing at this path",
            as_method("GET").replacen("/worker/api/v1/execute/echo", "/", 1),
        ),
        (405, "Use POST", as_method("GET")),
        (405, "Use POST", as_method("PUT")),
        (405, "Use POST", as_method("DELETE")),
        (405, "Use POST", as_method("OPTIONS")),
        (415, "JSON", with("Content-Type: text/plain\r\n")),
        (415, "JSON", with("Content-Type: multipart/form-data; boundary=x\r\n")),
        (415, "compressed", with("Content-Encoding: gzip\r\n")),
        (200, "data", with("")),
        (
            200,
            "data",
            with("Content-Type: application/json; charset=utf-8\r\nContent-Encoding: identity\r\n"),
        ),
        (200, "data", with("Content-Type: application/x-www-form-urlencoded\r\n")),
        (200, "data", with("Content-Type: application/cloudevents+json\r\n")),
    ];
    let mut client = server.connect();
    let mut unauthorized = HashSet::new();
    for (status, part, request) in cases {
        // One connection for all: a refusal does not cost the client its connection.
        let answer = client.ask(&request);
        let body = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(answer.status, status, "{request}\n{body}");
        assert!(body.contains(part), "{part} is not in {body}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/json; charset=utf-8"),
            "{request}"
        );
        if status != 200 {
            assert_eq!(answer.json()["errors"][0]["status"], status, "{body}");
        }
        match status {
            401 => {
                assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"workers\""));
                unauthorized.insert(body);
            }
            405 => assert_eq!(answer.header("allow"), Some("POST")),
            _ => {}
        }
    }
    assert_eq!(unauthorized.len(), 1, "nothing is learnt from a 401");
    let basic = with("").replace(&format!("Bearer {TOKEN}"), "Basic YW55b25lOmEtdG9rZW4tZm9yLXRlc3Rz");
    assert_eq!(client.ask(basic).status, 200);
}

#[test]
fn a_worker_that_fails_is_a_result() {
    let server = Server::start(workers(), &["--fuel", "3_000_000_000"]);
    let answer = server.execute("throws", "");
    let json = answer.json();
    assert_eq!(
        (answer.failure().as_str(), &json["message"]),
        ("exception", &json!("TypeError: no"))
    );
    let stack = &json["error"]["stack"];
    assert!(
        stack[0]
            .as_str()
            .is_some_and(|frame| frame.contains("inner (worker.ts:2:")),
        "{stack}"
    );
    assert_eq!(
        (&json["error"]["name"], &json["error"]["cause"]["message"]),
        (&json!("TypeError"), &json!("why"))
    );
    assert!(answer.header("x-execution-id").is_some());

    let code = |key, within: Duration| {
        let started = Instant::now();
        let code = server.execute(key, "").failure();
        assert!(started.elapsed() < within, "{key} took {:?}", started.elapsed());
        server.is_well();
        code
    };
    let seconds = Duration::from_secs;
    assert_eq!(code("loop", seconds(5)), "cpu_limit");
    assert_eq!(code("allocate", seconds(5)), "memory_limit");
    // Long before the wall limit of five seconds.
    assert_eq!(code("never", seconds(1)), "unsettled");
    assert!(["exception", "stack_overflow"].contains(&code("recurse", seconds(5)).as_str()));
    assert_eq!(code("large", seconds(5)), "output_too_large");
    assert_eq!(code("bigint", seconds(5)), "invalid_output");
}

#[test]
fn no_execution_sees_another() {
    const RUNS: usize = 1000;
    let server = Server::start(workers(), &[]);
    let address = server.address;
    let ask_all = |key: &'static str| -> Vec<Value> {
        let mut client = Client::connect(address);
        let mut ask = || client.ask(request(key, "")).json()["data"].clone();
        (0..RUNS).map(|_| ask()).collect()
    };
    let (counts, randoms) = std::thread::scope(|scope| {
        let counts = scope.spawn(|| ask_all("count"));
        let randoms = ask_all("random");
        (counts.join().unwrap(), randoms)
    });
    assert!(counts.iter().all(|count| *count == 1), "{counts:?}");
    let randoms: HashSet<String> = randoms.iter().map(Value::to_string).collect();
    assert_eq!(randoms.len(), RUNS);
}

#[test]
fn executions_at_once_obeyed_and_violated() {
    let server = Server::start(
        workers(),
        &[
            "--queue",
            "0",
            "--max-executions",
            "2",
            "--timeout",
            "20s",
            "--cpu",
            "20s",
            "--fuel",
            "1_000_000_000_000",
        ],
    );
    // So that both are in memory: the first execution of each takes a place for longer.
    for worker in ["spin", "echo"] {
        assert_eq!(server.execute(worker, "1").status, 200);
    }
    let busy: Vec<_> = (0..2)
        .map(|_| {
            let mut client = server.connect();
            client.send(request("spin", "3000")).unwrap();
            client
        })
        .collect();
    let refused = until(|| server.execute("echo", ""), 429);
    assert_eq!(refused.header("retry-after"), Some("1"));
    // The host itself is not busy.
    let started = Instant::now();
    let live = server
        .connect()
        .ask("GET /worker/api/v1/system/liveness HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(live.status, 200);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    for mut client in busy {
        assert_eq!(client.answer().unwrap().json()["data"], "done");
    }
    server.is_well();
}

/// Asks again until the answer has this status, for a second.
fn until(ask: impl Fn() -> Answer, status: u16) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(1);
    loop {
        let answer = ask();
        if answer.status == status || Instant::now() > deadline {
            assert_eq!(answer.status, status, "{answer:?}");
            return answer;
        }
    }
}

#[test]
fn queue_obeyed_and_violated() {
    let limits = ["--timeout", "20s", "--cpu", "20s", "--fuel", "1_000_000_000_000"];
    let queue = ["--max-executions", "4", "--queue", "8", "--queue-wait", "30s"];
    let server = Server::start(workers(), &[&limits[..], &queue[..]].concat());
    let mut flood: Vec<_> = (0..32)
        .map(|_| {
            let mut client = server.connect();
            client.send(request("spin", "1500")).unwrap();
            client
        })
        .collect();
    // Another worker has its turn before the flood's.
    let other = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(800));
            (server.execute("echo", "1").status, Instant::now())
        });
        let begun = Instant::now();
        let live = server
            .connect()
            .ask("GET /worker/api/v1/system/liveness HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(live.status, 200);
        assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
        let statuses: Vec<u16> = flood.iter_mut().map(|client| client.answer().unwrap().status).collect();
        let count = |status| statuses.iter().filter(|so| **so == status).count();
        // One of those that waited made room for the other worker.
        assert_eq!((count(200), count(429)), (11, 21));
        other.join().unwrap()
    });
    assert_eq!(other.0, 200);
    assert!(other.1.elapsed() > Duration::from_millis(500), "it came last");
    server.is_well();
}
