//! `host run`.

use super::program::{Done, Folder};
use serde_json::{Value, json};
use std::process::Stdio;

const FILES: &[(&str, &str)] = &[
    (
        "echo.ts",
        "export default async (context: object, data: unknown) => data",
    ),
    (
        "fail.js",
        "export default (_, data) => ({ executionStatus: data, message: 'x' })",
    ),
    (
        "log.mjs",
        "export default () => { console.log('a', { b: [1] }); console.error('bad'); return 1 }",
    ),
    (
        "throw.mts",
        "export default () => {\n  throw new RangeError('no', { cause: new TypeError('why') })\n}",
    ),
    ("loop.js", "export default () => { for (;;) {} }"),
    (
        "grow.js",
        "export default () => { const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1)) }",
    ),
    ("never.js", "export default () => new Promise(() => {})"),
    ("broken.ts", "const a = 1;\nexport default () => (a +;\n"),
    ("large.js", "export default () => 'x'.repeat(900_000)"),
    (
        "secret.js",
        "export default ({ secrets }) => { secrets.get('a'); secrets.get('b') }",
    ),
    ("null.js", "export default () => null"),
    ("payload.json", "{\"from\":\"file\"}"),
    ("empty.json", ""),
    ("notes.txt", "notes"),
];

#[derive(Clone, Copy)]
struct Case {
    arguments: &'static str,
    stdin: &'static str,
    code: i32,
    stdout: &'static str,
    /// Parts of stderr.
    stderr: &'static [&'static str],
}

/// `code` and `stdout` of `host run` with these space-separated arguments.
const fn case(arguments: &'static str, stdin: &'static str, code: i32, stdout: &'static str) -> Case {
    Case {
        arguments,
        stdin,
        code,
        stdout,
        stderr: &[],
    }
}

const fn saying(case: Case, stderr: &'static [&'static str]) -> Case {
    Case { stderr, ..case }
}

