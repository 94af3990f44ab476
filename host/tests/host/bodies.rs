//! Payloads: how much, how fast, and what is in them.

use super::server::{Server, request, request_with, workers};
use serde_json::json;
use std::time::{Duration, Instant};

const MAX_BODY: usize = 1 << 20;

fn chunked(parts: &[&str]) -> String {
    let chunks: String = parts
        .iter()
        .map(|part| format!("{:x}\r\n{part}\r\n", part.len()))
        .collect();
    request_with("echo", "Transfer-Encoding: chunked\r\n", "") + &chunks + "0\r\n\r\n"
}

#[test]
fn bodies_obeyed_and_violated() {
    let server = Server::start(workers(), &["--body-timeout", "400ms"]);
    let mut client = server.connect();
    let string = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));

    // The result of one byte less than the limit of results fits as well.
    let answer = client.ask(request("echo", &string(MAX_BODY)));
    assert_eq!(
        (answer.status, answer.json()["executionStatus"].as_str()),
        (200, Some("STATUS_SUCCESS"))
    );
    let answer = client.ask(request("echo", &string(MAX_BODY + 1)));
    assert_eq!(
        (answer.status, &answer.json()["errors"][0]["status"]),
        (413, &json!(413))
    );
    let half = "x".repeat(MAX_BODY / 2);
    let answer = client.ask(chunked(&[&format!("\"{half}"), &half[2..], "\""]));
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = client.ask(chunked(&[&format!("\"{half}"), &half, "\""]));
    assert_eq!(answer.status, 413);
    assert_eq!(client.ask(chunked(&["[1", ",2]"])).json()["data"], json!([1, 2]));
    assert_eq!(
        client.ask(chunked(&[])).json(),
        json!({ "executionStatus": "STATUS_SUCCESS" })
    );

    // Much more than is read away: the answer arrives, the connection ends.
    let mut client = server.connect();
    let huge = request_with("echo", "Content-Length: 10000000000\r\n", "");
    assert_eq!(client.ask(huge).status, 413);

    // A client that asks first is told before it sends.
    let mut client = server.connect();
    client
        .send(request_with(
            "echo",
            "Expect: 100-continue\r\nContent-Length: 3\r\n",
            "",
        ))
        .unwrap();
    assert_eq!(client.answer().unwrap().status, 100);
    assert_eq!(client.ask("[1]").json()["data"], json!([1]));
    let mut client = server.connect();
    let answer = client.ask(request_with(
        "echo",
        "Expect: 100-continue\r\nContent-Length: 2000000\r\n",
        "",
    ));
    assert_eq!(answer.status, 413);

    // A slow client.
    let mut client = server.connect();
    let started = Instant::now();
    let answer = client.ask(request_with("echo", "Content-Length: 100\r\n", "") + "[1,");
    assert_eq!((answer.status, answer.header("connection")), (408, Some("close")));
    assert!(started.elapsed() < Duration::from_secs(2) && client.is_closed());
    server.is_well();
}

#[test]
fn data_of_every_kind_comes_back() {
    let server = Server::start(workers(), &[]);
    let cases = [
        ("[1e400]", Some("[null]")),
        (r#""\ud800""#, Some(r#""\ud800""#)),
        (r#"{"a":1,"a":2}"#, Some(r#"{"a":2}"#)),
        (r#"{"__proto__":{"x":1}}"#, Some(r#"{"__proto__":{"x":1}}"#)),
        ("\"\u{e9}\u{1f600}\"", Some("\"\u{e9}\u{1f600}\"")),
        ("false", Some("false")),
        ("0", Some("0")),
        ("\"\"", Some("\"\"")),
    ];
    for (payload, data) in cases {
        let answer = server.execute("echo", payload);
        let body = String::from_utf8(answer.body).unwrap();
        let expected = data.map(|data| format!(r#"{{"data":{data},"executionStatus":"STATUS_SUCCESS"}}"#));
        assert_eq!(Some(body), expected, "{payload}");
    }
    let bad = [
        request_with("echo", "Content-Length: 3\r\n", "").into_bytes(),
        b"\"\xff\"".to_vec(),
    ]
    .concat();
    let answer = server.connect().ask(bad);
    assert_eq!(answer.status, 400);
    assert!(
        answer.json()["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("UTF-8")
    );
}
