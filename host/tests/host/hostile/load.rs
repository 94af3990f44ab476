//! Too much at once: others are answered all along, and what is given up is free at once.

use super::{SOME, besieged};
use crate::client::Client;
use crate::server::{Server, request, workers};
use std::time::{Duration, Instant};

const LIVENESS: &str = "GET /worker/api/v1/system/liveness HTTP/1.1\r\nHost: x\r\n\r\n";

/// Promised are 20 and 200 ms. A debug build is ten times slower where the host itself computes.
const ALIVE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1000 } else { 20 });
const FREE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2000 } else { 200 });

const LONG: [&str; 6] = ["--timeout", "60s", "--cpu", "60s", "--fuel", "1_000_000_000_000_000"];

#[test]
fn it_is_alive_while_32_executions_spin() {
    let room = ["--max-executions", "4", "--queue", "8", "--queue-wait", "30s"];
    let server = Server::start(workers(), &[&LONG[..], &room].concat());
    let mut spinning: Vec<Client> = (0..32)
        .map(|_| {
            let mut client = server.connect();
            client.send(request("spin", "1500")).unwrap();
            client
        })
        .collect();
    let mut probe = server.connect();
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(10));
            let asked = Instant::now();
            assert_eq!(probe.ask(LIVENESS).status, 200);
            asked.elapsed()
        })
        .collect();
    times.sort_unstable();
    let (median, most) = (times[50], times[98]);
    eprintln!(
        "liveness while 32 executions spin: median {median:?}, 99th {most:?}, longest {:?}",
        times[99]
    );
    assert!(most < ALIVE, "median {median:?}, 99th {most:?}");
    let statuses: Vec<u16> = spinning
        .iter_mut()
        .map(|client| client.answer().unwrap().status)
        .collect();
    let count = |status| statuses.iter().filter(|so| **so == status).count();
    assert_eq!((count(200), count(429)), (12, 20), "4 run, 8 wait, 20 are refused");
    server.is_well();
}

#[test]
fn who_leaves_frees_the_place_at_once() {
    let server = Server::start(
        workers(),
        &[&LONG[..], &["--queue", "0", "--max-executions", "1"]].concat(),
    );
    server.is_well();
    let before = server.holdings();
    for key in ["spin", "loop", "spin"] {
        let mut client = server.connect();
        client.send(request(key, "60000")).unwrap();
        // Asked too early, echo would have the only place.
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(server.execute("echo", "1").status, 429, "{key} does not run");
        drop(client);
        let left = Instant::now();
        while server.execute("echo", "1").status != 200 {
            assert!(
                left.elapsed() < FREE,
                "{key}: its place is still taken after {:?}",
                left.elapsed()
            );
        }
        eprintln!("{key}: free after {:?}", left.elapsed());
    }
    server.is_as_before(before, SOME);
}

#[test]
fn clients_that_leave_leave_nothing() {
    let server = besieged(&[]);
    let before = server.holdings();
    for round in 0..3 {
        let mut clients: Vec<Client> = (0..100).map(|_| server.connect()).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            let body = [
                "for (;;) {}",
                "await context.wait(4000)",
                "return 'x'.repeat(1e6)",
                "fetch('http://10.0.0.1')",
            ][number % 4];
            client
                .send(request("any", &serde_json::json!(body).to_string()))
                .unwrap();
        }
        std::thread::sleep(Duration::from_millis(50 * round));
        drop(clients);
        server.is_as_before(before, 4 * SOME);
    }
}

#[test]
fn a_hundred_over_the_memory_limit_leave_it_where_it_was() {
    let server = besieged(&[]);
    let allocate = "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1))";
    for _ in 0..5 {
        super::run(&server, allocate);
    }
    let before = server.holdings();
    for _ in 0..100 {
        assert_eq!(super::run(&server, allocate).failure(), "memory_limit");
    }
    server.is_as_before(before, 32 << 20);
}
