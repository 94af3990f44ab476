//! Executions of a running server as a command line shows them: their values, logs and payloads; and secrets.

use super::api::{restart, start};
use super::program::{Done, Folder};
use super::remote::{ask, command, project, refused, told};
use super::server::Server;
use serde_json::{Value, json};
use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn an_execution_there_is_printed_as_one_here() {
    let server = start(&[]);
    for (key, source, payload) in [
        (
            "value",
            "export default (_, data) => { console.warn('a\\nb'); console.error('c'); return data }",
            "[1e400, 1.0,\"\\ud83d\"]",
        ),
        ("nothing", "export default () => { console.debug('x') }", ""),
        ("null", "export default () => null", "null"),
        (
            "throws",
            "export default () => { throw new TypeError('no', { cause: new Error('why', { cause: 7 }) }) }",
            "1",
        ),
        ("status", "export default () => ({ executionStatus: 2, why: 'x' })", "1"),
        ("never", "export default () => new Promise(() => {})", "1"),
        ("bigint", "export default () => 1n", "1"),
    ] {
        project(&server.folder, key, source, &Value::Null);
        told(&server, &["deploy", key]);
        let there = ask(&server, &["execute", key, "--payload", payload]);
        // A module: of a source, the line at which it threw is shown, too.
        let built = server
            .folder
            .run(&["build", &format!("{key}/worker.ts"), "--out", "worker.wasm"]);
        assert_eq!(built.code, 0, "{built:?}");
        let here = server.folder.run(&["run", "worker.wasm", "--payload", payload]);
        let shown = |done: &Done| (done.code, done.stdout.clone(), done.stderr.clone());
        assert_eq!(shown(&there), shown(&here), "{key}");
        // One that other parsers read.
        let whole = ask(&server, &["execute", key, "--payload", "[1]", "--output", "json"]);
        let whole: Value = serde_json::from_str(&whole.stdout).unwrap();
        let run = server.folder.run(&[
            "run",
            &format!("{key}/worker.ts"),
            "--payload",
            "[1]",
            "--output",
            "json",
        ]);
        let run: Value = serde_json::from_str(&run.stdout).unwrap();
        for part in ["data", "executionStatus", "message", "error", "logs"] {
            assert_eq!(whole[part], run[part], "{key}: {part}");
        }
    }
    // What they logged, and why they failed, is kept.
    let logs = told(&server, &["logs", "throws"]);
    assert!(
        logs.contains("\n  TypeError: no\n      at ") && logs.contains("\n  caused by Error: why\n"),
        "{logs}"
    );
    // From stdin, and what is no document is told without the server.
    let mut piped = command(&server, &["execute", "value", "--payload", "@payload.json"]);
    server.folder.write("payload.json", "[2]");
    assert_eq!(Done::from(piped.output().unwrap()).stdout, "[2]\n");
    let mut piped = command(&server, &["execute", "value"]);
    piped.stdin(File::open(server.folder.path("payload.json")).unwrap());
    assert_eq!(Done::from(piped.output().unwrap()).stdout, "[2]\n");
    assert!(refused(&server, &["execute", "value", "--payload", "{"]).contains("line 1"));
}

#[test]
fn logs_are_followed_through_a_restart() {
    let server = start(&[]);
    project(
        &server.folder,
        "w",
        "export default (_, data) => { console.log('got', data) }",
        &Value::Null,
    );
    told(&server, &["deploy", "w"]);
    let mut following = command(&server, &["logs", "w", "--follow"]);
    let printed = server.folder.path("followed");
    following.stdout(File::create(&printed).unwrap()).stderr(Stdio::piped());
    let following = following.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    // Until it is told of one, more may come too early.
    let wait = |server: &Server, number: &str| {
        loop {
            server.execute("w", number);
            std::thread::sleep(Duration::from_millis(100));
            let text = std::fs::read_to_string(server.folder.path("followed")).unwrap();
            if text.contains(&format!("  [info ] - got {number}\n")) {
                return;
            }
            assert!(Instant::now() < deadline, "{text}");
        }
    };
    wait(&server, "1");
    let address = server.address.to_string();
    let server = restart(server, &["--listen".to_owned(), address]);
    wait(&server, "2");
    // A server that stops ends the answer, and this is away as well.
    let mut server = server;
    server.terminate();
    assert_eq!(server.exit_code(), 0);
    let folder = std::mem::replace(&mut server.folder, Folder::new(&[]));
    let server = Server::start(folder, &["--listen", &server.address.to_string()]);
    wait(&server, "3");
    // When there is no such worker any more it ends, and says so.
    told(&server, &["undeploy", "w"]);
    let address = server.address.to_string();
    let _server = restart(server, &["--listen".to_owned(), address]);
    let done = Done::from(following.wait_with_output().unwrap());
    assert_eq!(done.code, 2);
    assert!(
        done.stderr.contains("; trying again\nfollowing w again\n")
            && done.stderr.ends_with("error: there is no worker w\n"),
        "{done:?}"
    );
}

