//! Clients that speak HTTP/1 badly on purpose.

use super::{SOME, besieged};
use crate::client::Client;
use crate::server::{Server, TOKEN, request, request_with, workers};
use std::time::{Duration, Instant};

#[test]
fn requests_that_mean_two_things_are_refused() {
    let server = besieged(&[]);
    let before = server.holdings();
    let get = |line: &str| format!("{line}\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    let with = |headers: &str| request_with("echo", headers, "1");
    let key = |key: &str| request(key, "1");
    // The statuses that may be answered; 0 is a connection that is closed without a word.
    let cases: Vec<(&[u16], String)> = vec![
        (&[400], key("..%00")),
        (&[400], key("..%2f..%2fadmin")),
        (&[400], key("%2e%2e%5c")),
        (&[400], key("%c0%ae%c0%ae")),
        (&[400], key("echo%20")),
        (&[400], key("echo%0d%0aX-A:%201")),
        (&[400], key("%3cscript%3e")),
        (&[400, 404], key("echo;a=b")),
        (&[400], key(&"%61".repeat(300))),
        (&[401], with(&format!("Authorization: Bearer {TOKEN}\r\n"))),
        (&[401], with("Authorization: Bearer other\r\n")),
        (&[400], with("X-Worker-Hops: -1\r\n")),
        (&[400], with("X-Worker-Hops: 99999999999999999999\r\n")),
        (&[400], with("X-Worker-Hops: 8\r\n")),
        (&[400], with("X-Worker-Hops: 0x1\r\n")),
        (&[200], with("X-Worker-Hops: 7\r\n")),
        (
            &[200],
            with("X-Forwarded-For: 127.0.0.1\r\nX-Original-URL: /admin\r\nX-HTTP-Method-Override: DELETE\r\n"),
        ),
        (&[400], with("Content-Length: -1\r\n")),
        (&[400], with("Content-Length: 99999999999999999999999\r\n")),
        (&[400], with("Content-Length: 0x1\r\n")),
        (&[400], with("Transfer-Encoding: xchunked\r\n")),
        (&[400], with(" folded: x\r\n")),
        (&[400, 200], with("X: a\r\n b\r\n")),
        (&[400], with("X: a\0b\r\n")),
        (&[400], with("X\r\n")),
        (&[400], with(": x\r\n")),
        (
            &[200, 426, 501, 400],
            with("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"),
        ),
        (&[200, 417, 400], with("Expect: 200-ok\r\n")),
        (&[400, 404, 405], get("CONNECT 127.0.0.1:22 HTTP/1.1")),
        (&[404, 400], get("GET http://127.0.0.1:22/ HTTP/1.1")),
        (&[400, 404], get("GET * HTTP/1.1")),
        (&[405, 404], get("TRACE /worker/api/v1/workers HTTP/1.1")),
        (&[400, 404], get("GET //worker/api/v1/workers HTTP/1.1")),
        (&[404], get("GET /worker/api/../../etc/passwd HTTP/1.1")),
        (&[404, 400], get("GET /worker/api/%2e%2e/workers HTTP/1.1")),
        (&[400], get("GET /worker/api/v1/workers?action=%00 HTTP/1.1")),
        (&[400], get("GET /a b HTTP/1.1")),
        (&[400, 0], get("GET /\0 HTTP/1.1")),
        (&[400, 505, 0], get("GET / HTTP/9.9")),
        (&[400, 0], "\r\n\r\n\r\nGARBAGE\r\n\r\n".into()),
        (&[400, 0], "GET\r\n\r\n".into()),
        (&[404, 405, 400], get(&format!("{} / HTTP/1.1", "A".repeat(1000)))),
        (&[414, 431], get(&format!("GET /{} HTTP/1.1", "a".repeat(70_000)))),
        (
            &[200, 414, 431, 400],
            get(&format!(
                "GET /worker/api/v1/workers?{} HTTP/1.1",
                "a=b&".repeat(10_000)
            )),
        ),
        (
            &[200, 400],
            get(&format!(
                "GET /worker/api/v1/workers?projectKey={} HTTP/1.1",
                "%25".repeat(10_000)
            )),
        ),
        (&[431], with(&"X: y\r\n".repeat(101))),
        (&[431], with(&format!("X: {}\r\n", "y".repeat(70_000)))),
    ];
    for (statuses, request) in cases {
        let short = &request[..request.len().min(300)];
        let mut client = server.connect();
        client.send(&request).unwrap();
        let answer = client.answer();
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        assert!(statuses.contains(&status), "{short:?}: {answer:?}");
        server.is_well();
    }
    server.is_as_before(before, SOME);
}

#[test]
fn chunks_that_lie_smuggle_nothing() {
    let server = besieged(&[]);
    let chunked = |rest: &str| request_with("echo", "Transfer-Encoding: chunked\r\n", "") + rest;
    let smuggled = request("any", "\"return 'smuggled'\"");
    let cases = [
        format!("1\r\n1\r\n0\r\n\r\nGARBAGE{smuggled}"),
        format!("1\r\n1\r\n0\r\n\r\n\0{smuggled}"),
        format!("1\r\n1{smuggled}"),
        format!("-1\r\n1\r\n0\r\n\r\n{smuggled}"),
        format!("0x1\r\n1\r\n0\r\n\r\n{smuggled}"),
        format!("1 \r\n1\r\n0 x\r\n\r\n{smuggled}"),
        format!("ffffffffffffffffff\r\n1\r\n0\r\n\r\n{smuggled}"),
        format!("1\n1\n0\n\n{smuggled}"),
        format!("1;{}\r\n1\r\n0\r\n\r\n{smuggled}", "x".repeat(100_000)),
        format!("1\r\n1\r\n0\r\nX: {}\r\n\r\n{smuggled}", "x".repeat(100_000)),
        format!("1\r\n1\r\n0\r\n{}\r\n{smuggled}", "X: y\r\n".repeat(5000)),
    ];
    for rest in cases {
        let mut client = server.connect();
        // It may be closed before all is sent.
        let _ = client.send(chunked(&rest));
        let short = &rest[..rest.len().min(100)];
        let answers: Vec<_> = std::iter::from_fn(|| client.answer()).collect();
        let ran = answers
            .iter()
            .filter(|answer| String::from_utf8_lossy(&answer.body).contains("smuggled"));
        assert_eq!(ran.count(), 0, "{short:?}: {answers:?}");
        server.is_well();
    }
    // What is well said goes on.
    let mut client = server.connect();
    client
        .send(chunked("1;a=b\r\n1\r\n0\r\nX: y\r\n\r\n") + &request("echo", "2"))
        .unwrap();
    assert_eq!(client.answer().unwrap().json()["data"], 1);
    assert_eq!(client.answer().unwrap().json()["data"], 2);
}

#[test]
fn ten_thousand_connections_keep_nobody_out() {
    // As many as this process and the server may have.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit {
        current: limit.maximum,
        ..limit
    };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    let many = limit
        .maximum
        .map_or(9_900, |maximum| maximum.saturating_sub(2000).min(9_900));
    let server = Server::start(workers(), &[]);
    server.is_well();
    let before = server.holdings();
    let mut idle = Vec::new();
    for number in 0..many {
        let mut client: Client = server.connect();
        if number % 3 == 1 {
            client.send("POST /worker/api/v1/execute/echo HTTP/1.1\r\nX: ").unwrap();
        }
        idle.push(client);
    }
    let began = Instant::now();
    server.is_well();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(server.threads() <= before.threads + 8, "{}", server.threads());
    drop(idle);
    // Allocators give back slowly what ten thousand connections took.
    server.is_as_before(before, 512 << 20);
}

