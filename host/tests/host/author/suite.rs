//! `host test`.

use super::{edit, installed, project, tells};
use crate::program::{CACHE, Folder};
use engine::{Compiler, Config, Engine, ImageRoom, Limits, Request, Source};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[test]
fn a_line_that_breaks_is_told_and_what_it_answers_now_can_be_kept() {
    let folder = project("typescript");
    edit(&folder, "greeter/worker.ts", "`Hello ${name}`", "`Hi ${name}`");
    let done = folder.run(&["test", "greeter"]);
    tells(
        &done,
        1,
        &[
            "✗ greets by name",
            "data is another:",
            "+   \"message\": \"Hi you\"",
            "-   \"message\": \"Hello you\"",
            "✓ needs a name",
            "✗ the worker > greets by name",
            "+   message: \"Hi you\"",
            "-   message: \"Hello you\"",
            "at <anonymous> (worker.test.ts:10:12)",
            "[info ] - greeting number 1",
            "3 failed, 3 passed",
        ],
    );
    let before = fs::read_to_string(folder.path("greeter/cases.json")).unwrap();
    let done = folder.run(&["test", "greeter/cases.json", "--update", "--filter", "greets"]);
    tells(&done, 0, &["✓ greets by name (updated)", "1 updated"]);
    let after = fs::read_to_string(folder.path("greeter/cases.json")).unwrap();
    let changed = "\"data\": {\n      \"message\": \"Hi you\",\n      \"greetings\": 1\n    }";
    assert_eq!(
        after,
        before.replacen("\"data\": { \"message\": \"Hello you\", \"greetings\": 1 }", changed, 1)
    );
    tells(
        &folder.run(&["test", "greeter/cases.json", "--update"]),
        0,
        &["1 updated"],
    );
    tells(&folder.run(&["test", "greeter/cases.json"]), 0, &["3 passed"]);
    edit(
        &folder,
        "greeter/worker.ts",
        "const greetings",
        "undefined.x;\n  const greetings",
    );
    let done = folder.run(&["test", "greeter/worker.ts", "--filter", "greets by name"]);
    tells(&done, 1, &["The worker failed (exception): TypeError", "worker.ts:8:"]);
}

/// One of each way in which a test ends.
const TESTS: &str = r#"import assert from "node:assert";
import test, { after, before, beforeEach, describe, it, mock } from "node:test";
import { PlatformHttpClientError, createMockContext } from "jfrog-workers/testing";

interface Counter { value: number }
const counter: Counter = { value: 0 };
before(() => void (counter.value += 1));
beforeEach(() => void (counter.value += 10));
after(() => console.log("cleaned up"));

test("is alone (1)", () => assert.strictEqual((counter.value += 100), 111));
test("is alone (2)", () => assert.strictEqual((counter.value += 100), 111));
test("loops for ever", () => { console.log("here"); for (;;); });
test("waits for ever", () => new Promise(() => {}));
test("throws", async () => {
  await null;
  throw new RangeError("no");
});
test("expects a rejection", async () => {
  await assert.rejects(async () => 1);
});
test("has a timeout", { timeout: 20 }, () => new Promise((resolve) => setTimeout(resolve, 3000)));
test("calls back", (_, done) => void setTimeout(done, 1));
test.skip("is skipped", () => assert.fail());
test("is skipped with a reason", { skip: "not today" }, () => assert.fail());
test.todo("is to do", () => assert.fail());
describe("outer", () => {
  describe("inner", () => {
    it("has tests within", async (t) => {
      await t.test("good", () => {});
      await t.test("bad", () => assert.match("abc", /x/));
    });
  });
});
it("leaves an error behind", () => void Promise.reject(new Error("lost")));
it("has random bytes and a clock", () => {
  assert.match(crypto.randomUUID(), /^[0-9a-f-]{36}$/);
  assert.ok(Date.now() > 1_000_000_000_000);
});
it("mocks the platform", async () => {
  const context = createMockContext({
    platform: { "GET /a": { data: { b: 1 } }, "GET /gone": { status: 404 } },
    axios: { "GET https://c.example/d": { data: { e: 2 } } },
  });
  const { platformHttp, axios } = context.clients;
  assert.deepEqual((await platformHttp.get("/a")).data, { b: 1 });
  await assert.rejects(platformHttp.get("/gone"), PlatformHttpClientError);
  assert.deepEqual((await axios.get("https://c.example/d")).data, { e: 2 });
  assert.equal(context.calls.axios.length, 1);
  assert.ok(context.crypto.hash("sha256", "abc").startsWith("ba7816bf"));
  assert.throws(() => context.state.set("x".repeat(41), 1), RangeError);
});
it("mocks functions", () => {
  const add = mock.fn((a: number, b: number) => a + b);
  assert.equal(add(1, 2), 3);
  assert.deepEqual(add.mock.calls[0]?.arguments, [1, 2]);
});
"#;

