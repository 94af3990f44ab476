//! Becoming ready, and coming to an end.

use super::client::Client;
use super::program::Folder;
use super::server::{Server, TOKEN, add_worker, request, workers};
use std::time::{Duration, Instant};

const READINESS: &str = "GET /worker/api/v1/system/readiness HTTP/1.1\r\nHost: x\r\n\r\n";
const LIVENESS: &str = "GET /worker/api/v1/system/liveness HTTP/1.1\r\nHost: x\r\n\r\n";

/// Enough for workers that run for seconds.
const LONG: [&str; 6] = ["--timeout", "60s", "--cpu", "60s", "--fuel", "1_000_000_000_000_000"];

#[test]
fn it_listens_first_and_is_ready_when_the_workers_are_loaded() {
    let folder = Folder::new(&[]);
    add_worker(&folder, "echo", "export default (_, data) => data", "");
    // An empty cache: loading takes seconds.
    let mut server = Server::spawn(folder, &["--cache", "cold"], |command| {
        command.env("HOST_ADMIN_TOKEN", TOKEN);
    });
    let mut client = server.connect();
    assert_eq!(client.ask(LIVENESS).status, 200);
    let answer = client.ask(READINESS);
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("1")),
        "loading was too fast to be seen"
    );
    let answer = client.ask(request("echo", "1"));
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert_eq!(answer.json()["errors"][0]["status"], 503);
    server.wait_for("ready: 1 workers");
    // Loading may have taken longer than an idle connection is kept.
    let mut client = server.connect();
    assert_eq!(
        (client.ask(READINESS).status, client.ask(request("echo", "1")).status),
        (200, 200)
    );
}

#[test]
fn it_can_be_stopped_while_it_loads() {
    let folder = Folder::new(&[]);
    add_worker(&folder, "echo", "export default (_, data) => data", "");
    let mut server = Server::spawn(folder, &["--cache", "cold"], |_| ());
    server.terminate();
    assert_eq!(server.exit_code(), 0);
}

#[test]
fn what_is_under_way_is_finished() {
    let mut server = Server::start(workers(), &LONG);
    let mut idle = server.connect();
    assert_eq!(idle.ask(READINESS).status, 200);
    let mut client = server.connect();
    // The second request is behind the first when the end comes: it is not answered, so the client can try elsewhere.
    client.send(request("spin", "4000") + &request("echo", "2")).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.terminate();
    let told = Instant::now();
    // Long before the drain time is up: connections without work are closed, and nobody new is let in.
    assert!(idle.is_closed() && told.elapsed() < Duration::from_secs(3));
    assert!(std::net::TcpStream::connect(server.address).is_err());
    let answer = client.answer().unwrap();
    assert_eq!(
        (answer.status, &answer.json()["data"]),
        (200, &"done".into()),
        "{answer:?}"
    );
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.answer().is_none());
    assert_eq!(server.exit_code(), 0);
    assert!(told.elapsed() < Duration::from_secs(8));
}

#[test]
fn what_takes_too_long_is_cancelled() {
    let mut server = Server::start(workers(), &[&LONG[..], &["--drain", "300ms"]].concat());
    let mut spinning = server.connect();
    spinning.send(request("spin", "60000")).unwrap();
    // A client that has sent half a request gets no answer, but keeps nobody waiting.
    let mut stuck = server.connect();
    stuck.send("POST /worker/api/v1/execute/echo HTTP/1.1\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    server.terminate();
    let told = Instant::now();
    assert_eq!(spinning.answer().unwrap().failure(), "cancelled");
    assert_eq!(server.exit_code(), 0);
    assert!(told.elapsed() < Duration::from_secs(6), "{:?}", told.elapsed());
}

#[test]
fn an_interrupt_ends_it_too() {
    let mut server = Server::start(workers(), &[]);
    let mut client: Client = server.connect();
    assert_eq!(client.ask(request("echo", "1")).status, 200);
    server.signal(rustix::process::Signal::INT);
    assert_eq!(server.exit_code(), 0);
}
