//! Tokens, and who may execute with them.

use super::api::{ECHO, call, create, deploy_body, start, token, wait_for_history};
use super::issuer::Issuer;
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn who_may_execute() {
    let server = start(&[]);
    for (key, project, shared) in [("plain", "", false), ("ours", "p", false), ("common", "p", true)] {
        let mut body = deploy_body(key, ECHO);
        body["projectKey"] = project.into();
        body["shared"] = shared.into();
        create(&server, &body);
    }
    let admin = token(&server, &["--admin"]);
    let own = token(&server, &["--project-admin", "p"]);
    let user = token(&server, &["--user", "--expires", "1d"]);
    for (name, token, plain, ours, common) in [
        ("admin", &admin, 200, 200, 200),
        ("project admin", &own, 403, 200, 200),
        ("user", &user, 403, 403, 200),
        ("nobody", &"hwt_x".to_owned(), 401, 401, 401),
    ] {
        let status = |key: &str| call(&server, "POST", &format!("v1/execute/{key}"), token, "{}").status;
        assert_eq!(
            (status("plain"), status("ours"), status("common")),
            (plain, ours, common),
            "{name}"
        );
    }
    // What a user sees of it: the shared ones, without their source.
    let seen = call(&server, "GET", "v1/workers", &user, "").json();
    let seen = seen["workers"].as_array().unwrap().clone();
    assert_eq!((seen.len(), &seen[0]["key"]), (1, &json!("common")));
    assert!(
        seen[0].get("sourceCode").is_none_or(|source| source == ""),
        "{}",
        seen[0]
    );
    assert_eq!(call(&server, "GET", "v1/workers/ours", &user, "").status, 404);
    assert_eq!(call(&server, "DELETE", "v1/workers/common", &user, "").status, 403);
    assert_eq!(call(&server, "GET", "v2/tokens", &own, "").status, 403);
    // With the token as the password of Basic auth, as `curl -u` sends it.
    let basic = data_encoding::BASE64.encode(format!("someone:{user}").as_bytes());
    let answer = server.connect().ask(format!(
        "POST /worker/api/v1/execute/common HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\nContent-Length: 1\r\n\r\n1"
    ));
    assert_eq!(answer.json()["data"], 1);
    // Revoked beside the server, refused within a second.
    let listed = server.folder.run(&["token", "list", "--output", "json"]);
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    let is_user = |token: &&Value| token["scope"] == "applied-permissions/user";
    let id = listed["tokens"].as_array().unwrap().iter().find(is_user).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(server.folder.run(&["token", "revoke", &id]).code, 0);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(call(&server, "POST", "v1/execute/common", &user, "{}").status, 401);
    assert_eq!(server.folder.run(&["token", "revoke", "0123"]).code, 1);
}

#[test]
fn tokens_of_an_issuer_outside() {
    let issuer = Issuer::new();
    let jwks = issuer.keys();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::{Read, Write};
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length";
            let _ = write!(stream, "{head}: {}\r\n\r\n{jwks}", jwks.len());
        }
    });
    let server = start(&Issuer::settings(&url).map(str::to_owned));
    let mut body = deploy_body("mine", ECHO);
    body["projectKey"] = "p".into();
    create(&server, &body);
    let sign = |scope: &str, audience: &str| issuer.token("alice", &json!({"scp": scope, "aud": audience}));
    let project_admin = r#"applied-permissions/roles:p:"Project Admin""#;
    let status = |token: &str| call(&server, "POST", "v1/execute/mine", token, "1").status;
    assert_eq!(status(&sign(project_admin, "workers")), 200);
    assert_eq!(status(&sign("applied-permissions/user", "workers")), 403);
    assert_eq!(status(&sign(project_admin, "others")), 401);
    assert_eq!(status(&(sign(project_admin, "workers") + "A")), 401);
    let history = wait_for_history(&server, "v1/execution_history?workerKey=mine", 1);
    assert_eq!(history[0]["triggeredBy"], "alice");
    // Half of the settings is a mistake.
    let done = server.folder.run(&["serve", "--jwt-issuer", "x"]);
    assert!(done.code == 2 && done.stderr.contains("--jwt-audience"), "{done:?}");
}
