//! `host dev`: serves workers while they are written, takes up every change, and shows every execution.

mod door;
mod shown;

use super::paint::{Look, Paint};
use super::project::{self, Project};
use super::watch::Seen;
use crate::admission::{Admission, Rules};
use crate::api::settings::Limits;
use crate::context::Gate;
use crate::data::Data;
use crate::followers::Followers;
use crate::http::service::Service;
use crate::identity::Identity;
use crate::identity::admin::Token;
use crate::manifest::{GENERIC_EVENT, Manifest, is_key};
use crate::places::{Places, Room};
use crate::registry::Registry;
use crate::running::Running;
use crate::settings::author::Dev;
use crate::store::OpenAs;
use crate::workers::{Entry, State, Workers};
use crate::{console, serve, server, source};
use anyhow::{Context, bail};
use engine::{Config, Engine, ImageRoom};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;

/// Executions at once: of one author, who may try how they get on with each other.
const PLACES: usize = 64;

/// How often it is looked for changes: a worker is a few files.
const EVERY: Duration = Duration::from_millis(100);

/// Serves the workers at `place` until it is told to stop.
pub fn dev(settings: Dev, place: &Path) -> anyhow::Result<ExitCode> {
    // A place without workers is told before anything begins.
    project::find(place, &settings.author.limits.maxima())?;
    let engine = Engine::new(Config {
        cache_dir: settings.author.cache.folder.clone(),
        max_cache_bytes: settings.author.cache.max_bytes,
        max_executions: u32::try_from(PLACES)? + 1,
        max_memory_bytes: settings
            .author
            .limits
            .maximum
            .memory_bytes
            .max(engine::Limits::default().memory_bytes),
        image_room: ImageRoom::default(),
        notice: console::busy,
        // What one writes oneself needs no other process.
        compiler: None,
    })
    .context("cannot start the engine")?;
    let kept = Kept::new()?;
    let runtime = serve::runtime()?;
    let served = runtime.block_on(serve(settings, place, engine, &kept.0));
    // The thread that looks for changes never ends.
    runtime.shutdown_background();
    served?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(settings: Dev, place: &Path, engine: Engine, kept: &Path) -> anyhow::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let shutdown = async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    };
    let listener = TcpListener::bind(&settings.listen).await.with_context(|| {
        let hint = "choose another with --listen, such as --listen 127.0.0.1:0 for any free port";
        format!("cannot listen on {}; {hint}", settings.listen)
    })?;
    let url = format!("http://{}", listener.local_addr()?);
    let data = Data {
        folder: kept.to_owned(),
        url: None,
        master_key: None,
        previous_key: None,
    };
    let store = data.open(OpenAs::Server).await?;
    let gate = Arc::new(Gate::new(settings.author.outside.clone()));
    let opened = Registry::open(
        store.clone(),
        engine.clone(),
        gate.clone(),
        settings.author.limits.clone(),
        Workers::default(),
    );
    let (registry, _) = opened.await?;
    let service = Arc::new(Service {
        engine,
        registry: OnceLock::from(registry),
        identity: Identity {
            // Nobody knows it: who comes through the door needs none.
            admin: Token::new(&kept.display().to_string()),
            lookup: Box::new(|_| Box::pin(std::future::ready(Ok(None)))),
            jwt: None,
            open: Some(door::is_open),
        },
        store: store.clone(),
        keep_history: true,
        running: Running::default(),
        followers: Followers::default(),
        admission: Admission::new(Rules::default()),
        places: Places::new(Room {
            places: PLACES,
            of_worker: PLACES,
            queue: PLACES,
            patience: Duration::from_secs(5),
        }),
        body_timeout: Duration::from_secs(10),
        held: Arc::default(),
    });
    let times = server::Times {
        header: Duration::from_secs(10),
        drain: Duration::from_secs(1),
    };
    let greeting = format!("serving at {url}; no token is needed from this machine\n");
    console::out(greeting.as_bytes())?;
    let watched = Watched {
        settings,
        place: place.to_owned(),
        service: service.clone(),
        gate,
        url,
        paint: Paint::of_stdout(),
    };
    let mut known = Known::default();
    // Who asks meanwhile waits for an answer: there is something to execute when the first request is read.
    watched.take_up_changes(&mut known).await?;
    let mut serving = tokio::spawn(server::run(listener, None, shutdown, service, times));
    let ended = tokio::select! {
        ended = &mut serving => ended.map_err(Into::into),
        failed = watched.follow(known) => failed,
    };
    store.close(Duration::from_secs(1)).await;
    ended
}

/// What was seen of the folders, and who shows the executions of the workers in them.
#[derive(Default)]
struct Known {
    seen: BTreeMap<PathBuf, Seen>,
    shown: BTreeMap<String, tokio::task::JoinHandle<()>>,
}

/// The workers that are being written.
struct Watched {
    settings: Dev,
    place: PathBuf,
    service: Arc<Service>,
    gate: Arc<Gate>,
    url: String,
    paint: Paint,
}

impl Watched {
    /// Builds what has changed, for ever.
    async fn follow(&self, mut known: Known) -> anyhow::Result<()> {
        loop {
            let seen = std::mem::take(&mut known.seen);
            known.seen = tokio::task::spawn_blocking(move || {
                let is_as_before =
                    |(folder, seen): (&PathBuf, &Seen)| *seen == Seen::now(std::slice::from_ref(folder), None);
                while !seen.is_empty() && seen.iter().all(is_as_before) {
                    std::thread::sleep(EVERY);
                }
                // Editors write a file in several steps, and formatters several files.
                std::thread::sleep(EVERY / 4);
                seen
            })
            .await?;
            self.take_up_changes(&mut known).await?;
        }
    }

