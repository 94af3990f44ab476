//! `host serve`: listens first, loads the workers, and answers until it is told to stop.

use crate::admission::Admission;
use crate::context::Gate;
use crate::data;
use crate::followers::Followers;
use crate::http::service::Service;
use crate::identity::Identity;
use crate::identity::admin::Token;
use crate::identity::jwt::Jwt;
use crate::identity::opaque::Record;
use crate::issuer::Issuer;
use crate::kept::{self, ADMIN_TOKEN, Place};
use crate::limits::LimitRange;
use crate::places::Places;
use crate::registry::Registry;
use crate::running::Running;
use crate::settings::commands::Serve;
use crate::store::{OpenAs, Store};
use crate::tls::Tls;
use crate::{compiler, confine, console, machine, server, workers};
use anyhow::Context;
use engine::{Config, Engine, ImageRoom, Limits};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What is left of the history gets this long to be written at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// How often the history is shortened.
const FORGET: Duration = Duration::from_secs(60);

/// Serves until SIGTERM or SIGINT.
pub fn serve(settings: Serve) -> anyhow::Result<ExitCode> {
    start_log(settings.log.clone());
    let open_files = machine::raise_file_limit();
    let (admin, place) = ADMIN_TOKEN.open(&settings.data.folder, settings.admin_token.as_deref())?;
    let engine = Engine::new(Config {
        cache_dir: settings.cache.folder.clone(),
        max_cache_bytes: settings.cache.max_bytes,
        // Building takes a place for a moment, and is not to be refused one.
        max_executions: u32::try_from(settings.room.places)? + u32::try_from(workers::builds_at_once())?,
        // Building a worker takes what it takes, however little the worker may use later.
        max_memory_bytes: settings.limits.maximum.memory_bytes.max(Limits::default().memory_bytes),
        image_room: ImageRoom {
            bytes: settings.image_memory.unwrap_or_else(|| machine::memory() / 4),
            // Each has one open file; connections, and what workers ask for, have the others.
            count: usize::try_from(open_files / 4)?,
        },
        notice: |sentence| tracing::info!("{sentence}"),
        compiler: Some(compiler::children(settings.build, settings.confined)),
    })
    .context("cannot start the engine")?;
    confine(&settings)?;
    let jwt = settings.issuer.as_ref().map(Issuer::open).transpose()?;
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let store = settings.data.open(OpenAs::Server).await?;
        let service = Arc::new(Service {
            engine,
            registry: OnceLock::new(),
            identity: identity(Token::new(&admin), store.clone(), jwt),
            store: store.clone(),
            keep_history: settings.history_days > 0,
            running: Running::default(),
            followers: Followers::default(),
            admission: Admission::new(settings.rules),
            places: Places::new(settings.room),
            body_timeout: settings.body_timeout,
            held: Arc::default(),
        });
        let served = listen_and_load(settings, &place, service).await;
        store.close(LAST_WRITES).await;
        served
    });
    // A build that still goes on is not waited for: nobody will use what it makes.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}

/// The runtime that serves.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A worker that computes takes turns with everything else, of 35 µs each. With the usual 61 turns between two looks
        // at the network, then of 70 µs, a probe waited 10 ms, and at times 200, beside 32 such workers; with 8 it is 0.8.
        // With fewer turns fewer answers are sent together (`together`): 4 turns of 70 µs made 8 % fewer echoes.
        // (That guests yield through tokio's `yield_now` was worse than this.)
        .event_interval(8)
        .global_queue_interval(4)
        .build()
}

/// Gives up what the server does not need, before it has threads.
fn confine(settings: &Serve) -> anyhow::Result<()> {
    if !settings.confined {
        tracing::warn!("the server is not confined");
        return Ok(());
    }
    // What is not there yet cannot be allowed.
    kept::make_folder(&settings.data.folder)?;
    // SQLite writes what a large statement changes to a file of its own first, in a folder for temporary files; there is
    // none that the server may use but its data folder.
    // SAFETY: this process has one thread.
    #[expect(unsafe_code, reason = "SQLite takes this from the environment alone")]
    unsafe {
        std::env::set_var("SQLITE_TMPDIR", &settings.data.folder);
    }
    let confined = confine::server(&settings.needs())?;
    tracing::info!("{confined}");
    Ok(())
}

