//! A server in this process, for benchmarks that ask it over loopback.

use engine::{Config, Engine, ImageRoom, Limits};
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
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// The token of its admin.
pub const TOKEN: &str = "t";

/// Starts a server with the workers of a folder.
pub async fn start(folder: &Path, limits: Limits) -> SocketAddr {
    let cache_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let notice = |sentence: &str| eprintln!("{sentence}");
    let config = Config {
        cache_dir,
        max_cache_bytes: 1 << 30,
        max_executions: 128,
        max_memory_bytes: 64 << 20,
        image_room: ImageRoom::default(),
        notice,
        compiler: None,
    };
    let engine = Engine::new(config).expect("an engine");
    let gate = Arc::new(Gate::new(Outside::default()));
    let limits = LimitRange::from(limits);
    let loaded = workers::load(folder, &engine, &gate, &limits.maxima()).await;
    let loaded = loaded.expect("the workers load");
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
            admin: Token::new(TOKEN),
            lookup: Box::new(|_| Box::pin(std::future::ready(Ok(None)))),
            jwt: None,
            open: None,
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
        held: Arc::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let times = server::Times {
        header: Duration::from_secs(5),
        drain: Duration::from_secs(1),
    };
    tokio::spawn(server::run(listener, None, std::future::pending(), service, times));
    address
}

/// Opens so many connections to it.
pub async fn connect(address: SocketAddr, connections: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        streams.push(stream);
    }
    streams
}
