//! The management API, called as a person or a client would: what several tests need.

use super::client::Answer;
use super::program::Folder;
use super::server::{Server, TOKEN};
use super::store::cluster;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub const ECHO: &str = "export default async (context, data) => { return data; }";

/// A server with nothing but a database; the arguments start another one on the same.
pub fn start(database: &[String]) -> Server {
    let arguments: Vec<&str> = database.iter().map(String::as_str).collect();
    let folder = Folder::new(&[]);
    std::fs::create_dir(folder.path("workers")).unwrap();
    Server::start(folder, &arguments)
}

/// SQLite, and PostgreSQL where it is installed.
pub fn databases() -> Vec<Vec<String>> {
    let postgres = cluster::shared().map(|cluster| vec!["--database".to_owned(), cluster.database()]);
    [Vec::new()].into_iter().chain(postgres).collect()
}

/// A request as the command line sends it.
pub fn call(server: &Server, method: &str, path: &str, token: &str, body: &str) -> Answer {
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

pub fn as_admin(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    call(server, method, path, TOKEN, &body)
}

/// What `jf worker deploy` sends.
pub fn deploy_body(key: &str, source: &str) -> Value {
    json!({
        "key": key, "description": "a worker", "enabled": true, "debug": false, "sourceCode": source,
        "action": {"application": "worker", "name": "GENERIC_EVENT"}, "secrets": null, "projectKey": "",
        "version": {"commitSha": "", "description": "", "versionNumber": ""},
    })
}

pub fn create(server: &Server, body: &Value) {
    let answer = as_admin(server, "POST", "v2/workers", body);
    assert_eq!(answer.status, 201, "{answer:?}");
}

pub fn token(server: &Server, arguments: &[&str]) -> String {
    let mut all = vec!["token", "create", "--subject", "someone"];
    all.extend(arguments);
    let done = server.folder.run(&all);
    assert_eq!(done.code, 0, "{done:?}");
    done.stdout.trim().to_owned()
}

pub fn wait_for_history(server: &Server, path: &str, entries: usize) -> Value {
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
