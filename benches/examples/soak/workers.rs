//! What is deployed and executed: honest workers here, hostile ones in their own file, each with what is right to come
//! of it.

use crate::client::{Answer, Wire, execute, shortened, upload, with};
use crate::hostile;
use crate::tally::Random;
use anyhow::ensure;
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Something to execute.
pub struct Work {
    /// Its key.
    pub key: &'static str,
    /// TypeScript, or a module as text, which begins with a parenthesis.
    pub code: &'static str,
    /// Its limits: CPU and wall time in milliseconds; the host's own if 0.
    pub millis: (u64, u64),
    /// What it is sent.
    pub payload: fn(&mut Random) -> String,
    /// What is right to come of it.
    pub right: Right,
}

/// Whether an answer is right: by the payload, or by the word for it.
#[derive(Clone, Copy)]
pub enum Right {
    /// For this payload.
    Data(fn(&str, &Answer) -> bool),
    /// Whatever was sent.
    Word(fn(&str, &Answer) -> bool),
    /// The same of one that has little time: that this was over is right as well.
    Hostile(fn(&str, &Answer) -> bool),
}

impl Work {
    /// Whether this came of it as it should.
    pub fn is_right(&self, payload: &str, word: &str, answer: &Answer) -> bool {
        match self.right {
            Right::Data(right) => right(payload, answer),
            Right::Word(right) => right(word, answer),
            Right::Hostile(right) => matches!(word, "200 cpu_limit" | "200 time_limit") || right(word, answer),
        }
    }
}

/// Nothing is sent.
pub fn nothing(_: &mut Random) -> String {
    String::new()
}

/// An honest answer.
pub fn data(answer: &Answer) -> Option<Value> {
    let mut json: Value = serde_json::from_slice(&answer.body).ok()?;
    (answer.status == 200 && json["executionStatus"] == "STATUS_SUCCESS").then(|| json["data"].take())
}

fn document(random: &mut Random) -> String {
    let items: Vec<u64> = (0..random.below(20)).map(|_| random.next() >> 16).collect();
    let size = if random.one_in(50) { 20_000 } else { random.below(300) };
    json!({ "items": items, "text": "\u{e9}\u{1f600}x\"".repeat(size / 4), "deep": [[[{ "a": null }]]] }).to_string()
}

fn number(random: &mut Random) -> String {
    (random.next() % 1000).to_string()
}

/// The same bytes, for they are written as JavaScript writes them.
fn comes_back(payload: &str, answer: &Answer) -> bool {
    let expected = format!(r#"{{"data":{payload},"executionStatus":"STATUS_SUCCESS"}}"#);
    answer.body == expected.as_bytes()
}

/// Those that nobody has anything against.
pub const HONEST: &[Work] = &[
    Work {
        key: "echo",
        code: "export default async (context: unknown, data: unknown) => data",
        millis: (0, 0),
        payload: document,
        right: Right::Data(comes_back),
    },
    Work {
        key: "module",
        code: r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 2) (data (i32.const 0) "\00\00\01\00")
            (func (export "_start") (loop $more
                (i32.store (i32.const 4) (i32.const 65536))
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.store (i32.const 4) (i32.load (i32.const 8)))
                (if (i32.load (i32.const 8)) (then
                    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
                    (br $more))))))"#,
        millis: (0, 0),
        payload: document,
        right: Right::Data(comes_back),
    },
    Work {
        key: "sum",
        code: "export default (_: any, n: number) => { let s = 0; for (let i = 1; i <= n; i++) s += i; return s }",
        millis: (0, 0),
        payload: number,
        right: Right::Data(|payload, answer| {
            let n: u64 = payload.parse().unwrap_or_default();
            data(answer) == Some(json!(n * (n + 1) / 2))
        }),
    },
    Work {
        key: "count",
        code: "export default () => (globalThis['n'] = (globalThis['n'] ?? 0) + 1)",
        millis: (0, 0),
        payload: nothing,
        right: Right::Data(|_, answer| data(answer) == Some(json!(1))),
    },
    Work {
        key: "waits",
        code: "export default async (c: any, n: number) => { await c.wait(n % 50); console.log('waited'); return n }",
        millis: (0, 0),
        payload: number,
        right: Right::Data(comes_back),
    },
    Work {
        key: "state",
        code: "export default ({ state }: any, n: number) => {
            const k = 'k' + (n % 5); state.set(k, 'v' + n); return state.get(k) }",
        millis: (0, 0),
        payload: number,
        right: Right::Data(|payload, answer| data(answer) == Some(json!(format!("v{payload}")))),
    },
    Work {
        key: "random",
        code: "Math.random(); export default () => Math.random() + crypto.randomUUID()",
        millis: (0, 0),
        payload: nothing,
        right: Right::Data(|_, answer| data(answer).is_some_and(|data| data.as_str().is_some_and(|it| it.len() > 40))),
    },
    Work {
        key: "throws",
        code: "export default () => { throw new TypeError('as it should') }",
        millis: (0, 0),
        payload: nothing,
        right: Right::Word(|word, _| word == "200 exception"),
    },
];

/// Deploys all of them, and looks whether each does what it should, one after the other.
pub async fn deploy(address: SocketAddr) -> anyhow::Result<()> {
    let mut wire = Wire::open(address).await?;
    for work in HONEST.iter().chain(&*hostile::HOSTILE) {
        let mut body = json!({
            "key": work.key, "enabled": true, "action": {"application": "worker", "name": "GENERIC_EVENT"},
        });
        if work.millis != (0, 0) {
            body["settings"] = json!({"limits": {"cpuMillis": work.millis.0, "timeoutMillis": work.millis.1}});
        }
        let mut method = "POST";
        if work.code.starts_with('(') {
            wire.send(upload(work.key, &wat::parse_str(work.code)?)).await?;
            let answer = wire.answer().await?;
            ensure!(answer.status == 201, "{}: {}", work.key, shortened(&answer.body));
            method = "PUT";
        } else {
            body["sourceCode"] = work.code.into();
        }
        wire.send(with(method, "v2/workers", "", &body.to_string())).await?;
        let answer = wire.answer().await?;
        ensure!(
            [201, 204].contains(&answer.status),
            "{}: {}",
            work.key,
            shortened(&answer.body)
        );
    }
    for work in HONEST.iter().chain(&*hostile::HOSTILE) {
        let payload = (work.payload)(&mut Random(7));
        wire.send(execute(work.key, &payload)).await?;
        let answered = wire.answer().await;
        let word = crate::client::word(&answered);
        let answer = answered?;
        ensure!(
            work.is_right(&payload, &word, &answer),
            "{}: {word} {}",
            work.key,
            shortened(&answer.body)
        );
    }
    Ok(())
}

/// How many executions are under way.
pub async fn running(address: SocketAddr) -> anyhow::Result<usize> {
    let mut wire = Wire::open(address).await?;
    wire.send(with("GET", "v2/executions", "", "")).await?;
    let json: Value = serde_json::from_slice(&wire.answer().await?.body)?;
    Ok(json["executions"].as_array().map_or(usize::MAX, Vec::len))
}

/// A module that returns this text.
pub fn saying(text: &str) -> Vec<u8> {
    let module = format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 16) "\22{text}\22")
        (func (export "_start")
            (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const {}))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
        text.len() + 2
    );
    // Letters and digits cannot break it.
    wat::parse_str(module).unwrap_or_default()
}
