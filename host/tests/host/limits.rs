//! What the operator allows, what a worker asks for within that, and what becomes of one that wants more.

use super::api::{ECHO, as_admin, call, create, deploy_body, start};
use super::client::Answer;
use super::program::Folder;
use super::server::{Server, TOKEN, add_worker, request};
use serde_json::{Value, json};

/// Does as it is told: allocates, returns, logs, asks the host.
const SOURCE: &str = r"export default async ({ secrets }, { mb, bytes, lines, calls }) => {
    if (mb) new Uint8Array(mb << 20).fill(1);
    for (let i = 0; i < (calls ?? 0); i++) secrets.get('a');
    for (let i = 0; i < (lines ?? 0); i++) console.log('line');
    return 'x'.repeat(bytes ?? 0);
}";

/// A limit in the settings of a worker: a flag that gives it a default and a maximum, the maximum as a number, a payload
/// that is within the default, one that is within the maximum, one that is beyond it, and the code that the last ends
/// with.
struct Limit {
    name: &'static str,
    flag: [&'static str; 2],
    maximum: u64,
    payloads: [&'static str; 3],
    code: &'static str,
}

const LIMITS: [Limit; 3] = [
    Limit {
        name: "memoryBytes",
        flag: ["--memory", "16MiB..48MiB"],
        maximum: 48 << 20,
        payloads: [r#"{"mb":4}"#, r#"{"mb":30}"#, r#"{"mb":60}"#],
        code: "memory_limit",
    },
    Limit {
        name: "outputBytes",
        flag: ["--output-size", "100..200"],
        maximum: 200,
        payloads: [r#"{"bytes":98}"#, r#"{"bytes":198}"#, r#"{"bytes":199}"#],
        code: "output_too_large",
    },
    Limit {
        name: "hostCalls",
        flag: ["--host-calls", "3..6"],
        maximum: 6,
        payloads: [r#"{"calls":3}"#, r#"{"calls":6}"#, r#"{"calls":7}"#],
        code: "host_call_limit",
    },
];

fn flags() -> Vec<String> {
    let flags = LIMITS.iter().flat_map(|limit| limit.flag);
    let more = [
        "--payload-size",
        "1KiB..2KiB",
        "--log-lines",
        "2..4",
        "--traffic",
        "1KiB..2KiB",
    ];
    flags.chain(more).map(str::to_owned).collect()
}

fn succeeded(answer: &Answer) -> bool {
    answer.status == 200 && answer.json()["executionStatus"] == "STATUS_SUCCESS"
}

#[test]
fn default_and_maximum_obeyed_and_violated() {
    let server = start(&flags());
    create(&server, &deploy_body("silent", SOURCE));
    for limit in &LIMITS {
        let Limit {
            name,
            maximum,
            payloads: [little, more, too_much],
            code,
            ..
        } = limit;
        let asks = |amount: u64| {
            let mut body = deploy_body(name, SOURCE);
            body["settings"] = json!({"limits": {*name: amount}});
            body
        };
        // Asks for more than anybody gets: refused, and the sentence says how much there is.
        let refused = as_admin(&server, "POST", "v2/workers", &asks(maximum + 1));
        let expected = format!(
            "settings.limits.{name}: {} is more than the {maximum} that this host allows",
            maximum + 1
        );
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["message"]),
            (400, &json!(expected))
        );
        create(&server, &asks(*maximum));
        assert!(succeeded(&server.execute("silent", little)), "{name}");
        assert_eq!(server.execute("silent", more).failure(), *code, "{name}");
        assert!(succeeded(&server.execute(name, more)), "{name}");
        assert_eq!(server.execute(name, too_much).failure(), *code, "{name}");
    }
}

#[test]
fn payload_size_obeyed_and_violated() {
    let server = start(&flags());
    create(&server, &deploy_body("silent", ECHO));
    let mut asks = deploy_body("asks", ECHO);
    asks["settings"] = json!({"limits": {"payloadBytes": 2048, "outputBytes": 200}, "httpResponses": true});
    create(&server, &asks);
    let padded = |bytes: usize| format!("1{}", " ".repeat(bytes - 1));
    for (key, bytes, status) in [
        ("silent", 1024, 200),
        ("silent", 1025, 413),
        ("asks", 2048, 200),
        ("asks", 2049, 413),
    ] {
        let answer = server.execute(key, &padded(bytes));
        assert_eq!(answer.status, status, "{key} {bytes}");
        // The same for what a test brings, and for a request as a payload, which is longer than its body.
        let test = format!(
            r#"{{"code":{},"action":"GENERIC_EVENT","data":"{}"}}"#,
            json!(ECHO),
            "x".repeat(bytes - 2)
        );
        let tested = call(&server, "POST", &format!("v1/test/{key}"), TOKEN, &test);
        assert_eq!(tested.status, status, "{tested:?}");
    }
    let endpoint = |bytes: usize| call(&server, "POST", "v2/http/asks/", TOKEN, &padded(bytes)).status;
    assert_eq!(
        (endpoint(100), endpoint(2000)),
        (502, 413),
        "its answer is too large, then its question"
    );
    // What else a test brings does not have to share its room with the payload.
    let spaced = |spaces: usize| {
        let code = json!(ECHO);
        let test = format!(
            r#"{{"code":{code},"action":"GENERIC_EVENT","data":1{}}}"#,
            " ".repeat(spaces)
        );
        call(&server, "POST", "v1/test/silent", TOKEN, &test).status
    };
    assert_eq!((spaced(4 << 20), spaced((4 << 20) + 2048)), (200, 413));
}

#[test]
fn log_lines_obeyed_and_violated() {
    let server = start(&flags());
    for (key, limits, lines) in [
        ("silent", json!({}), 2),
        ("asks", json!({"logLines": 4}), 4),
        ("none", json!({"logLines": 0}), 0),
    ] {
        let mut body = deploy_body(key, SOURCE);
        body["settings"] = json!({"limits": limits});
        create(&server, &body);
        let logs = |written: u32| {
            let test = json!({"code": SOURCE, "action": "GENERIC_EVENT", "data": {"lines": written}});
            let answer = call(&server, "POST", &format!("v1/test/{key}"), TOKEN, &test.to_string());
            answer.json()["logs"].as_str().unwrap_or_default().to_owned()
        };
        let (within, beyond) = (logs(lines), logs(lines + 1));
        let kept = "[info ] - line\n".repeat(lines as usize);
        assert_eq!(within, kept, "{key}");
        assert!(
            beyond.starts_with(&format!(
                "{kept}[warn ] - (the log was cut off after line {lines}, byte "
            )),
            "{beyond}"
        );
    }
}

#[test]
fn limits_of_a_manifest_obeyed_and_violated() {
    let folder = Folder::new(&[]);
    add_worker(&folder, "silent", SOURCE, "");
    add_worker(&folder, "asks", SOURCE, r#","limits":{"hostCalls":6}"#);
    let flags = flags();
    let arguments: Vec<&str> = flags.iter().map(String::as_str).collect();
    let server = Server::start(folder, &arguments);
    let ask = |key: &str, calls: u32| server.execute(key, &json!({ "calls": calls }).to_string());
    assert!(succeeded(&ask("asks", 6)));
    assert_eq!(ask("asks", 7).failure(), "host_call_limit");
    assert_eq!(ask("silent", 4).failure(), "host_call_limit");

    let folder = Folder::new(&[]);
    add_worker(
        &folder,
        "greedy",
        SOURCE,
        r#","limits":{"hostCalls":7,"hostcalls":1,"memoryBytes":1}"#,
    );
    let serve = [
        &["serve", "--listen", "127.0.0.1:0", "--workers", "workers"],
        &arguments[..],
    ]
    .concat();
    let done = folder.run(&serve);
    assert_eq!(done.code, 2, "{done:?}");
    for part in [
        "manifest.json: limits.hostCalls: 7 is more than the 6 that this host allows",
        "manifest.json: limits.hostcalls: is not a setting (did you mean hostCalls?)",
        "manifest.json: limits.memoryBytes: expected a whole number of at least 1048576",
    ] {
        assert!(done.stderr.contains(part), "{part} is not in {}", done.stderr);
    }
}

#[test]
fn a_module_begins_with_the_memory_of_the_maximum_at_most() {
    let server = start(&["--memory".to_owned(), "64MiB..128MiB".to_owned()]);
    let upload = |pages: u16| {
        let module = module(pages);
        let head = format!(
            "PUT /worker/api/v2/workers/m{pages}/module HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
             Content-Type: application/wasm\r\nContent-Length: {}\r\n\r\n",
            module.len()
        );
        server.connect().ask([head.as_bytes(), &module].concat()).status
    };
    assert_eq!(
        (upload(1), upload(1500), upload(2048), upload(2049)),
        (201, 201, 201, 400)
    );
    // Loaded, but by default it may not have so much.
    assert_eq!(server.execute("m1500", "").failure(), "memory_limit");
}

/// A module that does nothing with a memory of so many pages.
fn module(pages: u16) -> Vec<u8> {
    // Two bytes of LEB128 reach 16383.
    let [low, high] = [pages & 0x7f | 0x80, pages >> 7].map(|part| u8::try_from(part).unwrap());
    let section = |id: u8, body: &[u8]| [&[id, u8::try_from(body.len()).unwrap()], body].concat();
    let export = |name: &str, kind: u8| [&[u8::try_from(name.len()).unwrap()], name.as_bytes(), &[kind, 0]].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[1, 0]),
        section(5, &[1, 0, low, high]),
        section(7, &[&[2][..], &export("memory", 2), &export("_start", 0)].concat()),
        section(10, &[1, 2, 0, 0x0b]),
    ]
    .concat()
}

#[test]
fn uploads_obeyed_and_violated() {
    let server = start(&[]);
    let declared = |path: &str, bytes: usize| {
        let head = format!(
            "PUT /worker/api/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nExpect: 100-continue\r\n\
             Content-Length: {bytes}\r\n\r\n"
        );
        server.connect().ask(head).status
    };
    // Who asks first is told to go on, or that it is too large.
    for (path, most) in [("v2/workers/m/module", 64 << 20), ("v2/workers", 4 << 20)] {
        assert_eq!((declared(path, most), declared(path, most + 1)), (100, 413), "{path}");
    }
    let source = |chars: usize| {
        let mut body = deploy_body("w", &format!("{ECHO}//"));
        let code = body["sourceCode"].as_str().unwrap().to_owned();
        body["sourceCode"] = Value::String(code.clone() + &"\u{fc}".repeat(chars - code.chars().count()));
        as_admin(&server, "POST", "v2/workers", &body).status
    };
    assert_eq!((source(100_001), source(100_000)), (400, 201));
}

#[test]
fn streams_of_a_connection_obeyed_and_violated() {
    const MOST: u32 = 128;
    let server = start(&[]);
    create(&server, &deploy_body("w", ECHO));
    let frame = |kind: u8, flags: u8, stream: u32, body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), body].concat()
    };
    // Requests that never send their body; in HPACK without compression: POST, http, and three literals.
    let literal = |name: &[u8], value: &str| [name, &[u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    let head = [
        vec![0x83, 0x86],
        literal(&[0x04], "/worker/api/v1/execute/w"),
        literal(&[0x01], "x"),
        literal(&[0x0f, 0x08], &format!("Bearer {TOKEN}")),
    ]
    .concat();
    let mut client = server.connect();
    let mut all = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    all.extend(frame(4, 0, 0, &[]));
    for number in 0..=MOST {
        all.extend(frame(1, 4, 2 * number + 1, &head));
    }
    client.send(all).unwrap();
    let refused = loop {
        match client.frame() {
            (3, stream, body) => break (stream, body),
            (1, stream, _) => panic!("stream {stream} is answered"),
            _ => {}
        }
    };
    // REFUSED_STREAM, for the one that is too much.
    assert_eq!(refused, (2 * MOST + 1, vec![0, 0, 0, 7]));
    assert!(succeeded(&server.connect().ask(request("w", "1"))));
}