#[test]
fn every_test_is_alone_in_a_sandbox() {
    let folder = project("typescript");
    folder.write("greeter/all.test.ts", TESTS);
    let settings = ["--fuel", "300_000_000", "--junit", "results.xml"];
    let done = folder.run(&[&["test", "greeter/all.test.ts"], &settings[..]].concat());
    tells(
        &done,
        1,
        &[
            "✓ is alone (1)",
            "✓ is alone (2)",
            "✗ loops for ever",
            "Worker used too much cpu time",
            "the limit is 300000000 units of fuel, and it used 300000000; raise it with --fuel",
            "[info ] - here",
            "✗ waits for ever",
            "waits for a promise that nothing can settle",
            "✗ throws",
            "RangeError: no",
            "(all.test.ts:17:",
            "✗ expects a rejection",
            "Missing expected rejection.",
            "(all.test.ts:20:",
            "✗ has a timeout",
            "timeout of 20 ms",
            "✓ calls back",
            "- is skipped (skipped)",
            "- is skipped with a reason (skipped: not today)",
            "- is to do (to do)",
            "✗ outer > inner > has tests within",
            "bad: The input did not match the regular expression /x/.",
            "(all.test.ts:31:",
            "✗ leaves an error behind",
            "A promise was rejected, and nobody awaited it",
            "Uncaught (in promise) Error: lost",
            "✓ has random bytes and a clock",
            "✓ mocks the platform",
            "✓ mocks functions",
            "7 failed, 6 passed, 3 skipped",
        ],
    );
    assert!(
        !done.stdout.contains("node:") && !done.stdout.contains("host:test"),
        "{}",
        done.stdout
    );
    let xml = fs::read_to_string(folder.path("results.xml")).unwrap();
    let head = r#"<testsuite name="greeter/all.test.ts" tests="16" failures="7" errors="0" skipped="3""#;
    assert!(xml.contains(head), "{xml}");
    assert!(
        xml.contains(r#"<testcase classname="greeter" name="outer &gt; inner &gt; has tests within""#),
        "{xml}"
    );
}

#[test]
fn the_same_file_runs_under_node() {
    let Some(package) = installed() else { return };
    let folder = project("javascript");
    fs::create_dir(folder.path("greeter/node_modules")).unwrap();
    symlink(package, folder.path("greeter/node_modules/jfrog-workers")).unwrap();
    let node = |test: &str| {
        let mut command = Command::new("node");
        let output = command
            .args(["--test", test])
            .current_dir(folder.path("greeter"))
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (passes, told) = node("worker.test.js");
    assert!(passes, "{told}");
    // Both agree on what fails.
    edit(&folder, "greeter/worker.js", "`Hello ${name}`", "`Hi ${name}`");
    let (passes, told) = node("worker.test.js");
    assert!(!passes && told.contains("# fail 1"), "{told}");
    tells(
        &folder.run(&["test", "greeter/worker.test.js"]),
        1,
        &["✗ the worker > greets by name", "1 failed, 2 passed"],
    );
}

#[test]
fn assertions_agree_with_those_of_node() {
    if installed().is_none() {
        return;
    }
    let folder = Folder::new(&[("parity.test.mjs", include_str!("parity.js"))]);
    let outcomes = |told: &str| {
        let told = told.replace('\n', "");
        let (_, told) = told.split_once("<<").unwrap_or_else(|| panic!("{told}"));
        told.split_once(">>")
            .unwrap()
            .0
            .split('|')
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut node = Command::new("node");
    let output = node
        .arg("parity.test.mjs")
        .current_dir(folder.path(""))
        .output()
        .unwrap();
    let node = outcomes(&String::from_utf8(output.stdout).unwrap());
    let ours = outcomes(&folder.run(&["test", "parity.test.mjs"]).stdout);
    assert!(
        node.len() > 40 && node.len() == ours.len(),
        "{} {}",
        node.len(),
        ours.len()
    );
    let others: Vec<_> = node.iter().zip(&ours).filter(|(node, ours)| node != ours).collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn a_file_that_cannot_be_run_is_told_with_the_others() {
    let folder = project("typescript");
    folder.write(
        "greeter/a.test.ts",
        "import test from \"node:test\";\nimport fs from \"node:fs\";\ntest(\"x\", fs);\n",
    );
    folder.write(
        "greeter/b.test.mjs",
        "import \"node:test\";\nthrow new Error(\"top\");\n",
    );
    folder.write("greeter/lib/c.test.js", "export {};\n");
    folder.write("greeter/d.spec.ts", "describe();\n");
    let done = folder.run(&["test", "greeter"]);
    tells(
        &done,
        1,
        &[
            "greeter/a.test.ts",
            "cannot import 'node:fs': Node.js built-in modules are not there in a worker (a.test.ts → node:fs)",
            "greeter/b.test.mjs",
            "Error: top",
            "b.test.mjs:2:",
            "greeter/lib/c.test.js",
            "it declares no test",
            "greeter/worker.test.ts",
            "3 failed, 6 passed",
        ],
    );
    assert!(done.stderr.contains("greeter/d.spec.ts: left alone"), "{}", done.stderr);
    tells(
        &folder.run(&["test", "greeter", "--filter", "no such name"]),
        1,
        &["3 failed"],
    );
    let done = folder.run(&["test", "greeter/worker.test.ts", "--filter", "no such name"]);
    tells(&done, 1, &["nothing was run"]);
    edit(&folder, "greeter/manifest.json", "GENERIC_EVENT", "GENERIC");
    tells(
        &folder.run(&["test", "greeter"]),
        1,
        &["action: \"GENERIC\" is not known"],
    );
    for (arguments, problem) in [
        (&["test", "gone"][..], "there is no such file"),
        (
            &["test", "greeter", "--junit", "gone/x.xml"],
            "--junit: gone: there is no such folder",
        ),
        (&["test", "greeter", "--watch", "--update"], "cannot be used with"),
    ] {
        let done = folder.run(arguments);
        assert!(done.code == 2 && done.stderr.contains(problem), "{done:?}");
    }
}

#[test]
fn a_case_has_what_its_worker_finds() {
    let worker = "export default ({ secrets, properties, state }, data) => {\n  const n = Number(state.get('n') ?? 0) + 1;\n  \
                  state.set('n', n);\n  return [secrets.get('s'), properties.get('p'), properties.get('q'), n];\n};\n";
    let case = |name: &str, more: Value, data: Value| {
        let mut case = serde_json::json!({"name": name, "data": data});
        case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        case
    };
    let cases = serde_json::json!([
        case(
            "its own",
            serde_json::json!({"secrets": {"s": "a"}, "properties": {"p": "b"}, "state": {"n": "1"}}),
            serde_json::json!(["a", "b", "r", 2])
        ),
        case(
            "nothing of the one before",
            serde_json::json!({}),
            serde_json::json!(["cli", "q", "r", 1])
        ),
    ]);
    let folder = Folder::new(&[("w.js", worker), ("cases.json", &cases.to_string())]);
    folder.write(
        "manifest.json",
        r#"{"name":"w","action":"GENERIC_EVENT","sourceCodePath":"w.js","properties":{"p":"m","q":"r"}}"#,
    );
    let done = folder.run(&["test", "--secret", "s=cli", "--property", "p=q"]);
    tells(&done, 0, &["2 passed"]);
}

#[test]
fn every_sample_passes() {
    let workers = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../workers")
        .canonicalize()
        .unwrap();
    let done = Folder::new(&[]).run(&["test", workers.to_str().unwrap()]);
    tells(
        &done,
        0,
        &["echo/cases.json", "✓ null is a value, not an absence", " passed ("],
    );
    let groups = done.stdout.lines().filter(|line| line.ends_with("cases.json")).count();
    assert!(groups >= 10 && !done.stdout.contains('✗'), "{}", done.stdout);
    tells(
        &Folder::new(&[]).run(&["check", workers.to_str().unwrap()]),
        0,
        &["workers checked: all is well"],
    );
}

#[test]
fn modules_that_are_no_files_reach_a_child_that_builds() {
    let folder = Folder::new(&[]);
    let config = Config {
        cache_dir: CACHE.clone(),
        max_cache_bytes: 1 << 30,
        max_executions: 2,
        max_memory_bytes: Limits::default().memory_bytes,
        image_room: ImageRoom::default(),
        notice: |_| {},
        compiler: Some(Compiler {
            program: env!("CARGO_BIN_EXE_host").into(),
            arguments: ["compile-for-parent", "60", "1073741824", "false"]
                .map(Into::into)
                .into(),
            cpu: Duration::from_secs(60),
            memory_bytes: 1 << 30,
        }),
    };
    let source = |modules: &[(&str, &str)]| Source {
        folder: Some(folder.path("")),
        modules: modules
            .iter()
            .map(|(name, text)| ((*name).into(), (*text).into()))
            .collect(),
        ..Source::alone("worker.ts", "import x from 'given:x'; export default () => x")
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let engine = Engine::new(config).unwrap();
        let worker = engine
            .make(&source(&[("given:x", "export default 'here'")]))
            .await
            .unwrap();
        let execution = engine
            .run(&worker, Request::default(), std::future::pending())
            .await
            .unwrap();
        assert_eq!(&*execution.output, b"\"here\"");
        assert!(engine.make(&source(&[])).await.is_err());
    });
}

#[test]
fn a_change_is_noticed() {
    let folder = project("javascript");
    let mut command = folder.host(&["test", "greeter", "--watch"]);
    let mut child = Ended(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut wait_for = |text: &str| {
        lines
            .find(|line| line.contains(text))
            .unwrap_or_else(|| panic!("no {text}"))
    };
    wait_for("6 passed");
    edit(&folder, "greeter/worker.js", "`Hello ${name}`", "`Hi ${name}`");
    wait_for("worker.js changed");
    wait_for("3 failed, 3 passed");
    // A manifest that is away for a moment does not end it.
    let manifest = fs::read(folder.path("greeter/manifest.json")).unwrap();
    fs::remove_file(folder.path("greeter/manifest.json")).unwrap();
    wait_for("manifest.json changed");
    folder.write("greeter/manifest.json", manifest);
    edit(&folder, "greeter/worker.js", "`Hi ${name}`", "`Hello ${name}`");
    wait_for("6 passed");
}

/// A process that does not outlive its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
