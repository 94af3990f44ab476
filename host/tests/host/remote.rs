//! The commands that ask a running server, from a deployment to its end.

use super::api::{as_admin, start, token, wait_for_history};
use super::program::{Done, Folder};
use super::server::{Server, TOKEN};
use serde_json::{Value, json};
use std::process::Command;

/// One of them, in the server's folder, asking it as its admin.
pub fn command(server: &Server, arguments: &[&str]) -> Command {
    let mut command = server.folder.host(arguments);
    command
        .env("HOST_SERVER", format!("http://{}", server.address))
        .env("HOST_TOKEN", TOKEN);
    command
}

pub fn ask(server: &Server, arguments: &[&str]) -> Done {
    command(server, arguments).output().unwrap().into()
}

/// What it prints when it succeeds.
pub fn told(server: &Server, arguments: &[&str]) -> String {
    let done = ask(server, arguments);
    assert_eq!(done.code, 0, "{arguments:?}: {done:?}");
    done.stdout
}

/// What it says when it does not.
pub fn refused(server: &Server, arguments: &[&str]) -> String {
    let done = ask(server, arguments);
    assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{arguments:?}: {done:?}");
    assert!(!done.stderr.contains(TOKEN), "{}", done.stderr);
    done.stderr
}

/// A folder as `jf worker init` makes it; `more` changes its manifest.
pub fn project(folder: &Folder, key: &str, source: &str, more: &Value) {
    let mut manifest = json!({
        "name": key, "description": "Run a script on GENERIC_EVENT", "sourceCodePath": "./worker.ts",
        "action": "GENERIC_EVENT", "enabled": true, "debug": false, "projectKey": "", "secrets": {},
        "application": "worker",
    });
    manifest
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().cloned().unwrap_or_default());
    folder.write(&format!("{key}/manifest.json"), manifest.to_string());
    folder.write(&format!("{key}/worker.ts"), source);
}

#[test]
fn a_worker_from_its_deployment_to_its_end() {
    let server = start(&[]);
    let source = |text: &str| format!("export default (_, data) => {{ console.log('got', data); return '{text}' }}");
    project(&server.folder, "mine", &source("one"), &json!({"description": "first"}));
    let url = format!("http://{}/worker/api/v1/execute/mine", server.address);
    assert_eq!(told(&server, &["deploy", "mine"]), format!("mine version 1: {url}\n"));
    let done = ask(&server, &["execute", "mine", "--payload", "7"]);
    assert_eq!(
        (done.code, done.stdout.as_str(), done.stderr.as_str()),
        (0, "\"one\"\n", "[info ] - got 7\n")
    );

    project(
        &server.folder,
        "mine",
        &source("two"),
        &json!({"description": "second"}),
    );
    let mut here = command(&server, &["deploy", "--output", "json"]);
    let done = Done::from(here.current_dir(server.folder.path("mine")).output().unwrap());
    let deployed: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(deployed, json!({"key": "mine", "version": 2, "url": url}));
    assert_eq!(told(&server, &["execute", "mine", "--payload", "8"]), "\"two\"\n");
    let list = told(&server, &["list"]);
    assert!(
        list.starts_with("KEY   VERSION  ACTION") && list.contains("\nmine  2        GENERIC_EVENT  enabled"),
        "{list}"
    );
    let list: Value = serde_json::from_str(&told(&server, &["list", "--output", "json"])).unwrap();
    assert_eq!(list["workers"][0]["description"], "second");

    wait_for_history(&server, "v1/execution_history?workerKey=mine", 2);
    let history = told(&server, &["history", "mine", "--limit", "1"]);
    assert!(
        history.lines().count() == 2 && history.contains("  success  ") && history.contains("  2        admin"),
        "{history}"
    );
    assert_eq!(told(&server, &["history", "mine", "--status", "fail"]), "");
    let logs = told(&server, &["logs", "mine"]);
    let logged: Vec<_> = logs.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(logged, ["  [info ] - got 7", "  [info ] - got 8"], "{logs}");

    assert_eq!(
        told(&server, &["rollback", "mine"]),
        "mine version 3: a copy of version 1\n"
    );
    assert_eq!(told(&server, &["execute", "mine"]), "\"one\"\n");
    assert_eq!(
        told(&server, &["rollback", "mine", "2"]),
        "mine version 4: a copy of version 2\n"
    );
    assert_eq!(told(&server, &["execute", "mine"]), "\"two\"\n");
    let versions = told(&server, &["versions", "mine"]);
    let first = versions.lines().nth(1).unwrap();
    assert!(
        first.starts_with("4        current  ") && first.ends_with("admin  copy of 2"),
        "{versions}"
    );
    assert!(refused(&server, &["rollback", "mine", "9"]).contains("has no version 9"));

    assert_eq!(told(&server, &["undeploy", "mine"]), "");
    assert_eq!(told(&server, &["list"]), "");
    assert!(refused(&server, &["execute", "mine"]).contains("there is no worker mine"));
}

