//! Attacks over HTTP: requests that are wrong, slow, too much, or not meant to be answered, and deployments of what
//! should never run.

use crate::client::{Answer, Client, Wire, execute, shortened, upload, with, word};
use crate::process::TOKEN;
use crate::tally::Random;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use std::io;
use std::time::Duration;

/// A request on a connection of its own: its kind, its bytes, and the words that are right.
type Shot = (&'static str, Vec<u8>, &'static [&'static str]);

/// One of all.
pub async fn any(client: &mut Client) {
    match client.random.below(40) {
        number @ 0..=21 => {
            let shot = request(number, &mut client.random);
            shoot(client, shot).await;
        }
        number @ 22..=29 => {
            let shot = deployment(number, &mut client.random);
            shoot(client, shot).await;
        }
        30 => slow_head(client).await,
        31 => slow_body(client).await,
        32 => half_a_body(client).await,
        33 | 34 => leaves(client).await,
        35 => idle(client).await,
        36 => resets(client).await,
        37 => follows(client).await,
        38 => stops(client).await,
        _ => reads_nothing(client).await,
    }
}

async fn shoot(client: &Client, (kind, request, right): Shot) {
    let answered = async {
        let mut wire = Wire::open(client.address).await?;
        // Who refuses early may close before all is sent.
        let _ = wire.send(&request).await;
        wire.answer().await
    };
    count(client, kind, &answered.await, right);
}

fn count(client: &Client, kind: &'static str, answered: &io::Result<Answer>, right: &[&str]) {
    let word = word(answered);
    let body = answered
        .as_ref()
        .map(|answer| shortened(&answer.body))
        .unwrap_or_default();
    let wrong = (!right.contains(&&*word) && word != "429" && word != "503").then(|| format!("{word} {body}"));
    client.tally.count(true, kind, &word, wrong);
}

/// Something of which the kind of end does not matter, if only it ends.
fn ended(client: &Client, kind: &'static str) {
    client.tally.count(true, kind, "done", None);
}

fn raw(head: &str, body: &[u8]) -> Vec<u8> {
    let head = head
        .replace('\n', "\r\n")
        .replace("TOKEN", &format!("Authorization: Bearer {TOKEN}"));
    [head.as_bytes(), body].concat()
}

/// Requests that are refused, or should be.
fn request(number: usize, random: &mut Random) -> Shot {
    let echo = "POST /worker/api/v1/execute/echo HTTP/1.1\nHost: x\n";
    let to = |path: &str| with("POST", path, "", "1").into_bytes();
    match number {
        0 => (
            "body too large",
            raw(&format!("{echo}TOKEN\nContent-Length: 1048577\n\n"), &[b'1'; 1_048_577]),
            &["413"],
        ),
        1 => {
            let chunk = [b"40000\r\n".as_slice(), &[b'1'; 0x40000], b"\r\n"].concat();
            let body = [chunk.repeat(5), b"0\r\n\r\n".to_vec()].concat();
            (
                "body too large, in chunks",
                raw(&format!("{echo}TOKEN\nTransfer-Encoding: chunked\n\n"), &body),
                &["413"],
            )
        }
        2 => {
            let depth = if random.one_in(2) { 129 } else { 100_000 };
            (
                "too deep",
                execute("echo", &("[".repeat(depth) + &"]".repeat(depth))).into_bytes(),
                &["400"],
            )
        }
        3 => {
            let bad = ["{", "[1,]", "nul", "{'a':1}", "\"\u{1}\"", "1 2", " "];
            (
                "malformed",
                execute("echo", bad[random.below(bad.len())]).into_bytes(),
                &["400"],
            )
        }
        4 => (
            "not UTF-8",
            raw(&format!("{echo}TOKEN\nContent-Length: 3\n\n"), b"\"\xff\""),
            &["400"],
        ),
        5 => {
            let keys = [
                "..",
                "%2e%2e%2f",
                "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
                "a%00b",
                "'%20or%201=1",
                "%ff",
                "-x",
                "a%2fb",
            ];
            (
                "bad key",
                to(&format!("v1/execute/{}", keys[random.below(keys.len())])),
                &["400"],
            )
        }
        6 => ("long key", to(&format!("v1/execute/{}", "k".repeat(300))), &["400"]),
        7 => (
            "unknown worker",
            to(&format!("v1/execute/none{}", random.below(1000))),
            &["404"],
        ),
        8 => {
            let tokens = [
                "",
                "Authorization: Bearer wrong\n",
                "Authorization: Basic AAAA\n",
                "Authorization: Bearer\n",
                "Authorization: Bearer hwt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
                "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsInNjcCI6ImFkbWluIn0.\n",
                "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9.AAAA\n",
            ];
            let token = tokens[random.below(tokens.len())];
            (
                "bad token",
                raw(&format!("{echo}{token}Content-Length: 1\n\n"), b"1"),
                &["401"],
            )
        }
        9 => {
            let token = format!("Authorization: Bearer hwt_{:043x}\n", random.next());
            (
                "guessed token",
                raw(&format!("{echo}{token}Content-Length: 1\n\n"), b"1"),
                &["401"],
            )
        }
        10 => {
            let many: String = (0..110).map(|n| format!("X-{n}: y\n")).collect();
            (
                "many headers",
                raw(&format!("{echo}TOKEN\n{many}Content-Length: 1\n\n"), b"1"),
                &["431"],
            )
        }
        11 => {
            let large = "y".repeat(200_000);
            (
                "large header",
                raw(&format!("{echo}TOKEN\nX: {large}\nContent-Length: 1\n\n"), b"1"),
                &["431", "closed"],
            )
        }
        12 => (
            "long URI",
            to(&format!("v1/execute/echo?{}", "y".repeat(100_000))),
            &["414", "431", "closed"],
        ),
        13 => {
            let head = format!("{echo}TOKEN\nTransfer-Encoding: chunked\nContent-Length: 40\n\n");
            (
                "two lengths",
                raw(&head, b"1\r\n1\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                &["400", "200"],
            )
        }
        14 => {
            let lines = [
                "Content-Length: +1\n",
                "Content-Length: 1\nContent-Length: 2\n",
                "X : y\n",
                "Transfer-Encoding: gzip\n",
            ];
            let line = lines[random.below(lines.len())];
            (
                "bad header",
                raw(&format!("{echo}TOKEN\n{line}\n"), b"1"),
                &["400", "closed"],
            )
        }
        15 => {
            let noise: Vec<u8> = (0..500).map(|_| random.next().to_le_bytes()[0]).collect();
            ("noise", [&noise[..], b"\r\n\r\n"].concat(), &["400", "closed", "431"])
        }
        16 => (
            "TLS hello",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
            &["400", "closed"],
        ),
        17 => (
            "media type",
            raw(
                &format!("{echo}TOKEN\nContent-Type: text/plain\nContent-Length: 1\n\n"),
                b"1",
            ),
            &["415"],
        ),
        18 => (
            "method",
            with("DELETE", "v1/execute/echo", "", "").into_bytes(),
            &["405"],
        ),
        19 => (
            "hops",
            with("POST", "v1/execute/echo", "X-Worker-Hops: 99\r\n", "1").into_bytes(),
            &["400", "200"],
        ),
        20 => {
            let bomb = format!("[{}]", "{\"a\":[".repeat(60) + "1" + &"]}".repeat(60));
            let many = format!("[{}1]", "\"\\ud800\",1e400,".repeat(30_000));
            let body = if random.one_in(2) { bomb } else { many };
            // Valid, and dear: both may be too large when they come back.
            (
                "odd documents",
                execute("echo", &body).into_bytes(),
                &["200", "200 output_too_large", "200 cpu_limit", "200 time_limit"],
            )
        }
        _ => (
            "query",
            with("GET", "v1/execution_history?limit=999999999&workerKey=%27--", "", "").into_bytes(),
            &["200", "400"],
        ),
    }
}

/// Deployments of what cannot be, or should not.
fn deployment(number: usize, random: &mut Random) -> Shot {
    let deploy = |source: &str| {
        let body = json!({
            "key": "bad", "sourceCode": source, "action": {"application": "worker", "name": "GENERIC_EVENT"},
        });
        with("POST", "v2/workers", "", &body.to_string()).into_bytes()
    };
    match number {
        22 => {
            let bad = [
                "export default () => { let x = ; }",
                "export const x = 1",
                "\u{0}",
                "import x from '../../etc/passwd'",
            ];
            ("deploy: broken", deploy(bad[random.below(bad.len())]), &["400"])
        }
        23 => (
            "deploy: URL",
            deploy("import x from 'https://example.com/x.js'; export default x"),
            &["400"],
        ),
        24 => ("deploy: spins", deploy("for (;;); export default () => 1"), &["400"]),
        25 => (
            "deploy: allocates",
            deploy("const a = []; for (;;) a.push('x'.repeat(1e6)); export default () => 1"),
            &["400"],
        ),
        26 => {
            let deep = format!("export default () => {}1{}", "(".repeat(40_000), ")".repeat(40_000));
            // It is no mistake; that it ends is enough.
            let deep = String::from_utf8(deploy(&deep))
                .unwrap_or_default()
                .replace("\"bad\"", "\"yet\"");
            ("deploy: deep", deep.into_bytes(), &["201", "400", "409"])
        }
        27 => {
            let noise: Vec<u8> = (0..2000).map(|_| random.next().to_le_bytes()[0]).collect();
            let noise = if random.one_in(2) {
                [b"\0asm\x01\0\0\0", &noise[..]].concat()
            } else {
                noise
            };
            ("upload: noise", upload("bad", &noise), &["400"])
        }
        28 => {
            let bad = [
                "(module (memory (export \"memory\") 16385) (func (export \"_start\")))",
                "(module (table 10000000 funcref) (memory (export \"memory\") 1) (func (export \"_start\")))",
                "(module (import \"env\" \"system\" (func)) (memory (export \"memory\") 1) (func (export \"_start\")))",
            ];
            let module = wat::parse_str(bad[random.below(bad.len())]).unwrap_or_default();
            ("upload: refused", upload("bad", &module), &["400"])
        }
        _ => {
            // Compiles for a moment, and is refused in the end.
            let body = "(local.set 0 (i32.mul (i32.add (local.get 0) (i32.const 3)) (local.get 1)))".repeat(20_000);
            let module = format!(
                "(module (import \"env\" \"no\" (func)) (memory (export \"memory\") 1)
                 (func (export \"_start\") (local i32 i32) {body}))"
            );
            (
                "upload: bomb",
                upload("bad", &wat::parse_str(module).unwrap_or_default()),
                &["400"],
            )
        }
    }
}

/// A head that does not come to its end.
async fn slow_head(client: &Client) {
    let answered = async {
        let mut wire = Wire::open(client.address).await?;
        for line in [
            "POST /worker/api/v1/execute/echo HTTP/1.1\r\n",
            "Host: x\r\n",
            "X: y\r\n",
            "Z: ",
        ] {
            wire.send(line).await?;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        wire.answer().await
    };
    count(client, "slow head", &answered.await, &["408", "closed"]);
}

async fn slow_body(client: &Client) {
    let answered = async {
        let mut wire = Wire::open(client.address).await?;
        wire.send(execute("echo", "").replace("Content-Length: 0", "Content-Length: 100"))
            .await?;
        wire.send("[1").await?;
        wire.answer().await
    };
    count(client, "slow body", &answered.await, &["408", "closed"]);
}

async fn half_a_body(client: &Client) {
    if let Ok(mut wire) = Wire::open(client.address).await {
        let _ = wire
            .send(execute("echo", "").replace("Content-Length: 0", "Content-Length: 1000"))
            .await;
        let _ = wire.send("[1,2,3").await;
    }
    ended(client, "half a body");
}

/// A client that does not wait for its answer.
async fn leaves(client: &mut Client) {
    let keys = ["bad-spin", "bad-sleep", "bad-allocate", "echo"];
    let key = keys[client.random.below(keys.len())];
    if let Ok(mut wire) = Wire::open(client.address).await {
        let _ = wire.send(execute(key, "1")).await;
        tokio::time::sleep(Duration::from_millis(client.random.next() % 50)).await;
    }
    ended(client, "leaves");
}

async fn idle(client: &Client) {
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.extend(Wire::open(client.address).await.ok());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    ended(client, "idle connections");
}

/// HTTP/2: streams that are reset as soon as they are begun.
async fn resets(client: &Client) {
    let attack = async {
        let stream = tokio::net::TcpStream::connect(client.address).await?;
        let io = TokioIo::new(stream);
        let opened = hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(TokioExecutor::new(), io).await;
        let (mut sender, connection) = opened.map_err(io::Error::other)?;
        let connection = tokio::spawn(connection);
        for _ in 0..200 {
            let request = hyper::Request::post("http://x/worker/api/v1/execute/bad-spin")
                .header("authorization", format!("Bearer {TOKEN}"))
                .body(Full::new(Bytes::from_static(b"1")));
            let sent = sender.send_request(request.map_err(io::Error::other)?);
            // Dropped, which resets the stream.
            let _ = tokio::time::timeout(Duration::from_micros(50), sent).await;
        }
        connection.abort();
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(Duration::from_secs(10), attack).await;
    ended(client, "HTTP/2 resets");
}

/// Follows a worker and is gone without a word.
async fn follows(client: &Client) {
    if let Ok(mut wire) = Wire::open(client.address).await {
        let _ = wire.send(with("GET", "v2/workers/echo/logs", "", "")).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    ended(client, "follows");
}

/// Sends many requests and reads none of the answers.
async fn reads_nothing(client: &Client) {
    if let Ok(mut wire) = Wire::open(client.address).await {
        let payload = format!("\"{}\"", "x".repeat(100_000));
        let flood = async {
            for _ in 0..50 {
                if wire.send(execute("echo", &payload)).await.is_err() {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), flood).await;
    }
    ended(client, "reads nothing");
}

/// Stops an execution, somebody's or its own.
async fn stops(client: &mut Client) {
    let answered = async {
        let mut asleep = Wire::open(client.address).await?;
        asleep.send(execute("bad-sleep", "")).await?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let answer = client.ask(with("GET", "v2/executions", "", "")).await?;
        let json: Value = serde_json::from_slice(&answer.body)?;
        let found = json["executions"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|it| it["workerKey"] == "bad-sleep");
        let Some(id) = found.and_then(|it| it["executionId"].as_str()) else {
            return asleep.answer().await;
        };
        let path = format!("v2/executions/{id}");
        let stopped = client.ask(with("DELETE", &path, "", "")).await?;
        let _ = asleep.answer().await?;
        Ok(stopped)
    };
    let answered = answered.await;
    count(
        client,
        "stops",
        &answered,
        &["204", "404", "200 time_limit", "200 cancelled"],
    );
}
