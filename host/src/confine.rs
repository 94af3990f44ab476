//! Takes from this process what it does not need: files, network, programs, system calls; and from a child that compiles,
//! time and memory too. What the kernel does not know is left out, and said.

mod files;
mod filter;
mod usage;

pub use usage::Watch;

use crate::issuer::Keys;
use crate::settings::commands::Serve;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// What a server needs of the machine.
#[derive(Debug, Default)]
pub struct Needs {
    /// Folders that it writes in.
    pub written: Vec<PathBuf>,
    /// Files and folders that it reads, beside those of the system.
    pub read: Vec<PathBuf>,
    /// The port that it listens on.
    pub port: u16,
}

impl Serve {
    /// What a server with these settings needs.
    pub fn needs(&self) -> Needs {
        let mut read: Vec<PathBuf> = self.workers.iter().cloned().collect();
        // Files that are replaced while the server runs: by another of that name, or by a link to another folder.
        let replaced = self.tls.iter().flat_map(|tls| [&tls.cert, &tls.key]);
        let keys = self.issuer.iter().filter_map(|issuer| match &issuer.keys {
            Keys::File(file) => Some(file),
            Keys::Url(_) => None,
        });
        for file in replaced.chain(keys) {
            read.extend(folder_of(file));
            read.extend(file.canonicalize().ok().as_deref().and_then(folder_of));
        }
        for variable in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            read.extend(std::env::var_os(variable).map(PathBuf::from));
        }
        if let Some(url) = &self.data.url {
            read.extend(database_files(url));
        }
        Needs {
            written: vec![self.data.folder.clone(), self.cache.folder.clone()],
            read,
            port: self
                .listen
                .rsplit_once(':')
                .and_then(|(_, port)| port.parse().ok())
                .unwrap_or(0),
        }
    }
}

fn folder_of(file: &Path) -> Option<PathBuf> {
    let folder = file.parent()?;
    Some(if folder.as_os_str().is_empty() {
        ".".into()
    } else {
        folder.into()
    })
}

/// What a client of PostgreSQL looks for at home, and what its URL names.
fn database_files(url: &str) -> Vec<PathBuf> {
    let home = std::env::home_dir().unwrap_or_default();
    let mut files = vec![home.join(".pgpass"), home.join(".postgresql")];
    files.extend(std::env::var_os("PGPASSFILE").map(PathBuf::from));
    if let Ok(url) = url::Url::parse(url) {
        let named = url.query_pairs().filter(|(name, _)| name.starts_with("ssl"));
        files.extend(
            named
                .map(|(_, file)| PathBuf::from(&*file))
                .filter(|file| file.is_file()),
        );
    }
    files
}

/// Confines a server; gives a sentence about what was done. Before it has threads: those that are there keep their rights.
pub fn server(needs: &Needs) -> anyhow::Result<String> {
    let files = files::server(needs).context("landlock fails; --unconfined starts without it")?;
    filter::server().context("seccomp fails; --unconfined starts without it")?;
    Ok(format!("{files}; system calls are filtered"))
}

/// Limits the time of a child that compiles; its memory is to be watched when it has given up everything else.
pub fn limit(cpu_seconds: u64, memory_bytes: usize) -> anyhow::Result<Watch> {
    usage::limit(cpu_seconds, memory_bytes)
}

/// Confines a child that compiles, which can then read `folder`, compute, and do nothing else.
pub fn compiler(folder: Option<&Path>) -> anyhow::Result<()> {
    files::compiler(folder).context("landlock fails; --unconfined builds without it")?;
    filter::compiler().context("seccomp fails; --unconfined builds without it")
}