#[test]
fn an_execution_is_replayed_here() {
    let server = start(&[]);
    let source =
        |text: &str| format!("import './a.json'; export default (_, data) => '{text} ' + JSON.stringify(data)");
    project(&server.folder, "w", &source("there"), &Value::Null);
    server.folder.write("w/a.json", "1");
    told(&server, &["deploy", "w"]);
    let executed: Value = serde_json::from_str(&told(
        &server,
        &["execute", "w", "--payload", "{\"a\": 1e400}", "--output", "json"],
    ))
    .unwrap();
    let id = executed["executionId"].as_str().unwrap();
    project(&server.folder, "w", &source("here"), &Value::Null);
    let expected = "\"here {\\\"a\\\":null}\"\n";
    assert_eq!(told(&server, &["replay", id, "w/worker.ts", "--key", "w"]), expected);
    let mut inside = command(&server, &["replay", id]);
    let done = Done::from(inside.current_dir(server.folder.path("w")).output().unwrap());
    assert_eq!((done.code, done.stdout.as_str()), (0, expected), "{done:?}");
    assert!(done.stderr.starts_with("w version 1, success, at 20"), "{done:?}");
    for (arguments, expected) in [
        (
            &["replay", id][..],
            "there is no manifest.json here; name the file of w: host replay",
        ),
        (
            &["replay", "last"],
            "\"last\" is no execution; host history KEY lists them",
        ),
        (&["replay", id, "w/worker.ts", "--key", "other"], "has no execution"),
        (
            &["replay", "01a213d3-0000-7d34-87c0-5df02ff17291", "w/worker.ts"],
            "has no execution",
        ),
        (
            &["replay", id, "w/gone.ts"],
            "<worker>: w/gone.ts: there is no such file",
        ),
    ] {
        let problem = refused(&server, arguments);
        assert!(problem.contains(expected), "{expected} is not in {problem}");
    }
    // One that kept no payload, and one whose payload was cut.
    let keeps = json!({"keepPayloads": false});
    for (more, payload, expected) in [
        (&keeps, "1".to_owned(), "no payload is recorded"),
        (
            &Value::Null,
            format!("\"{}\"", "x".repeat(200_000)),
            "was too large for the history",
        ),
    ] {
        project(&server.folder, "v", "export default () => 1", more);
        told(&server, &["deploy", "v"]);
        server.folder.write("payload.json", payload);
        let executed = told(
            &server,
            &["execute", "v", "--payload", "@payload.json", "--output", "json"],
        );
        let executed: Value = serde_json::from_str(&executed).unwrap();
        let done = ask(
            &server,
            &["replay", executed["executionId"].as_str().unwrap(), "v/worker.ts"],
        );
        assert!(done.stderr.contains(expected), "{done:?}");
        told(&server, &["undeploy", "v"]);
    }
}

#[test]
fn secrets_come_from_stdin_and_never_back() {
    let server = start(&[]);
    project(
        &server.folder,
        "w",
        "export default ({ secrets }) => secrets.get('a/b')?.length ?? 'none'",
        &Value::Null,
    );
    told(&server, &["deploy", "w"]);
    let put = |name: &str, value: &str| {
        let mut command = command(&server, &["secret", "put", "w", name]);
        server.folder.write("value", value);
        Done::from(
            command
                .stdin(File::open(server.folder.path("value")).unwrap())
                .output()
                .unwrap(),
        )
    };
    let done = put("a/b", "hidden-value\n");
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));
    assert_eq!(told(&server, &["execute", "w"]), "12\n");
    assert_eq!(put("B", "x").code, 0);
    assert_eq!(told(&server, &["secret", "list", "w"]), "B\na/b\n");
    let listed: Value = serde_json::from_str(&told(&server, &["secret", "list", "w", "--output", "json"])).unwrap();
    assert_eq!(listed, json!({"secrets": [{"key": "B"}, {"key": "a/b"}]}));
    assert_eq!(told(&server, &["secret", "delete", "w", "a/b"]), "");
    assert_eq!(told(&server, &["execute", "w"]), "\"none\"\n");
    let done = put("B", "");
    assert!(
        done.code == 2 && done.stderr.contains("nothing was given on stdin"),
        "{done:?}"
    );
    let done = put("B", &"x".repeat((64 << 10) + 1));
    assert!(
        done.code == 2 && done.stderr.contains("at most 65536 bytes"),
        "{done:?}"
    );
    assert!(refused(&server, &["secret", "put", "ww", "B"]).contains("there is no worker ww"));
    // There is no place for a value among the arguments.
    assert_eq!(ask(&server, &["secret", "put", "w", "B", "value"]).code, 2);
}