#[test]
fn a_project_of_the_public_command_line_is_deployed_as_it_is() {
    let server = start(&[]);
    let source = "import { PlatformContext } from 'jfrog-workers';\nimport { CustomPayload, CustomResponse } from './types';\n\n\
        export default async (context: PlatformContext, data: CustomPayload): Promise<CustomResponse> => {\n  \
        return { message: `${data.name} ${context.secrets.get('plain')?.length}` };\n};\n";
    // As jf worker seals it: a nonce, a tag and a salt around the text.
    let sealed = data_encoding::BASE64.encode(&[7; 70]);
    let more = json!({"secrets": {"sealed": sealed, "plain": "12345"}});
    project(&server.folder, "my-worker", source, &more);
    for (name, text) in [
        (
            "types.ts",
            "export interface CustomPayload { name: string }\nexport interface CustomResponse { message: string }\n",
        ),
        (
            "package.json",
            r#"{"name":"my-worker","private":true,"devDependencies":{"jfrog-workers":"^0.4.0"}}"#,
        ),
        (
            "tsconfig.json",
            r#"{"compilerOptions":{"module":"commonjs","target":"es2017","strict":true}}"#,
        ),
        (
            "worker.spec.ts",
            "import runWorker from './worker'; describe('w', () => {});\n",
        ),
    ] {
        server.folder.write(&format!("my-worker/{name}"), text);
    }
    let done = ask(&server, &["deploy", "my-worker"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stderr
            .contains("the secret sealed of the manifest is sealed with a password of jf worker"),
        "{done:?}"
    );
    assert!(
        !done.stderr.contains("plain") && !done.stderr.contains(&sealed),
        "{done:?}"
    );
    let worker = as_admin(&server, "GET", "v2/workers/my-worker", &Value::Null).json();
    assert_eq!(worker["sourceCode"], source, "it is kept as its author wrote it");
    assert_eq!(worker["description"], "Run a script on GENERIC_EVENT");
    assert_eq!(worker["secrets"], json!([{"key": "plain"}]));
    let executed = told(&server, &["execute", "my-worker", "--payload", r#"{"name":"a"}"#]);
    assert_eq!(executed, "{\"message\":\"a 5\"}\n");
    // Settings that the manifest is silent about stay, and a secret that is there needs no word.
    let mut body = super::api::deploy_body("my-worker", source);
    body["settings"] = json!({"properties": {"region": "eu"}, "keepPayloads": false});
    body["secrets"] = json!([{"key": "sealed", "value": "set by hand"}]);
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &body).status, 204);
    let done = ask(&server, &["deploy", "my-worker"]);
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    let settings =
        |server: &Server| as_admin(server, "GET", "v2/workers/my-worker", &Value::Null).json()["settings"].clone();
    assert_eq!(settings(&server)["properties"]["region"], "eu");
    // Once it has any, it says them all; but payloads are not kept again without a word.
    project(
        &server.folder,
        "my-worker",
        source,
        &json!({"limits": {"timeoutMillis": 900}}),
    );
    told(&server, &["deploy", "my-worker"]);
    let settings = settings(&server);
    assert_eq!(
        (&settings["limits"], &settings["properties"]),
        (&json!({"timeoutMillis": 900}), &json!({}))
    );
    assert_eq!(settings["keepPayloads"], false);
}

#[test]
fn what_imports_files_is_built_here_and_is_a_version_too() {
    let server = start(&[]);
    let source = "import { f } from './lib/deep';\nimport { g } from 'package';\n\n\
        export default ({ properties }, data) => data ? f() : [g(), properties.get('region')];\n";
    let more = json!({"properties": {"region": "eu"}, "projectKey": "web"});
    project(&server.folder, "parts", source, &more);
    server.folder.write(
        "parts/lib/deep.ts",
        "type A = 1;\n\nexport function f() {\n  throw new Error('deep');\n}\n",
    );
    server
        .folder
        .write("parts/node_modules/package/index.js", "exports.g = () => 'package'");
    // Whoever administers the project may make it there.
    let own = token(&server, &["--project-admin", "web"]);
    let done = Done::from(
        command(&server, &["deploy", "parts"])
            .env("HOST_TOKEN", own)
            .output()
            .unwrap(),
    );
    assert!(
        done.code == 0 && done.stdout.starts_with("parts version 1: "),
        "{done:?}"
    );
    let executed = told(&server, &["execute", "parts", "--project", "web"]);
    assert_eq!(executed, "[\"package\",\"eu\"]\n");
    let done = ask(&server, &["execute", "parts", "--payload", "1"]);
    assert_eq!(done.code, 1);
    assert!(
        done.stderr.contains("Error: deep\n    at f (lib/deep.ts:4:"),
        "{done:?}"
    );
    server
        .folder
        .write("parts/node_modules/package/index.js", "exports.g = () => 'other'");
    told(&server, &["deploy", "parts"]);
    assert_eq!(told(&server, &["execute", "parts"]), "[\"other\",\"eu\"]\n");
    told(&server, &["rollback", "parts"]);
    assert_eq!(told(&server, &["execute", "parts"]), "[\"package\",\"eu\"]\n");
    let versions = told(&server, &["versions", "parts"]);
    assert!(
        versions.contains("  module\n") && versions.contains("  copy of 1\n"),
        "{versions}"
    );

    // With another action, and nothing is left of one that is refused.
    let scheduled = json!({"action": "SCHEDULED_EVENT", "filterCriteria": {"schedule": {"cron": "0 3 * * *"}}});
    let wrong = json!({"limits": {"timeoutMillis": 100_000_000}, "shared": "yes"});
    for (key, more) in [("timed", &scheduled), ("wrong", &wrong)] {
        project(
            &server.folder,
            key,
            "import a from './a.json'; export default () => a",
            more,
        );
        server.folder.write(&format!("{key}/a.json"), "1");
    }
    assert_eq!(
        told(&server, &["deploy", "timed"]),
        "timed version 1: runs by its schedule\n"
    );
    let worker = as_admin(&server, "GET", "v2/workers/timed", &Value::Null).json();
    assert_eq!(
        (&worker["enabled"], &worker["action"]["name"]),
        (&json!(true), &json!("SCHEDULED_EVENT"))
    );
    let problem = refused(&server, &["deploy", "wrong"]);
    assert!(
        problem.contains("found 2 mistakes:") && problem.contains("\n  shared: expected true or false"),
        "{problem}"
    );
    assert!(
        problem.contains("\n  settings.limits.timeoutMillis: 100000000 is more than the 5000"),
        "{problem}"
    );
    assert_eq!(as_admin(&server, "GET", "v2/workers/wrong", &Value::Null).status, 404);
}

#[test]
fn what_does_not_build_is_told_at_its_place() {
    let server = start(&[]);
    for (source, expected) in [
        (
            "import { A } from './types';\nexport default (a: A) => {\n  let x = ;\n}\n",
            "error: Unexpected token\n --> bad/worker.ts:3:11\n",
        ),
        ("import './gone';\nexport default () => 1\n", " --> bad/worker.ts:1:8\n"),
        ("import './fault';\nexport default () => 1\n", " --> bad/fault.ts:2:8\n"),
        ("throw new Error('at the top');\nexport default () => 1\n", "at the top"),
    ] {
        project(&server.folder, "bad", source, &Value::Null);
        server.folder.write("bad/fault.ts", "\nlet a: = 1");
        let problem = refused(&server, &["deploy", "bad"]);
        assert!(
            problem.starts_with("error: ") && problem.contains(expected),
            "{expected} is not in {problem}"
        );
    }
    assert_eq!(as_admin(&server, "GET", "v2/workers/bad", &Value::Null).status, 404);
}
