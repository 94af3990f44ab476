//! Requests over loopback HTTP, from the socket to the answer: authentication, routing and a fresh sandbox each.
//!
//! Server and clients share this process and the machine's cores, so the figures are for comparing one change with the
//! next, not for comparing machines or servers.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use engine::{Config, Engine};
use host::admission::{Admission, Rules};
use host::context::Gate;
use host::data::Data;
use host::followers::Followers;
use host::http::service::Service;
use host::identity::Identity;
use host::identity::admin::Token;
use host::limits::LimitRange;
use host::places::{Places, Room};
use host::registry::Registry;
use host::running::Running;
use host::settings::commands::Outside;
use host::store::OpenAs;
use host::{server, workers};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const REQUEST: &str = "POST /worker/api/v1/execute/echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\n\
    Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"foo\":\"bar\"}";
const ANSWER: &str = r#"{"data":{"foo":"bar"},"executionStatus":"STATUS_SUCCESS"}"#;
/// Requests that one connection sends per iteration.
const BATCH: usize = 50;

/// Starts a server with the samples and opens `connections` to it.
async fn connect(connections: usize) -> Vec<TcpStream> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workers");
    let cache_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let notice = |sentence: &str| eprintln!("{sentence}");
    let config = Config {
        cache_dir,
        max_executions: 128,
        max_memory_bytes: 64 << 20,
        notice,
    };
    let engine = Engine::new(config).expect("an engine");
    let gate = Arc::new(Gate::new(Outside::default()));
    let limits = LimitRange::default();
    let loaded = workers::load(&folder, &engine, &gate, &limits.maxima())
        .await
        .expect("the samples load");
    let kept = tempfile::tempdir().expect("a folder").keep();
    let data = Data {
        folder: kept,
        url: None,
        master_key: None,
        previous_key: None,
    };
    let store = data.open(OpenAs::Server).await.expect("a database");
    let opened = Registry::open(store.clone(), engine.clone(), gate, limits, loaded);
    let (registry, _) = opened.await.expect("the workers");
    let service = Arc::new(Service {
        engine,
        registry: OnceLock::from(registry),
        identity: Identity {
            admin: Token::new("t"),
            lookup: Box::new(|_| Box::pin(std::future::ready(Ok(None)))),
            jwt: None,
        },
        store,
        keep_history: true,
        running: Running::default(),
        followers: Followers::default(),
        admission: Admission::new(Rules::default()),
        places: Places::new(Room {
            places: 128,
            of_worker: 128,
            queue: 0,
            patience: Duration::ZERO,
        }),
        body_timeout: Duration::from_secs(5),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let times = server::Times {
        header: Duration::from_secs(5),
        drain: Duration::from_secs(1),
    };
    tokio::spawn(server::run(listener, None, std::future::pending(), service, times));
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        streams.push(stream);
    }
    streams
}

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
    for connections in [1, 8, 64] {
        let mut streams = tokio.block_on(connect(connections));
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