async fn listen_and_load(settings: Serve, token: &Place, service: Arc<Service>) -> anyhow::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    };
    let tls = settings.tls.map(Tls::open).transpose().map_err(anyhow::Error::msg)?;
    let tls = tls.map(Arc::new);
    let listen = &settings.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    tracing::info!("listening on {url}, loading workers");
    let times = server::Times {
        header: settings.header_timeout,
        drain: settings.drain,
    };
    // A task, not this future: what the main thread spawns has to wait behind everything that computes.
    let mut serving = tokio::spawn(server::run(listener, tls.clone(), shutdown, service.clone(), times));
    if let Some(tls) = tls {
        tokio::spawn(async move { tls.follow().await });
    }
    let gate = Arc::new(Gate::new(settings.outside));
    warm_up(service.engine.clone());
    let loaded = tokio::select! {
        loaded = load(settings.workers, settings.limits, &service, gate) => loaded?,
        // Told to stop before it was ready.
        ended = &mut serving => return Ok(ended?),
    };
    let (registry, revision) = loaded;
    let number = registry.len();
    // Nobody else sets it.
    let _ = service.registry.set(registry);
    let followed = service.clone();
    tokio::spawn(async move {
        if let Some(registry) = followed.registry.get() {
            registry.follow(revision).await;
        }
    });
    tokio::spawn(forget(
        service.store.clone(),
        settings.history_days,
        settings.history_entries,
    ));
    tracing::info!("ready: {number} workers at {url}, admin token in {token}");
    Ok(serving.await?)
}

/// Compiles the JavaScript runtime, or finds it in the cache, beside everything else: the first build has to wait for it.
fn warm_up(engine: Engine) {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = runtime.block_on(engine.warm_up()) {
            tracing::error!("{error}");
        }
    });
}

async fn load(
    folder: Option<PathBuf>,
    limits: LimitRange,
    service: &Service,
    gate: Arc<Gate>,
) -> anyhow::Result<(Registry, i64)> {
    let fixed = match folder {
        Some(folder) => workers::load(&folder, &service.engine, &gate, &limits.maxima()).await?,
        None => workers::Workers::default(),
    };
    Registry::open(service.store.clone(), service.engine.clone(), gate, limits, fixed).await
}

/// Who is asking: the admin, or the holder of a token of the store.
fn identity(admin: Token, store: Store, jwt: Option<Jwt>) -> Identity {
    Identity {
        admin,
        lookup: Box::new(move |hash| {
            let store = store.clone();
            Box::pin(async move {
                let Some(token) = store.token(*hash.as_bytes()).await? else {
                    return Ok(None);
                };
                // Rounded down: never valid for too long.
                let expires = token.expires.map(|millis| u64::try_from(millis / 1000).unwrap_or(0));
                Ok(Some(Record {
                    hash: token.hash.into(),
                    subject: token.subject,
                    role: token.role.parse()?,
                    expires,
                    revoked: token.revoked.is_some(),
                }))
            })
        }),
        jwt,
        open: None,
    }
}

/// Drops what is too old, or too much, of the history.
async fn forget(store: Store, days: u32, entries: u32) {
    loop {
        let before = data::now() - i64::from(days) * 24 * 60 * 60 * 1000;
        if let Err(error) = store.drop_history(before, entries).await {
            tracing::warn!("the history is not shortened: {error}");
        }
        tokio::time::sleep(FORGET).await;
    }
}

fn start_log(targets: Targets) {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false);
    let started = tracing_subscriber::registry().with(lines).with(targets).try_init();
    if let Err(error) = started {
        console::err(format_args!("warning: nothing will be logged: {error}"));
    }
}
