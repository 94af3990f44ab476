//! `host serve`: listens first, loads the workers, and answers until it is told to stop.

use crate::context::Gate;
use crate::http::service::Service;
use crate::settings::commands::Serve;
use crate::{console, server, token, workers};
use anyhow::Context;
use engine::{Config, Engine};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What one execution can be given at most, whatever the default: workers will have limits of their own.
const MAX_MEMORY_BYTES: usize = 1 << 30;

/// Serves until SIGTERM or SIGINT.
pub fn serve(settings: Serve) -> anyhow::Result<ExitCode> {
    start_log(settings.log.clone());
    raise_file_limit();
    let (token, place) = token::open(&settings.data, settings.admin_token.as_deref())?;
    let engine = Engine::new(Config {
        cache_dir: settings.cache.clone(),
        // Building takes a place for a moment, and is not to be refused one.
        max_executions: settings.max_executions + u32::try_from(workers::builds_at_once())?,
        max_memory_bytes: settings.limits.memory_bytes.max(MAX_MEMORY_BYTES),
        notice: |sentence| tracing::info!("{sentence}"),
    })
    .context("cannot start the engine")?;
    let service = Arc::new(Service {
        engine,
        workers: OnceLock::new(),
        gate: Gate::new(settings.outside.clone()),
        token,
        places: Semaphore::new(settings.max_executions as usize),
        body_timeout: settings.body_timeout,
        limits: settings.limits.clone(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A worker that computes takes turns with everything else. With the usual 61 turns between two looks at the
        // network a probe waits 10 ms, and at times 200, beside 32 such workers; so it is 4 ms, at a price per request
        // that could not be measured. (To yield through tokio's `yield_now` was worse than this.)
        .event_interval(4)
        .global_queue_interval(4)
        .build()?;
    let served = runtime.block_on(listen_and_load(settings, &place, service));
    // A build that still goes on is not waited for: nobody will use what it makes.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}

async fn listen_and_load(settings: Serve, token: &token::Place, service: Arc<Service>) -> anyhow::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    };
    let listen = &settings.listen;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    let url = format!("http://{}", listener.local_addr()?);
    tracing::info!("listening on {url}, loading workers");
    let times = server::Times {
        header: settings.header_timeout,
        drain: settings.drain,
    };
    // A task, not this future: what the main thread spawns has to wait behind everything that computes.
    let mut serving = tokio::spawn(server::run(listener, shutdown, service.clone(), times));
    let loaded = tokio::select! {
        loaded = load(settings.workers, &service) => loaded?,
        // Told to stop before it was ready.
        ended = &mut serving => return Ok(ended?),
    };
    let number = loaded.len();
    // Nobody else sets it.
    let _ = service.workers.set(loaded);
    tracing::info!("ready: {number} workers at {url}, admin token in {token}");
    Ok(serving.await?)
}

async fn load(folder: Option<PathBuf>, service: &Service) -> Result<workers::Workers, workers::Faults> {
    match folder {
        Some(folder) => workers::load(&folder, &service.engine, &service.gate).await,
        None => Ok(workers::Workers::default()),
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

/// A connection is an open file, and the usual limit is 1024: ask for as many as we may have.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    ) {
        tracing::warn!("the limit on open files stays at {:?}: {error}", limit.current);
    }
}