const CASES: &[Case] = &[
    // Where the payload comes from.
    case(r#"echo.ts --payload {"foo":"bar"}"#, "", 0, "{\"foo\":\"bar\"}\n"),
    case("echo.ts", "", 0, ""),
    case("echo.ts", "[1]\n", 0, "[1]\n"),
    case("echo.ts --payload -", "\"stdin\"", 0, "\"stdin\"\n"),
    case("echo.ts --payload 1", "[2]", 0, "1\n"),
    case("echo.ts --payload -1", "", 0, "-1\n"),
    case("echo.ts --payload @payload.json", "[2]", 0, "{\"from\":\"file\"}\n"),
    case("echo.ts --payload @empty.json", "", 0, ""),
    case("null.js", "", 0, "null\n"),
    // What the worker did.
    saying(
        case("log.mjs", "", 0, "1\n"),
        &["[info ] - a { b: [ 1 ] }\n", "[error] - bad\n"],
    ),
    saying(
        case("throw.mts", "", 1, ""),
        &[
            "RangeError: no\n  --> throw.mts:2:",
            "2 |   throw new RangeError(",
            "(throw.mts:2:",
            "caused by TypeError: why\n",
        ],
    ),
    saying(
        case(
            "fail.js --payload 2",
            "",
            1,
            "{\"executionStatus\":2,\"message\":\"x\"}\n",
        ),
        &["executionStatus"],
    ),
    case(
        "fail.js --payload 4",
        "",
        0,
        "{\"executionStatus\":4,\"message\":\"x\"}\n",
    ),
    saying(
        case("loop.js --fuel 50_000_000", "", 1, ""),
        &[
            "Worker used too much cpu time",
            "the limit is 50000000 units of fuel, and it used ",
            "; raise it with --fuel",
        ],
    ),
    saying(
        case("loop.js --cpu 100ms --fuel 1_000_000_000_000", "", 1, ""),
        &[
            "Worker used too much cpu time",
            "the limit is 100ms on a CPU, and it used ",
            "; raise it with --cpu",
        ],
    ),
    saying(
        case("loop.js --timeout 100ms --fuel 1_000_000_000_000", "", 1, ""),
        &[
            "Worker execution timeout",
            "the limit is 100ms, and it took ",
            "; raise it with --timeout",
        ],
    ),
    saying(
        case("grow.js --memory 16MiB", "", 1, ""),
        &[
            "Worker used too much memory",
            "the limit is 16777216 bytes of memory, and it had ",
            "; raise it with --memory",
        ],
    ),
    saying(
        case("large.js --output-size 100..2MiB", "", 1, ""),
        &["the limit is 100 bytes of JSON; raise it with --output-size"],
    ),
    saying(
        case("log.mjs --log-lines 1", "", 0, "1\n"),
        &[
            "(the log was cut off after line 1, byte ",
            "raise it with --log-size or --log-lines",
        ],
    ),
    saying(
        case("secret.js --host-calls 1", "", 1, ""),
        &[
            "Worker made too many host calls",
            "the limit is 1 host calls; raise it with --host-calls",
        ],
    ),
    case("secret.js --host-calls 2", "", 0, ""),
    case("echo.ts --payload [1] --payload-size 3", "", 0, "[1]\n"),
    saying(case("never.js", "", 1, ""), &["promise"]),
    // What is wrong with the command.
    saying(case("echo.ts --payload {", "", 2, ""), &["payload", "line 1 column 1"]),
    saying(case("echo.ts", " \n", 2, ""), &["payload"]),
    saying(
        case("echo.ts --payload-size 3", "[1] ", 2, ""),
        &["more than the 3 bytes allowed; raise the limit with --payload-size"],
    ),
    saying(case("echo.ts --payload @gone.json", "", 2, ""), &["gone.json"]),
    saying(case("gone.ts", "", 2, ""), &["gone.ts: there is no such file"]),
    saying(
        case("notes.txt", "", 2, ""),
        &["notes.txt", ".wasm, .ts, .js, .mts, .mjs"],
    ),
    saying(case(".", "", 2, ""), &["is a folder"]),
    saying(case("broken.ts", "", 2, ""), &["broken.ts:2:"]),
    saying(
        case(
            "gone.ts --fuel 0 --cpu 0s --timeout 5 --memory 1KiB --output xml",
            "",
            2,
            "",
        ),
        &[
            "6 mistakes",
            "gone.ts",
            "--fuel:",
            "--timeout:",
            "--memory:",
            "--output:",
        ],
    ),
    saying(case("echo.ts --feul 1", "", 2, ""), &["--feul", "--fuel"]),
    saying(case("", "", 2, ""), &["<worker>"]),
];

#[test]
fn cases() {
    let folder = Folder::new(FILES);
    for case in CASES {
        let arguments: Vec<_> = ["run"].into_iter().chain(case.arguments.split_whitespace()).collect();
        let Done { code, stdout, stderr } = folder.run_with(&arguments, case.stdin.as_bytes());
        assert_eq!(
            (code, stdout.as_str()),
            (case.code, case.stdout),
            "{arguments:?}: {stderr}"
        );
        for part in case.stderr {
            assert!(stderr.contains(part), "{arguments:?}: {part} is not in {stderr}");
        }
    }
}

#[test]
fn the_whole_execution_as_json() {
    let folder = Folder::new(FILES);
    let run = |arguments: &[&str]| -> (i32, Value) {
        let done = folder.run(arguments);
        (
            done.code,
            serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}")),
        )
    };
    let (code, done) = run(&["run", "log.mjs", "--output", "json"]);
    assert_eq!(
        (code, &done["data"], &done["executionStatus"]),
        (0, &json!(1), &json!("STATUS_SUCCESS"))
    );
    let logs = json!([{ "level": "info", "message": "a { b: [ 1 ] }" }, { "level": "error", "message": "bad" }]);
    assert_eq!(done["logs"], logs);
    for key in ["fuel", "cpuTimeMicros", "wallTimeMicros", "peakMemoryBytes"] {
        assert!(
            done["usage"][key].as_u64().is_some_and(|number| number > 0),
            "{key}: {done}"
        );
    }
    assert!(done.get("message").is_none() && done.get("error").is_none());

    let (code, done) = run(&["run", "throw.mts", "--output=json"]);
    assert_eq!(
        (code, &done["executionStatus"], done.get("data")),
        (1, &json!("STATUS_FAIL"), None)
    );
    assert_eq!(
        (&done["message"], &done["error"]["code"]),
        (&json!("RangeError: no"), &json!("exception"))
    );
    assert_eq!(done["error"]["cause"]["message"], "why");

    let (code, done) = run(&["run", "echo.ts", "--output=json"]);
    assert_eq!((code, done.get("data"), &done["logs"]), (0, None, &json!([])));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = Folder::new(FILES);
    let mut command = folder.host(&["run", "large.js"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let done = Done::from(child.wait_with_output().unwrap());
    assert_eq!((done.code, done.stderr.as_str()), (0, ""));
    // A full disk is one.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = folder.host(&["run", "large.js"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn help_and_version_are_no_mistakes() {
    let folder = Folder::new(&[]);
    for arguments in [
        ["--help"].as_slice(),
        &["--version"],
        &["run", "--help"],
        &["serve", "--help"],
    ] {
        let done = folder.run(arguments);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.stdout.contains("host"));
    }
    assert_eq!(folder.run(&[]).code, 2);
    assert_eq!(folder.run(&["walk"]).code, 2);
}
