//! Executions that are followed as they end.

use super::api::{ECHO, call, create, deploy_body, start, token};
use super::client::Client;
use super::server::{Server, TOKEN};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn follow(server: &Server, key: &str, token: &str) -> Client {
    let mut client = server.connect();
    let request =
        format!("GET /worker/api/v2/workers/{key}/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    client.send(request).unwrap();
    client
}

#[test]
fn executions_are_followed_as_they_end() {
    let mut server = start(&["--history-days".to_owned(), "0".to_owned()]);
    let source =
        "export default (context, data) => { console.warn(`got\n${data}`, context.secrets.get('s')); return data }";
    let mut body = deploy_body("w", source);
    body["secrets"] = json!([{"key": "s", "value": "hidden-text"}]);
    create(&server, &body);
    assert_eq!(follow(&server, "nobody", TOKEN).answer().unwrap().status, 404);
    assert_eq!(
        follow(&server, "w", &token(&server, &["--user"]))
            .answer()
            .unwrap()
            .status,
        404
    );
    let mut following = follow(&server, "w", TOKEN);
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

#[test]
fn who_is_too_slow_is_told_how_much_was_lost() {
    let server = start(&["--history-days".to_owned(), "0".to_owned()]);
    create(&server, &deploy_body("w", ECHO));
    let mut slow = follow(&server, "w", TOKEN);
    slow.until(": still here");
    // More than its connection and its queue hold.
    let payload = format!("\"{}\"", "x".repeat(60_000));
    let all = 200;
    for _ in 0..all {
        assert_eq!(call(&server, "POST", "v1/execute/w", TOKEN, &payload).status, 200);
    }
    let (mut told, mut lost) = (0, 0);
    while told + lost < all {
        match slow.until("event: ").trim_end() {
            "event: execution" => told += 1,
            "event: dropped" => {
                let data: Value = serde_json::from_str(&slow.until("data: ")["data: ".len()..]).unwrap();
                lost += data["executions"].as_u64().unwrap();
            }
            other => panic!("{other}"),
        }
    }
    assert!(lost > 0 && told >= 16, "{told} and {lost}");
}

#[test]
fn followers_obeyed_and_violated() {
    const MOST: usize = 32;
    let server = start(&[]);
    create(&server, &deploy_body("w", ECHO));
    let mut clients: Vec<Client> = (0..MOST).map(|_| follow(&server, "w", TOKEN)).collect();
    for client in &mut clients {
        client.until(": still here");
    }
    let refused = follow(&server, "w", TOKEN).answer().unwrap();
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    // The place of one who leaves is free.
    drop(clients.pop());
    let deadline = Instant::now() + Duration::from_secs(5);
    while follow(&server, "w", TOKEN).line() != "HTTP/1.1 200 OK\r\n" {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(10));
    }
}