    /// Builds the workers that are not as they were.
    async fn take_up_changes(&self, known: &mut Known) -> std::io::Result<()> {
        // A manifest that is being written, or a folder that is being renamed, is looked at again.
        for project in project::find(&self.place, &self.maxima()).unwrap_or_default() {
            // Looked at before it is built: what changes meanwhile is a change.
            let now = Seen::now(std::slice::from_ref(&project.folder), None);
            if known.seen.get(&project.folder) == Some(&now) {
                continue;
            }
            let is_first = known.seen.insert(project.folder.clone(), now).is_none();
            let text = match self.take_up(&project).await {
                Ok((key, time)) => {
                    known
                        .shown
                        .entry(key.clone())
                        .or_insert_with(|| self.show(&key, &project.folder));
                    self.built(&key, time, is_first)
                }
                Err(error) => self.broken(&project.name(), &error),
            };
            console::out(text.as_bytes())?;
        }
        Ok(())
    }

    fn maxima(&self) -> Limits {
        self.settings.author.limits.maxima()
    }

    /// Builds a worker and lets it take the place of what there was. While it does not build, that goes on.
    async fn take_up(&self, project: &Project) -> anyhow::Result<(String, Duration)> {
        let begun = Instant::now();
        let (key, entry) = match &project.manifest {
            None => (project.name(), None),
            Some(Err(mistakes)) => bail!("manifest.json: {}", mistakes.join("\nmanifest.json: ")),
            Some(Ok(manifest)) => (manifest.name.clone(), Some(manifest)),
        };
        let Some((file, name)) = &project.source else {
            bail!("there is no source");
        };
        let key = match entry {
            Some(_) => key,
            None => Path::new(name)
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        };
        if !is_key(&key) {
            bail!("{key:?} is no key of a worker: use letters, digits, _, . and -, the first a letter or a digit");
        }
        if let Some(Manifest { action, .. }) = entry
            && action != GENERIC_EVENT
        {
            bail!("it is for {action}; only workers for {GENERIC_EVENT} are served");
        }
        let folder = match entry {
            Some(_) => project.folder.clone(),
            None => source::place(file).0,
        };
        let code = source::read(file, name, &folder)?;
        let worker = source::load(&self.service.engine, code).await?;
        let author = &self.settings.author;
        let mut properties = entry.map(|manifest| manifest.properties.clone()).unwrap_or_default();
        properties.extend(author.properties.clone());
        let allowed = entry.map(|manifest| manifest.allowed.clone()).unwrap_or_default();
        let context = self.gate.context(allowed, properties, author.secrets.clone());
        let entry = Entry {
            project_key: None,
            limits: entry.map(|manifest| manifest.limits).unwrap_or_default(),
            http_responses: entry.is_some_and(|manifest| manifest.http_responses),
            state: State::Ready(worker, context),
        };
        if let Some(registry) = self.service.registry.get() {
            registry.replace(key.clone(), entry);
        }
        Ok((key, begun.elapsed()))
    }

    fn built(&self, key: &str, time: Duration, is_first: bool) -> String {
        let time = format!("({} ms)", time.as_millis().max(1));
        let (sign, time) = (
            self.paint.text(Look::Good, "built"),
            self.paint.text(Look::Faint, &time),
        );
        let place = match is_first {
            true => format!("  POST {}/worker/api/v1/execute/{key}", self.url),
            false => String::new(),
        };
        format!("{sign} {key} {time}{place}\n")
    }

    fn broken(&self, name: &str, error: &anyhow::Error) -> String {
        let sign = self.paint.text(Look::Bad, "broken");
        let goes_on = match self.service.registry.get().and_then(|registry| registry.get(name)) {
            Some(_) => self.paint.text(Look::Faint, "(what was built before is served)"),
            None => String::new(),
        };
        let text = self.paint.block("  ", &format!("{error:#}"));
        format!("{sign} {name} {goes_on}\n{text}")
    }

    /// Shows the executions of a worker as they end.
    fn show(&self, key: &str, folder: &Path) -> tokio::task::JoinHandle<()> {
        let (paint, follower) = (self.paint, self.service.followers.follow(key, None));
        let folder = folder.to_owned();
        tokio::spawn(async move {
            let Some(mut follower) = follower else { return };
            loop {
                match follower.told.recv().await {
                    Ok(entry) => {
                        if console::out(shown::execution(&entry, &folder, paint).as_bytes()).is_err() {
                            return;
                        }
                    }
                    Err(RecvError::Lagged(number)) => {
                        console::err(format_args!("{number} executions are not shown: they came too fast"));
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        })
    }
}

/// A folder for what a server keeps, removed in the end: nothing of it is the author's.
struct Kept(PathBuf);

impl Kept {
    fn new() -> anyhow::Result<Self> {
        let mut name = [0_u8; 8];
        getrandom::fill(&mut name).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
        let name = format!("host-dev-{}", data_encoding::HEXLOWER.encode(&name));
        let folder = std::env::temp_dir().join(name);
        crate::kept::make_folder(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
