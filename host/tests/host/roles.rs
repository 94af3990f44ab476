//! Every call of the API, by everybody: what the table of roles in the README promises.

use super::api::token;
use super::client::Answer;
use super::issuer::Issuer;
use super::program::Folder;
use super::server::{Server, TOKEN, request_with};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SOURCE: &str =
    "export default async (context, data) => { if (data === 'wait') await context.wait(4000); return data; }";

/// Who asks, and which worker it is about: both are of the project `p`, one is shared. A user is `user`, an admin of another
/// project is `foreign`.
const COLUMNS: [(&str, &str); 8] = [
    ("admin", "plain"),
    ("own", "plain"),
    ("user", "common"),
    ("foreign", "common"),
    ("user", "plain"),
    ("foreign", "plain"),
    ("nobody", "common"),
    ("anonymous", "common"),
];

/// The calls, with the status for each column. `{…}` in a path is named as in the OpenAPI document.
#[rustfmt::skip]
const CALLS: &[(&str, &str, &str)] = &[
    //                                                                   admin own user foreign user foreign nobody anonymous
    ("POST",   "v1/execute/{key}",                           "200 200 200 200 403 403 403 401"),
    ("GET",    "v2/http/{key}",                              "200 200 200 200 403 403 403 401"),
    ("POST",   "v2/http/{key}",                              "200 200 200 200 403 403 403 401"),
    ("GET",    "v2/http/{key}/{path}",                       "200 200 200 200 403 403 403 401"),
    ("POST",   "v2/http/{key}/{path}",                       "200 200 200 200 403 403 403 401"),
    ("GET",    "v1/workers",                                 "200 200 200 200 200 200 403 401"),
    ("GET",    "v2/workers",                                 "200 200 200 200 200 200 403 401"),
    ("GET",    "v1/workers/{key}",                           "200 200 200 200 404 404 403 401"),
    ("GET",    "v2/workers/{key}",                           "200 200 200 200 404 404 403 401"),
    ("POST",   "v1/workers",                                 "201 201 403 403 403 403 403 401"),
    ("POST",   "v2/workers",                                 "201 201 403 403 403 403 403 401"),
    ("PUT",    "v1/workers",                                 "204 204 403 403 404 404 403 401"),
    ("PUT",    "v2/workers",                                 "204 204 403 403 404 404 403 401"),
    ("PUT",    "v2/workers/{key}/module",                    "204 204 403 403 404 404 403 401"),
    ("GET",    "v2/workers/{key}/versions",                  "200 200 403 403 404 404 403 401"),
    ("GET",    "v2/workers/{key}/versions/{n}",              "200 200 403 403 404 404 403 401"),
    ("POST",   "v2/workers/{key}/versions/{n}/rollback",     "200 200 403 403 404 404 403 401"),
    ("GET",    "v2/workers/{key}/logs",                      "200 200 403 403 404 404 403 401"),
    ("PUT",    "v2/workers/{key}/secrets/{name}",            "204 204 403 403 404 404 403 401"),
    ("GET",    "v2/workers/{key}/secrets",                   "200 200 403 403 404 404 403 401"),
    ("DELETE", "v2/workers/{key}/secrets/{name}",            "204 204 403 403 404 404 403 401"),
    ("POST",   "v1/test",                                    "200 200 403 403 403 403 403 401"),
    ("POST",   "v2/test",                                    "200 200 403 403 403 403 403 401"),
    ("POST",   "v1/test/{key}",                              "200 200 403 403 403 403 403 401"),
    ("POST",   "v2/test/{key}",                              "200 200 403 403 403 403 403 401"),
    ("GET",    "v1/execution_history",                       "200 200 403 200 403 200 403 401"),
    ("GET",    "v2/executions",                              "200 200 200 200 200 200 403 401"),
    ("DELETE", "v2/executions/{id}",                         "204 204 403 403 404 404 403 401"),
    ("GET",    "v1/actions",                                 "200 200 200 200 200 200 200 401"),
    ("GET",    "v2/actions",                                 "200 200 200 200 200 200 200 401"),
    ("GET",    "v1/options",                                 "200 200 200 200 200 200 200 401"),
    ("GET",    "v2/tokens",                                  "200 403 403 403 403 403 403 401"),
    ("POST",   "v2/tokens",                                  "201 403 403 403 403 403 403 401"),
    ("DELETE", "v2/tokens/{id}",                             "204 403 403 403 403 403 403 401"),
    ("DELETE", "v1/workers/{key}",                           "204 204 403 403 404 404 403 401"),
    ("DELETE", "v2/workers/{key}",                           "204 204 403 403 404 404 403 401"),
];

/// What is listed without being about one worker: empty for those who may see nothing of `plain`.
const LISTS: [&str; 4] = ["v1/workers", "v2/workers", "v1/execution_history", "v2/executions"];

