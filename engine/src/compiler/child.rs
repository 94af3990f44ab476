//! The child's side.

use super::protocol::{Answer, Job};
use crate::cache::Cache;
use crate::frames::{Frames, count, frame};
use crate::snapshot::Built;
use crate::{BuildError, Config, Engine, ImageRoom, Limits, Source, TopLevelError};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;

/// A child runs one guest at a time: the top level of a worker, or of what surrounds it.
const EXECUTIONS: u32 = 2;

/// Reads what is ready-made and one job from stdin, and writes the answer to stdout. `folder` is that of the worker,
/// where there is one. For a program that is the child of an [`Engine`]'s process; it has been confined before.
pub fn compile_for_parent(folder: Option<PathBuf>) -> io::Result<()> {
    let mut stdin = io::stdin().lock();
    let mut things = Vec::new();
    for _ in 0..count(&mut stdin)? {
        let name = String::from_utf8(frame(&mut stdin)?).map_err(io::Error::other)?;
        things.push((name, frame(&mut stdin)?.into()));
    }
    let warm = !things.is_empty();
    let config = Config {
        cache_dir: PathBuf::new(),
        max_cache_bytes: 0,
        max_executions: EXECUTIONS,
        max_memory_bytes: Limits::default().memory_bytes,
        image_room: ImageRoom::default(),
        notice: |_| {},
        compiler: None,
    };
    let engine = Engine::with(config, |_, context| Ok(Cache::given(things, context)));
    let engine = engine.map_err(io::Error::other)?;
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if warm {
        // Before the job is here; what fails now fails again then, and is told.
        let _ = tokio.block_on(engine.warm_up());
    }
    let job = serde_json::from_slice(&frame(&mut stdin)?)?;
    let body = frame(&mut stdin)?;
    let (answer, made) = match job {
        Job::Compile => match engine.compile(&body) {
            Ok(artefact) => (Answer::Compiled, artefact),
            Err(sentence) => (Answer::Limit(sentence), Vec::new()),
        },
        Job::Build {
            name,
            standalone,
            modules,
        } => {
            let text = String::from_utf8(body).map_err(io::Error::other)?;
            let source = Source {
                name,
                text,
                folder,
                modules,
            };
            match tokio.block_on(engine.built(&source, standalone)) {
                Ok(Built { module, alone }) => (Answer::Built { alone }, module),
                Err(error) => (told(error), Vec::new()),
            }
        }
    };
    let mut frames = Frames::default();
    frames.push(&serde_json::to_vec(&answer)?);
    frames.count(made.len());
    // Not through the buffer of `stdout`, nor another of that size.
    let mut stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    stdout.write_all(&frames.into_bytes())?;
    stdout.write_all(&made)
}

fn told(error: BuildError) -> Answer {
    match error {
        BuildError::Source(diagnostics) => Answer::Source(diagnostics),
        BuildError::TopLevel(TopLevelError::Thrown(thrown)) => Answer::Thrown(thrown),
        BuildError::TopLevel(TopLevelError::Limit(sentence)) | BuildError::TooMuch(sentence) => Answer::Limit(sentence),
        BuildError::Internal(sentence) => Answer::Internal(sentence),
    }
}
