//! Workers that answer over HTTP themselves.

use super::api::{as_admin, create, deploy_body, start, wait_for_history};
use super::client::Answer;
use super::server::{Server, TOKEN, add_worker, workers};
use serde_json::{Value, json};

/// Answers with what it was sent, or as the path says.
const SOURCE: &str = r#"
export default async (context, data) => {
  context.state.set("last", data.path);
  switch (data.path) {
    case "/response": return context.response(JSON.parse(data.body));
    case "/bytes": return context.response({ status: 201, body: Uint8Array.fromBase64(data.bodyBase64) });
    case "/nothing": return;
    case "/throw": throw new TypeError("no");
    case "/spin": for (;;);
    case "/cookie": return { httpResponse: { headers: { "Set-Cookie": "a=b", "Content-Length": "1" } } };
    default: return data;
  }
}"#;

fn ask(server: &Server, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
    let mut request = format!(
        "{method} /worker/api/v2/http/{path} HTTP/1.1\r\nHost: example.com\r\nAuthorization: Bearer {TOKEN}\r\n{headers}\
         Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    server.connect().ask(request)
}

fn endpoint() -> Server {
    let server = start(&[]);
    let mut definition = deploy_body("w", SOURCE);
    definition["settings"] = json!({"httpResponses": true, "limits": {"cpuMillis": 50}});
    create(&server, &definition);
    server
}

#[test]
fn the_worker_gets_the_request() {
    let server = endpoint();
    let answer = ask(
        &server,
        "POST",
        "w/a%20b//c/?q=1&q=2&projectKey=none",
        "Cookie: a=b\r\nX-A: 1\r\nx-a: 2\r\n",
        b"text",
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    let expected = json!({
        "method": "POST", "path": "/a%20b//c/", "query": {"q": ["1", "2"], "projectKey": "none"},
        "headers": {"host": "example.com", "x-a": "1, 2", "content-length": "4"}, "body": "text",
    });
    assert_eq!(answer.json(), expected);
    let answer = ask(&server, "GET", "w", "", b"");
    let seen = answer.json();
    assert_eq!((&seen["method"], &seen["path"]), (&json!("GET"), &json!("/")));
    assert_eq!((seen.get("body"), seen.get("bodyBase64")), (None, None));
    // An execution like any other.
    let history = wait_for_history(&server, "v1/execution_history?workerKey=w", 2);
    assert_eq!(history[0]["executionId"], json!(answer.header("x-execution-id")));
}

#[test]
fn the_client_gets_the_response() {
    let server = endpoint();
    let wanted = json!({"status": 404, "headers": {"X-A": "1", "content-type": "text/html"}, "body": "<p>"});
    let answer = ask(&server, "POST", "w/response", "", wanted.to_string().as_bytes());
    assert_eq!((answer.status, answer.body.as_slice()), (404, &b"<p>"[..]));
    assert_eq!(
        (answer.header("x-a"), answer.header("content-type")),
        (Some("1"), Some("text/html"))
    );
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("x-execution-id").is_some());
    let answer = ask(&server, "POST", "w/bytes", "", b"\xff\0");
    assert_eq!((answer.status, answer.body.as_slice()), (201, &b"\xff\0"[..]));
    for (path, body) in [("nothing", ""), ("response", r#"{"status":304}"#)] {
        let answer = ask(&server, "POST", &format!("w/{path}"), "", body.as_bytes());
        assert!(
            matches!(answer.status, 204 | 304) && answer.body.is_empty(),
            "{answer:?}"
        );
    }
}

#[test]
fn what_cannot_be_answered_is_told() {
    let server = endpoint();
    let messages = |answer: &Answer| -> Vec<String> {
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors
            .iter()
            .map(|error| error["message"].as_str().unwrap().to_owned())
            .collect()
    };
    for (path, body, status, expected) in [
        ("throw", "", 502, vec!["TypeError: no"]),
        ("spin", "", 504, vec!["Worker used too much cpu time"]),
        (
            "response",
            r#"{"status":1}"#,
            502,
            vec!["RangeError: context.response: the status must be a whole number from 200 to 599, not 1"],
        ),
        (
            "cookie",
            "",
            502,
            vec![
                "The worker's httpResponse cannot be answered: the header content-length is not the worker's to set",
                "The worker's httpResponse cannot be answered: the header set-cookie is not the worker's to set",
            ],
        ),
    ] {
        let answer = ask(&server, "POST", &format!("w/{path}"), "", body.as_bytes());
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(messages(&answer), expected);
        assert!(answer.header("x-execution-id").is_some());
        assert_eq!(answer.header("set-cookie"), None);
    }
    let answer = ask(&server, "PUT", "w/a", "", b"");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST")));
    let answer = ask(&server, "POST", "w", "", "\u{1}".repeat(200_000).as_bytes());
    assert_eq!(answer.status, 413, "{answer:?}");
}

#[test]
fn only_if_it_is_wanted() {
    let folder = workers();
    add_worker(&folder, "open", SOURCE, r#","httpResponses":true"#);
    let server = Server::start(folder, &[]);
    assert_eq!(ask(&server, "GET", "open/x", "", b"").status, 200);
    let mut definition = deploy_body("w", SOURCE);
    create(&server, &definition);
    let answer = ask(&server, "GET", "w/x", "", b"");
    assert_eq!(answer.status, 404);
    let message = "The worker w does not answer over HTTP: its setting httpResponses is off";
    assert_eq!(answer.json()["errors"][0]["message"], message);
    definition["settings"] = json!({"httpResponses": true});
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &definition).status, 204);
    assert_eq!(ask(&server, "GET", "w/x", "", b"").json()["path"], "/x");
    let told: Value = as_admin(&server, "GET", "v2/workers/w", &Value::Null).json();
    assert_eq!(told["settings"]["httpResponses"], true);
}
