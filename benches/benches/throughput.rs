//! Requests over loopback HTTP, from the socket to the answer: authentication, routing and a fresh sandbox each.
//!
//! Server and clients share this process and the machine's cores, so the figures are for comparing one change with the
//! next, not for comparing machines or servers.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::Limits;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

mod server;

const REQUEST: &str = "POST /worker/api/v1/execute/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\n\
    Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"foo\":\"bar\"}";
const ANSWER: &str = r#"{"data":{"foo":"bar"},"executionStatus":"STATUS_SUCCESS"}"#;
/// Requests that one connection sends per iteration.
const BATCH: usize = 50;

/// Sends a batch, one request after the other, and checks every answer.
async fn batch(stream: &mut TcpStream) {
    let mut buffer = vec![0; 4096];
    for _ in 0..BATCH {
        stream.write_all(REQUEST.as_bytes()).await.expect("it is sent");
        let mut filled = 0;
        while !buffer[..filled].ends_with(ANSWER.as_bytes()) {
            let read = stream.read(&mut buffer[filled..]).await.expect("it is answered");
            assert!(read > 0, "{}", String::from_utf8_lossy(&buffer[..filled]));
            filled += read;
        }
        assert!(
            buffer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&buffer[..filled])
        );
    }
}

fn throughput(criterion: &mut Criterion) {
    let tokio = tokio::runtime::Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("HTTP echo");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workers");
    for connections in [1, 8, 64] {
        let mut streams = tokio.block_on(async {
            let address = server::start(&samples, Limits::default()).await;
            server::connect(address, connections).await
        });
        group.throughput(Throughput::Elements((connections * BATCH) as u64));
        group.bench_function(format!("{connections} connections"), |bencher| {
            bencher.iter(|| {
                tokio.block_on(async {
                    let mut tasks = tokio::task::JoinSet::new();
                    for mut stream in streams.drain(..) {
                        tasks.spawn(async move {
                            batch(&mut stream).await;
                            stream
                        });
                    }
                    streams = tasks.join_all().await;
                });
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(5));
    targets = throughput
}
criterion_main!(benches);
