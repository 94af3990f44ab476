//! `host build`: a source becomes a module.

use crate::console;
use crate::settings::cache::Cache;
use crate::settings::commands::Build;
use crate::source::{self, Code};
use anyhow::{Context, bail};
use engine::{Config, Engine, ImageRoom, Limits};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// Builds the entry and writes the module; its path and size go to stderr.
pub fn build(settings: &Build) -> anyhow::Result<ExitCode> {
    if let (Ok(entry), Ok(out)) = (settings.entry.canonicalize(), settings.out.canonicalize())
        && entry == out
    {
        bail!(
            "{}: the module would replace its source; name another file with -o",
            settings.out.display()
        );
    }
    // The name is part of the module, so that the same source gives the same bytes wherever it is.
    let (folder, name) = source::place(&settings.entry);
    let Code::Source(source) = source::read(&settings.entry, &name, &folder)? else {
        bail!("{}: is a module already", settings.entry.display());
    };
    let engine = engine(&settings.cache, &Limits::default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let module = runtime.block_on(engine.build(&source, settings.standalone))?;
    write(&settings.out, &module).with_context(|| format!("cannot write {}", settings.out.display()))?;
    console::err(format_args!("{}: {} bytes", settings.out.display(), module.len()));
    Ok(ExitCode::SUCCESS)
}

/// An engine for one execution at a time.
pub fn engine(cache: &Cache, limits: &Limits) -> anyhow::Result<Engine> {
    let notice = console::busy;
    Engine::new(Config {
        cache_dir: cache.folder.clone(),
        max_cache_bytes: cache.max_bytes,
        max_executions: 1,
        // Building a worker takes what it takes, however little the worker may use later.
        max_memory_bytes: limits.memory_bytes.max(Limits::default().memory_bytes),
        image_room: ImageRoom::default(),
        notice,
        // What one builds for oneself needs no other process.
        compiler: None,
    })
    .context("cannot start the engine")
}

/// Writes all or nothing: whoever watches the file never sees half a module.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A device or a pipe cannot be replaced, only written to.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return fs::write(path, bytes);
    }
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = Path::new(&part);
    let written = fs::write(part, bytes).and_then(|()| fs::rename(part, path));
    if written.is_err() {
        let _ = fs::remove_file(part);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn a_module_is_replaced_whole_and_leaves_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.wasm");
        for bytes in [b"one".as_slice(), b"two"] {
            write(&path, bytes).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
        write(&folder.path().join("missing/worker.wasm"), b"x").unwrap_err();
        write(std::path::Path::new("/dev/null"), b"x").unwrap();
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }
}
