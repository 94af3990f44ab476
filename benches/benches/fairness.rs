//! What others notice of workers that compute on every core: how long a probe and a cheap worker take beside them.
//!
//! The server runs on a runtime as `host serve` makes it; the clients on a thread of their own. Each row is the same
//! requests, one after the other, beside so many executions that spin until the end.

use engine::Limits;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

mod server;

/// Requests per row.
const SAMPLES: usize = 2_000;

const LIVENESS: &str = "GET /worker/api/v1/system/liveness HTTP/1.1\r\nHost: x\r\n\r\n";

fn execute(key: &str) -> String {
    let token = server::TOKEN;
    format!(
        "POST /worker/api/v1/execute/{key} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 1\r\n\r\n1"
    )
}

/// Sends a request and waits for the answer, which fits one packet.
async fn ask(stream: &mut TcpStream, request: &str) {
    let mut answer = [0; 4096];
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let read = stream.read(&mut answer).await.expect("it is answered");
    assert!(
        answer[..read].starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer[..read])
    );
}

async fn row(address: SocketAddr, name: &str, request: &str, spinning: usize) {
    let mut stream = server::connect(address, 1).await.remove(0);
    for _ in 0..100 {
        ask(&mut stream, request).await;
    }
    let mut times = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let began = Instant::now();
        ask(&mut stream, request).await;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "{spinning:>9} {name:<10}{:>10.2}{:>10.2}{:>10.2}",
        times[SAMPLES / 2],
        times[SAMPLES * 99 / 100],
        times[SAMPLES - 1]
    );
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, source) in [
        ("echo", "export default (_, data) => data"),
        ("spin", "export default () => { for (;;); }"),
    ] {
        let worker = folder.path().join(name);
        std::fs::create_dir(&worker).expect("a folder");
        let manifest =
            format!(r#"{{"name":"{name}","action":"GENERIC_EVENT","sourceCodePath":"worker.js","enabled":true}}"#);
        std::fs::write(worker.join("manifest.json"), manifest).expect("it is written");
        std::fs::write(worker.join("worker.js"), source).expect("it is written");
    }
    let endless = Limits {
        fuel: u64::MAX / 2,
        cpu: Duration::from_secs(600),
        timeout: Duration::from_secs(600),
        ..Limits::default()
    };
    let serving = host::serve::runtime().expect("a runtime");
    let address =
        serving.block_on(async { tokio::spawn(async move { server::start(folder.path(), endless).await }).await });
    let address = address.expect("a server");
    let asking = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    println!(
        "{:>9} {:<10}{:>10}{:>10}{:>10}",
        "spinning", "request", "p50 ms", "p99 ms", "max ms"
    );
    asking.block_on(async {
        let mut spinning = Vec::new();
        for number in [0, 2, 8, 32] {
            let more = server::connect(address, number - spinning.len()).await;
            for mut stream in more {
                stream.write_all(execute("spin").as_bytes()).await.expect("it is sent");
                spinning.push(stream);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            row(address, "liveness", LIVENESS, number).await;
            row(address, "echo", &execute("echo"), number).await;
        }
    });
    // The executions end with their clients.
    serving.shutdown_background();
}