fn ask(server: &Server, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let authorization = match token {
        "" => String::new(),
        token => format!("Authorization: Bearer {token}\r\n"),
    };
    let media = if path.ends_with("/module") { "wasm" } else { "json" };
    server.connect().ask(format!(
        "{method} /worker/api/{path} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Type: application/{media}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn definition(style: &str, key: &str) -> Value {
    let action = match style {
        "v1" => json!("GENERIC_EVENT"),
        _ => json!({"application": "worker", "name": "GENERIC_EVENT"}),
    };
    json!({"key": key, "description": "", "enabled": true, "sourceCode": SOURCE, "action": action, "projectKey": "p",
        "settings": {"httpResponses": true}, "shared": key == "common"})
}

fn as_admin(server: &Server, method: &str, path: &str, body: &str) -> Answer {
    let answer = ask(server, method, path, TOKEN, body);
    assert!(answer.status < 300, "{method} {path}: {answer:?}");
    answer
}

/// Tokens of the host, and one of an issuer outside that gives no role.
fn start() -> (Server, impl Fn(&str) -> String) {
    let issuer = Issuer::new();
    let folder = Folder::new(&[]);
    std::fs::create_dir(folder.path("workers")).unwrap();
    folder.write("keys.json", issuer.keys());
    let server = Server::start(folder, &Issuer::settings("keys.json"));
    let nobody = issuer.token("nobody", &json!({}));
    let own = token(&server, &["--project-admin", "p"]);
    let foreign = token(&server, &["--project-admin", "q"]);
    let user = token(&server, &["--user"]);
    (server, move |who| match who {
        "admin" => TOKEN.to_owned(),
        "own" => own.clone(),
        "foreign" => foreign.clone(),
        "user" => user.clone(),
        "nobody" => nobody.clone(),
        _ => String::new(),
    })
}

/// Everything that a call could change.
fn all(server: &Server) -> String {
    let all = [
        "v1/workers",
        "v2/tokens",
        "v2/workers/plain/versions",
        "v2/workers/common/secrets",
    ];
    let texts = all.map(|path| String::from_utf8(as_admin(server, "GET", path, "").body).unwrap());
    texts.concat()
}

#[test]
fn every_call_by_everybody() {
    let (server, token) = start();
    for key in ["plain", "common"] {
        as_admin(&server, "POST", "v2/workers", &definition("v2", key).to_string());
        as_admin(&server, "POST", &format!("v1/execute/{key}"), "1");
    }
    let mut made = 0;
    for (method, path, expected) in CALLS {
        for ((who, worker), expected) in COLUMNS.iter().zip(expected.split(' ')) {
            let (style, name) = path.split_once('/').unwrap();
            made += 1;
            let id = match name {
                "tokens/{id}" => {
                    let made = as_admin(&server, "POST", "v2/tokens", r#"{"subject":"y","role":"user"}"#).json();
                    made["id"].as_str().unwrap().to_owned()
                }
                "executions/{id}" => under_way(&server, worker),
                _ => String::new(),
            };
            let body = match (*method, name) {
                ("POST", "workers") => definition(style, &format!("made-{made}")).to_string(),
                ("PUT", "workers") => definition(style, worker).to_string(),
                ("POST", _) if name.starts_with("test") => {
                    json!({"code": SOURCE, "action": definition(style, "")["action"], "data": 1}).to_string()
                }
                ("POST", "tokens") => json!({"subject": "z", "role": "user"}).to_string(),
                // A module that does nothing.
                (_, "workers/{key}/module") => "\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\
                     \x07\x13\x02\x06memory\x02\0\x06_start\0\0\x0a\x04\x01\x02\0\x0b"
                    .to_owned(),
                ("PUT", _) => json!({"value": "x"}).to_string(),
                _ => String::new(),
            };
            let mut place = path.replace("{key}", worker).replace("{n}", "1").replace("{id}", &id);
            place = place.replace("{name}", "s").replace("{path}", "a/b");
            if name == "test" {
                place += "?projectKey=p";
            }
            let before = all(&server);
            let answer = ask(&server, method, &place, &token(who), &body);
            assert_eq!(
                answer.status.to_string(),
                expected,
                "{method} {place} by {who}: {answer:?}"
            );
            if answer.status >= 400 {
                assert_eq!(all(&server), before, "{method} {place} by {who} changed something");
            }
            if answer.status == 404 {
                let text = |answer: &Answer| String::from_utf8_lossy(&answer.body).replace(worker, "?");
                let none = ask(
                    &server,
                    method,
                    &place.replace(worker, "none"),
                    &token(who),
                    &body.replace(worker, "none"),
                );
                let none = String::from_utf8_lossy(&none.body).replace("none", "?");
                assert_eq!(text(&answer), none, "{method} {place} by {who} tells that there is one");
            }
            if LISTS.contains(path) && answer.status == 200 {
                let text = String::from_utf8(answer.body).unwrap();
                let sees = ["admin", "own"].contains(who) || text == "[]" || !text.contains("plain");
                assert!(sees, "{method} {place} by {who}: {text}");
            }
            if (*method, name) == ("DELETE", "workers/{key}") && expected == "204" {
                as_admin(&server, "POST", "v2/workers", &definition("v2", worker).to_string());
            }
        }
    }
    // None of the document is left out.
    let document = as_admin(&server, "GET", "openapi.json", "").json();
    let mut left = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, call) in item.as_object().unwrap() {
            if call.get("security").is_none() {
                let path = path.strip_prefix("/worker/api/").unwrap();
                left.insert((method.to_uppercase(), path.to_owned()));
            }
        }
    }
    for (method, path, _) in CALLS {
        left.remove(&((*method).to_owned(), (*path).to_owned()));
    }
    assert!(left.is_empty(), "not tried: {left:?}");
}

/// The id of an execution of this worker that has just begun.
fn under_way(server: &Server, worker: &str) -> String {
    let ids = || -> BTreeSet<String> {
        let running = as_admin(server, "GET", "v2/executions", "").json();
        let all = running["executions"].as_array().unwrap().iter();
        all.map(|one| one["executionId"].as_str().unwrap().to_owned()).collect()
    };
    let before = ids();
    let mut client = server.connect();
    client.send(request_with(worker, "", "\"wait\"")).unwrap();
    // It ends when its client leaves; that one stays until the test has ended.
    std::mem::forget(client);
    loop {
        if let Some(id) = ids().difference(&before).next() {
            return id.clone();
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
