//! What the commands that ask a running server say when they cannot, or may not.

use super::api::{start, token};
use super::program::{Done, Folder};
use super::remote::{ask, command, project, refused, told};
use super::server::{Server, TOKEN};
use super::tls::certificate;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};

/// Something that is no worker host: it answers every request like this, and tells what it was asked.
fn stranger(answer: &'static str) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).unwrap();
            let _ = sender.send(String::from_utf8_lossy(&head[..length]).into_owned());
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (address, asked)
}

fn without_token(server: &Server, arguments: &[&str]) -> Done {
    command(server, arguments)
        .env_remove("HOST_TOKEN")
        .output()
        .unwrap()
        .into()
}

#[test]
fn a_server_that_is_not_there() {
    let folder = Folder::new(&[]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    drop(taken);
    let done = folder.run(&["list", "--server", &url]);
    assert_eq!(done.code, 2);
    for part in [format!("cannot reach {url}: "), "host serve starts one".to_owned()] {
        assert!(done.stderr.contains(&part), "{part} is not in {}", done.stderr);
    }
    // Whoever named none is told which was asked. Somebody may run one there.
    let done = folder.run(&["list", "--token", "no-token-of-any-server"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("http://127.0.0.1:8080"), "{}", done.stderr);
}

#[test]
fn somebody_who_may_not() {
    let server = start(&[]);
    project(
        &server.folder,
        "common",
        "export default () => 1",
        &json!({"shared": true}),
    );
    project(&server.folder, "other", "export default () => 1", &Value::Null);
    told(&server, &["deploy", "common"]);
    told(&server, &["deploy", "other"]);
    let done = without_token(&server, &["list"]);
    assert_eq!(done.code, 2);
    for part in [
        "wants a token: set HOST_TOKEN",
        "host login --server http://",
        "admin-token",
    ] {
        assert!(done.stderr.contains(part), "{part} is not in {}", done.stderr);
    }
    let problem = refused(&server, &["list", "--token", "not-this-one"]);
    assert!(
        problem.contains("does not accept the token of --token, HOST_TOKEN") && !problem.contains("not-this-one"),
        "{problem}"
    );
    let user = token(&server, &["--user"]);
    let as_user =
        |arguments: &[&str]| Done::from(command(&server, arguments).env("HOST_TOKEN", &user).output().unwrap());
    // A user executes what is shared, without its logs.
    let done = as_user(&["execute", "common"]);
    assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (0, "1\n", ""));
    for arguments in [
        &["execute", "other"][..],
        &["undeploy", "common"],
        &["deploy", "common"],
        &["history", "common"],
    ] {
        let done = as_user(arguments);
        assert!(
            done.code == 2 && done.stderr.contains("someone may not"),
            "{arguments:?}: {done:?}"
        );
        assert!(done.stderr.contains("host token create"), "{done:?}");
    }
}

#[test]
fn a_worker_that_is_not_there_is_probably_another() {
    let server = start(&[]);
    project(&server.folder, "my-worker", "export default () => 1", &Value::Null);
    told(&server, &["deploy", "my-worker"]);
    for arguments in [
        &["execute", "my-wroker"][..],
        &["undeploy", "my-wroker"],
        &["versions", "my-wroker"],
        &["rollback", "my-wroker"],
        &["rollback", "my-wroker", "1"],
        &["history", "my-wroker"],
        &["logs", "my-wroker"],
        &["logs", "my-wroker", "--follow"],
        &["secret", "list", "my-wroker"],
        &["secret", "delete", "my-wroker", "a"],
    ] {
        let problem = refused(&server, arguments);
        assert_eq!(
            problem, "error: there is no worker my-wroker (did you mean my-worker?)\n",
            "{arguments:?}"
        );
    }
    let problem = refused(&server, &["rollback", "my-worker"]);
    assert!(problem.contains("has no version before the current one"), "{problem}");
    assert_eq!(
        refused(&server, &["execute", "other"]),
        "error: there is no worker other\n"
    );
    for key in ["a b", "..", ""] {
        let problem = refused(&server, &["undeploy", key]);
        assert!(problem.contains("expected at most 64 letters"), "{problem}");
    }
    // Those of a folder are changed there.
    assert_eq!(ask(&server, &["history", "my-worker"]).code, 0);
}

#[test]
fn a_server_that_has_had_enough() {
    let server = start(&["--caller-rate".to_owned(), "1".to_owned()]);
    project(&server.folder, "w", "export default () => 1", &Value::Null);
    told(&server, &["deploy", "w"]);
    let refusal = (0..10)
        .map(|_| ask(&server, &["execute", "w"]))
        .find(|done| done.code == 2)
        .expect("one of ten within a second is too many");
    assert!(refusal.stderr.contains("in a second; try again in 1 s"), "{refusal:?}");
}

#[test]
fn a_token_is_not_sent_elsewhere() {
    let (elsewhere, asked_there) = stranger("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]");
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let (address, asked) = stranger(answer.leak());
    let folder = Folder::new(&[]);
    let done = folder.run(&["list", "--server", &format!("http://{address}"), "--token", TOKEN]);
    assert_eq!(done.code, 2);
    assert!(
        done.stderr.contains(&format!("redirects to http://{elsewhere}/")),
        "{done:?}"
    );
    assert!(
        asked
            .recv()
            .unwrap()
            .to_lowercase()
            .contains(&format!("authorization: bearer {TOKEN}"))
    );
    assert!(asked_there.try_recv().is_err());
    let (address, _asked) =
        stranger("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>");
    let done = folder.run(&["list", "--server", &format!("http://{address}")]);
    assert!(
        done.code == 2
            && done
                .stderr
                .contains("answers 502 Bad Gateway, and not as a worker host does"),
        "{done:?}"
    );
    let (address, _asked) = stranger("SSH-2.0-OpenSSH_9.2\r\n");
    let done = folder.run(&["list", "--server", &format!("http://{address}")]);
    assert!(
        done.code == 2 && done.stderr.contains("did not answer in HTTP"),
        "{done:?}"
    );
}

#[test]
fn a_login_is_checked_kept_and_used() {
    let server = start(&[]);
    let url = format!("http://{}", server.address);
    let login = |arguments: &[&str], token: &str| {
        let mut command = server.folder.host(&[&["login"], arguments].concat());
        server.folder.write("token", token);
        Done::from(
            command
                .stdin(fs::File::open(server.folder.path("token")).unwrap())
                .output()
                .unwrap(),
        )
    };
    let file = server.folder.path(".config/worker-host/servers.toml");
    let done = login(&["test", "--server", &url], "wrong-token\n");
    assert!(
        done.code == 2 && done.stderr.contains("does not accept this token") && !file.exists(),
        "{done:?}"
    );
    assert!(!done.stderr.contains("wrong-token"), "{done:?}");
    let done = login(&["test"], TOKEN);
    assert!(
        done.code == 2 && done.stderr.contains("--server: is missing"),
        "{done:?}"
    );
    let done = login(&["te st", "--server", &url], TOKEN);
    assert!(
        done.code == 2 && done.stderr.contains("is no name for a login"),
        "{done:?}"
    );
    let done = login(&["test", "--server", &url], &format!("{TOKEN}\n"));
    assert_eq!((done.code, done.stdout.as_str()), (0, ""), "{done:?}");
    assert!(!done.stderr.contains(TOKEN), "{done:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let done = login(&["--server", &url], &token(&server, &["--user"]));
    assert!(
        done.code == 0 && done.stderr.contains("as 127.0.0.1: name it with --server 127.0.0.1"),
        "{done:?}"
    );
    // The first is the default; others have their names, or their addresses.
    project(&server.folder, "w", "export default () => 1", &Value::Null);
    let run = |arguments: &[&str]| server.folder.run(arguments);
    assert_eq!(run(&["deploy", "w"]).code, 0);
    assert_eq!(run(&["list", "--server", "test"]).code, 0);
    let done = run(&["execute", "w", "--server", "127.0.0.1"]);
    assert!(done.code == 2 && done.stderr.contains("someone may not"), "{done:?}");
    assert_eq!(run(&["list", "--server", &format!("{url}/")]).code, 0);
    let done = run(&["list", "--server", "tset"]);
    assert!(
        done.code == 2 && done.stderr.contains("there is no login \"tset\" (did you mean test?)"),
        "{done:?}"
    );
    // A setting of the folder is before the login, and a token that is given before the one that is kept.
    server.folder.write("host.toml", "server = \"127.0.0.1\"\n");
    assert_eq!(run(&["undeploy", "w"]).code, 2);
    assert_eq!(run(&["undeploy", "w", "--token", TOKEN]).code, 0);
    // The kept token is for the server that it was kept for.
    let (address, asked) = stranger("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_eq!(run(&["list", "--server", &format!("http://{address}")]).code, 2);
    assert!(!asked.recv().unwrap().to_lowercase().contains("authorization"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let done = run(&["list", "--server", "test"]);
    assert!(
        done.code == 2 && done.stderr.contains("can be read by others (mode 644)"),
        "{done:?}"
    );
}

#[test]
fn https_with_an_authority_of_ones_own() {
    let folder = Folder::new(&[]);
    fs::create_dir(folder.path("workers")).unwrap();
    let (_, cert, key) = certificate();
    folder.write("cert.pem", cert);
    folder.write("key.pem", key);
    let server = Server::start(folder, &["--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    let url = format!("https://localhost:{}", server.address.port());
    let list = |variables: &[(&str, &str)]| {
        let mut command = server.folder.host(&["list", "--server", &url, "--token", TOKEN]);
        Done::from(command.envs(variables.iter().copied()).output().unwrap())
    };
    let done = list(&[("SSL_CERT_FILE", "cert.pem")]);
    assert_eq!(
        (done.code, done.stderr.as_str()),
        (
            0,
            "no worker is deployed; host deploy makes one (those of --workers are not listed)\n"
        )
    );
    let done = list(&[]);
    assert!(done.code == 2 && done.stderr.contains("certificate"), "{done:?}");
}
