//! The management API, called as a person or a client would: what several tests need.

use super::client::Answer;
use super::program::Folder;
use super::server::{Server, TOKEN};
use super::store::cluster;
use rustix::process::Signal;
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

/// The same folder and database, after kill -9.
pub fn restart(mut server: Server, database: &[String]) -> Server {
    server.signal(Signal::KILL);
    server.exit_code();
    let folder = std::mem::replace(&mut server.folder, Folder::new(&[]));
    drop(server);
    let arguments: Vec<&str> = database.iter().map(String::as_str).collect();
    Server::start(folder, &arguments)
}

/// A request as the command line sends it.
pub fn call(server: &Server, method: &str, path: &str, token: &str, body: &str) -> Answer {
    server.connect().ask(message(method, path, token, body))
}

fn message(method: &str, path: &str, token: &str, body: &str) -> String {
    let length = if body.is_empty() {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    format!(
        "{method} /worker/api/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nUser-Agent: jfrog-cli/2\r\n{length}\r\n{body}"
    )
}

pub fn as_admin(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    server.connect().ask(admins(method, path, body))
}

/// The same, still to be sent.
pub fn admins(method: &str, path: &str, body: &Value) -> String {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    message(method, path, TOKEN, &body)
}

/// A request that uploads a module.
pub fn upload(key: &str, module: &[u8]) -> Vec<u8> {
    let head = format!(
        "PUT /worker/api/v2/workers/{key}/module HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/wasm\r\nContent-Length: {}\r\n\r\n",
        module.len()
    );
    [head.as_bytes(), module].concat()
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
