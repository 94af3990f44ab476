//! Settings and folders of workers that are wrong: everything is told at once, and nothing is served.

use super::program::Folder;
use super::server::{Server, TOKEN, add_worker};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn all_mistakes_of_all_sources_at_once() {
    let folder = Folder::new(&[(
        "host.toml",
        "lisen = \"127.0.0.1:1\"\ndrain = \"soon\"\nmax_executions = \"many\"\n[workers]\npath = \"x\"\n",
    )]);
    let mut command = folder.host(&["serve", "--listen", "8080", "--memory", "1TiB", "--drain", "1s"]);
    command
        .env("HOST_FUEL", "-1")
        .env("HOST_LISTEN", "nonsense")
        .env("HOST_ADMIN_TOKEN", "with space");
    let done = super::program::Done::from(command.output().unwrap());
    assert_eq!(done.code, 2, "{done:?}");
    for part in [
        "the settings have 7 mistakes:",
        "host.toml: lisen: is not a setting (did you mean listen?)",
        "host.toml: workers: expected",
        "host.toml: max-executions: expected a whole number",
        "--listen: expected an address and a port",
        "--memory: expected a size",
        "HOST_FUEL: expected a whole number",
        "HOST_ADMIN_TOKEN: expected visible",
    ] {
        assert!(done.stderr.contains(part), "{part} is not in {}", done.stderr);
    }
    // Overridden by a flag, so it does not matter; and the token is a secret even when it is wrong.
    assert!(
        !done.stderr.contains("soon") && !done.stderr.contains("with space"),
        "{}",
        done.stderr
    );
    assert!(!folder.path("data").exists());
}

#[test]
fn the_file_the_environment_and_the_flags_are_used_in_this_order() {
    let folder = Folder::new(&[
        ("echo.js", "export default (_, data) => data"),
        ("other.toml", "payload = \"[4]\""),
    ]);
    folder.write("host.toml", "payload = \"[3]\"\n");
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["run", "echo.js"], arguments].concat();
        let output = folder
            .host(&arguments)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(run(&[], &[]), "[3]\n");
    assert_eq!(run(&[], &[("HOST_PAYLOAD", "")]), "[3]\n");
    assert_eq!(run(&[], &[("HOST_PAYLOAD", "[2]")]), "[2]\n");
    assert_eq!(run(&["--payload", "[1]"], &[("HOST_PAYLOAD", "[2]")]), "[1]\n");
    assert_eq!(run(&["--config", "other.toml"], &[]), "[4]\n");
    assert_eq!(run(&[], &[("HOST_CONFIG", "other.toml")]), "[4]\n");
    let done = folder.run(&["run", "echo.js", "--config", "gone.toml"]);
    assert!(
        done.code == 2 && done.stderr.contains("gone.toml: cannot be read"),
        "{done:?}"
    );
}

#[test]
fn all_faults_of_a_folder_of_workers_at_once() {
    let folder = Folder::new(&[]);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--workers", "workers"];
    let done = folder.run(&serve);
    assert!(
        done.code == 2 && done.stderr.contains("--workers: expected an existing folder"),
        "{done:?}"
    );

    add_worker(&folder, "good", "export default () => 1", "");
    add_worker(&folder, "broken", "export default () => {\n  return 1 +\n}\n", "");
    add_worker(&folder, "throws", "throw new Error('at the top')", "");
    add_worker(&folder, "draft", "not TypeScript at all", r#","enabled":false"#);
    folder.write(
        "workers/same/manifest.json",
        r#"{"name":"good","action":"GENERIC_EVENT","sourceCodePath":"a.js"}"#,
    );
    folder.write("workers/same/a.js", "export default 1");
    folder.write(
        "workers/wrong/manifest.json",
        r#"{"name":"../x","action":"GENERIC_EVNT","enabled":1}"#,
    );
    folder.write(
        "workers/module/manifest.json",
        r#"{"name":"module","action":"GENERIC_EVENT","sourceCodePath":"m.wasm"}"#,
    );
    folder.write("workers/module/m.wasm", "not a module");
    let done = folder.run(&serve);
    assert_eq!(done.code, 2, "{done:?}");
    for part in [
        "workers/broken",
        "worker.ts:3:1",
        "workers/throws",
        "at the top",
        "workers/module",
        "workers/same/manifest.json: name: \"good\" is also the name in workers/good/manifest.json",
        "workers/wrong/manifest.json: name: expected",
        "workers/wrong/manifest.json: action: \"GENERIC_EVNT\" is not known (did you mean GENERIC_EVENT?)",
        "workers/wrong/manifest.json: sourceCodePath: is missing",
        "workers/wrong/manifest.json: enabled: expected true or false",
    ] {
        assert!(done.stderr.contains(part), "{part} is not in {}", done.stderr);
    }
    assert!(
        !done.stderr.contains("workers/good:") && !done.stderr.contains("workers/draft"),
        "{}",
        done.stderr
    );
}

#[test]
fn the_token_is_made_once_kept_private_and_never_shown() {
    let folder = Folder::new(&[]);
    add_worker(&folder, "echo", "export default (_, data) => data", "");
    let mut server = Server::spawn(folder, &["--data", "state/host"], |_| ());
    let ready = server.wait_for("ready:");
    assert!(ready.contains("ready: 1 workers at http://127.0.0.1:"), "{ready}");
    assert!(ready.ends_with("admin token in state/host/admin-token"), "{ready}");
    let path = server.folder.path("state/host/admin-token");
    let token = fs::read_to_string(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(token.trim().len() >= 43 && !server.log.contains(token.trim()));
    let request = super::server::request("echo", "1");
    assert_eq!(server.connect().ask(&request).status, 401);
    let request = request.replace(TOKEN, token.trim());
    assert_eq!(server.connect().ask(&request).status, 200);
    server.terminate();
    assert_eq!(server.exit_code(), 0);

    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", "state/host"];
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let done = server.folder.run(&serve);
    assert!(
        done.code == 2 && done.stderr.contains("can be read by others"),
        "{done:?}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), token);
}

#[test]
fn an_address_in_use_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = Folder::new(&[]).run(&["serve", "--listen", &address]);
    assert!(
        done.code == 2 && done.stderr.contains(&format!("cannot listen on {address}")),
        "{done:?}"
    );
}
