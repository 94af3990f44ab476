//! Executions that are followed as they end.

use super::api::{call, create, deploy_body, start, token};
use super::server::TOKEN;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

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
