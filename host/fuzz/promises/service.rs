//! The host's service with one worker, `echo`, as a server has it.

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
use host::workers;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;
use tokio::runtime::Runtime;

pub static TOKIO: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.expect("a runtime")
});

pub static SERVICE: LazyLock<Service> = LazyLock::new(|| TOKIO.block_on(service()));

/// Where the repository is, from `host` and `host/fuzz` alike.
fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package
        .ancestors()
        .find(|folder| folder.join("workers/echo").is_dir())
        .expect("the repository")
}

async fn service() -> Service {
    let config = Config {
        cache_dir: root()
            .join("target/tmp")
            .join(if cfg!(fuzzing) { "fuzzing" } else { "cache" }),
        max_cache_bytes: 1 << 30,
        max_executions: 8,
        max_memory_bytes: Limits::default().memory_bytes,
        image_room: ImageRoom::default(),
        notice: |_| {},
        compiler: None,
    };
    let engine = Engine::new(config).expect("an engine");
    let kept = tempfile::tempdir().expect("a folder").keep();
    let folder = kept.join("workers/echo");
    fs::create_dir_all(&folder).expect("a folder");
    for file in ["manifest.json", "worker.ts"] {
        fs::copy(root().join("workers/echo").join(file), folder.join(file)).expect("the sample");
    }
    let gate = Arc::new(Gate::new(Outside::default()));
    let limits = LimitRange::default();
    let loaded = workers::load(&kept.join("workers"), &engine, &gate, &limits.maxima())
        .await
        .expect("the sample loads");
    let data = Data {
        folder: kept.join("data"),
        url: None,
        master_key: None,
        previous_key: None,
    };
    let store = data.open(OpenAs::Server).await.expect("a database");
    let opened = Registry::open(store.clone(), engine.clone(), gate, limits, loaded);
    let (registry, _) = opened.await.expect("the worker");
    Service {
        engine,
        registry: OnceLock::from(registry),
        identity: Identity {
            admin: Token::new("t"),
            lookup: Box::new(|_| Box::pin(std::future::ready(Ok(None)))),
            jwt: None,
            open: None,
        },
        store,
        keep_history: false,
        running: Running::default(),
        followers: Followers::default(),
        admission: Admission::new(Rules::default()),
        places: Places::new(Room {
            places: 8,
            of_worker: 8,
            queue: 0,
            patience: Duration::ZERO,
        }),
        body_timeout: Duration::from_secs(5),
        held: Arc::default(),
    }
}
