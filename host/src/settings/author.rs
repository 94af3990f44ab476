//! What the commands of an author take, beside their arguments.

use super::cache::{Cache, cache};
use super::commands::{Outside, Serve, limits, listen, outside};
use super::sources::{Mistakes, Sources};
use super::value;
use crate::limits::LimitRange;
use engine::Texts;
use std::path::PathBuf;

/// What `host check` and `host test` take.
pub struct Author {
    /// What each execution may use; a worker may ask for what a host with these settings allows.
    pub limits: LimitRange,
    /// What workers reach outside.
    pub outside: Outside,
    /// Secrets of every case.
    pub secrets: Texts,
    /// Properties of every case, over those of the manifest.
    pub properties: Texts,
    /// Keeps compiled code.
    pub cache: Cache,
}

impl Author {
    /// Converts.
    pub fn from(mut sources: Sources) -> Result<Self, Mistakes> {
        let author = Self {
            limits: limits(&mut sources),
            outside: outside(&mut sources),
            secrets: sources.get_all("secret", value::named).into_iter().collect(),
            properties: sources.get_all("property", value::named).into_iter().collect(),
            cache: cache(&mut sources),
        };
        sources.finish()?;
        Ok(author)
    }
}

/// What `host dev` takes.
pub struct Dev {
    /// Address and port; a name is resolved when listening begins.
    pub listen: String,
    /// The same as for tests.
    pub author: Author,
}

impl Dev {
    /// Converts.
    pub fn from(mut sources: Sources) -> Result<Self, Mistakes> {
        let listen = listen(&mut sources);
        Ok(Self {
            listen,
            author: Author::from(sources)?,
        })
    }
}

/// What `host doctor` takes: what a server would take, or what is wrong with that, and the folders in any case.
pub struct Doctor {
    /// Every setting of a server.
    pub settings: Result<Serve, Mistakes>,
    /// The settings file that counts, if it is there.
    pub file: Option<PathBuf>,
    /// Keeps compiled code.
    pub cache: Cache,
    /// The data folder.
    pub data: PathBuf,
}

impl Doctor {
    /// Converts; `again` reads the same sources anew.
    pub fn from(again: impl Fn() -> Sources) -> Self {
        let mut sources = again();
        Self {
            file: sources.file_if_there(),
            cache: cache(&mut sources),
            data: sources.get("data", value::path).unwrap_or_else(|| "data".into()),
            settings: Serve::from(again()),
        }
    }
}