#[test]
fn bodies_that_never_come_hold_nothing() {
    let server = Server::start(
        workers(),
        &["--body-timeout", "500ms", "--max-executions", "2", "--queue", "0"],
    );
    server.is_well();
    let before = server.holdings();
    let mut slow: Vec<Client> = (0..200)
        .map(|number| {
            let mut client = server.connect();
            let headers = ["Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n"][number % 2];
            client.send(request_with("echo", headers, "") + "1").unwrap();
            client
        })
        .collect();
    // Who sends slowly has no place of those who are executed.
    server.is_well();
    for client in &mut slow {
        let status = client.answer().map(|answer| answer.status);
        assert!(matches!(status, Some(408 | 400)), "{status:?}");
        assert!(client.is_closed());
    }
    drop(slow);
    server.is_as_before(before, SOME);
}

#[test]
fn who_may_not_save_is_told_before_the_body_is_read() {
    let server = besieged(&[]);
    for (token, status) in [(crate::api::token(&server, &["--user"]), 404), ("none".to_owned(), 401)] {
        let mut client = server.connect();
        let asked = Instant::now();
        let answer = client.ask(format!(
            "PUT /worker/api/v2/workers/any/module HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/wasm\r\nContent-Length: 60000000\r\n\r\n"
        ));
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    }
    server.is_well();
}
