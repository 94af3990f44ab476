//! What clients do with connections: well, badly, and on purpose.

use super::client::Client;
use super::server::{Server, TOKEN, request, request_with, workers};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::time::{Duration, Instant};

const READINESS: &str = "/worker/api/v1/system/readiness";

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(workers(), &[]);
    let mut client = server.connect();
    let all: String = (0..50).map(|number| request("echo", &number.to_string())).collect();
    client.send(all).unwrap();
    for number in 0..50 {
        assert_eq!(client.answer().unwrap().json()["data"], number);
    }
    let answer = client.ask(request_with("echo", "Connection: close\r\n", "1"));
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert!(client.is_closed());
    // HTTP/1.0 closes by itself.
    let mut client = server.connect();
    assert_eq!(
        client.ask(request("echo", "1").replace("HTTP/1.1", "HTTP/1.0")).status,
        200
    );
    assert!(client.is_closed());
}

#[test]
fn two_lengths_smuggle_nothing() {
    let server = Server::start(workers(), &[]);
    let smuggled = request("count", "");
    let chunks = format!("1\r\n1\r\n0\r\n\r\n{smuggled}");
    let lengths = format!("Content-Length: {}\r\n", chunks.len());
    for headers in [
        format!("Transfer-Encoding: chunked\r\n{lengths}"),
        format!("{lengths}Transfer-Encoding: chunked\r\n"),
    ] {
        let mut client = server.connect();
        client.send(request_with("echo", &headers, "") + &chunks).unwrap();
        // Either refused, or read as RFC 9112 says and then closed: what follows is never a request.
        let answer = client.answer().unwrap();
        assert!(answer.status == 400 || answer.json()["data"] == 1, "{answer:?}");
        assert!(client.answer().is_none());
    }
    let bad = [
        "Content-Length: 1\r\nContent-Length: 2\r\n",
        "Content-Length: +1\r\n",
        "Content-Length: 1, 2\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "X : y\r\n",
        "X\0: y\r\n",
    ];
    for headers in bad {
        let mut client = server.connect();
        assert_eq!(
            client.ask(request_with("echo", headers, "") + "1").status,
            400,
            "{headers:?}"
        );
        assert!(client.is_closed());
    }
    server.is_well();
}

#[test]
fn heads_obeyed_and_violated() {
    let server = Server::start(workers(), &["--header-timeout", "300ms"]);
    let headers = |number| (0..number).map(|n| format!("X-{n}: y\r\n")).collect::<String>();
    assert_eq!(
        server.connect().ask(request_with("echo", &headers(90), "1")).status,
        200
    );
    assert_eq!(
        server.connect().ask(request_with("echo", &headers(101), "1")).status,
        431
    );
    let large = format!("X: {}\r\n", "y".repeat(100_000));
    assert_eq!(server.connect().ask(request_with("echo", &large, "1")).status, 431);
    let long = format!("echo?{}", "y".repeat(100_000));
    assert!([414, 431].contains(&server.connect().ask(request(&long, "1")).status));
    // Slow, idle or neither HTTP/1 nor HTTP/2.
    for begun in [
        "GET / HTTP/1.1\r\nX: ",
        "G",
        "",
        "PRI * HT",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\0",
    ] {
        let mut client = server.connect();
        client.send(begun).unwrap();
        let started = Instant::now();
        while !client.is_closed() {}
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{begun:?}: {:?}",
            started.elapsed()
        );
    }
    server.is_well();
}

#[test]
fn many_idle_connections_are_no_burden() {
    let server = Server::start(workers(), &[]);
    let idle: Vec<Client> = (0..500).map(|_| server.connect()).collect();
    server.is_well();
    drop(idle);
    server.is_well();
}

#[test]
fn a_client_that_leaves_stops_its_worker() {
    let arguments = [
        "--queue",
        "0",
        "--max-executions",
        "1",
        "--timeout",
        "60s",
        "--cpu",
        "60s",
        "--fuel",
        "1_000_000_000_000_000",
    ];
    let server = Server::start(workers(), &arguments);
    // A thread beside this one, which blocks.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let leave_http2 = || {
        runtime.block_on(async {
            let (mut sender, connection) = http2(&server).await;
            let connection = tokio::spawn(connection);
            let running = sender.send_request(execute("spin", "60000"));
            // The stream is reset, the connection stays; then both go.
            assert!(tokio::time::timeout(Duration::from_millis(300), running).await.is_err());
            assert_free_soon(&server);
            drop(sender);
            connection.abort();
        });
    };
    let leave_http1 = || {
        let mut client = server.connect();
        client.send(request("spin", "60000")).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(server.execute("echo", "").status, 429);
        drop(client);
        assert_free_soon(&server);
    };
    leave_http1();
    leave_http2();
    leave_http1();
}

/// Promised are 200 ms; a debug build on a busy machine may take longer.
fn assert_free_soon(server: &Server) {
    let left = Instant::now();
    while server.execute("echo", "").status != 200 {
        assert!(left.elapsed() < Duration::from_secs(3), "its place is still taken");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn http2_is_spoken_to_who_speaks_it() {
    let server = Server::start(workers(), &[]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (mut sender, connection) = http2(&server).await;
        tokio::spawn(connection);
        let mut all = tokio::task::JoinSet::new();
        for number in 0..100 {
            let answer = sender.send_request(execute("echo", &number.to_string()));
            all.spawn(async move {
                let answer = answer.await.unwrap();
                assert_eq!(answer.status(), 200);
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(
                    body,
                    format!(r#"{{"data":{number},"executionStatus":"STATUS_SUCCESS"}}"#)
                );
            });
        }
        all.join_all().await;
        let mut many = execute("echo", "1");
        for number in 0..101 {
            let name = hyper::header::HeaderName::try_from(format!("x-{number}")).unwrap();
            many.headers_mut()
                .insert(name, hyper::header::HeaderValue::from_static("y"));
        }
        assert_eq!(sender.send_request(many).await.unwrap().status(), 431);
        let large = "x".repeat(3 << 20);
        let answer = sender.send_request(execute("echo", &large)).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.headers().get("connection")),
            (413, None)
        );
        assert_eq!(sender.send_request(execute("echo", "1")).await.unwrap().status(), 200);
    });
}

type Http2 = (
    http2::SendRequest<Full<Bytes>>,
    http2::Connection<TokioIo<tokio::net::TcpStream>, Full<Bytes>, TokioExecutor>,
);

async fn http2(server: &Server) -> Http2 {
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap()
}

fn execute(key: &str, payload: &str) -> hyper::Request<Full<Bytes>> {
    hyper::Request::post(format!("http://x/worker/api/v1/execute/{key}"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Full::new(Bytes::copy_from_slice(payload.as_bytes())))
        .unwrap()
}

#[test]
fn probes_need_no_token() {
    let server = Server::start(workers(), &[]);
    let mut client = server.connect();
    for path in [READINESS, "/worker/api/v1/system/liveness"] {
        assert_eq!(
            client.ask(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).status,
            200
        );
        let answer = client.ask(format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"));
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    }
    client
        .send(format!(
            "HEAD {READINESS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ))
        .unwrap();
    // Announces a body that a HEAD does not have.
    assert!(client.answer().is_none() && client.is_closed());
}
