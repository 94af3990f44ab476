//! Where compiled code is kept when the operator names no folder.

use super::quantity::size;
use super::sources::Sources;
use super::value::path;
use std::path::{Path, PathBuf};

/// Where it is, and the bytes it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// The folder.
    pub folder: PathBuf,
    /// What was used longest ago makes room.
    pub max_bytes: u64,
}

/// The cache asked for.
pub fn cache(sources: &mut Sources) -> Cache {
    Cache {
        folder: folder(sources),
        max_bytes: sources.get("cache-size", size).map_or(1 << 30, |bytes| bytes as u64),
    }
}

/// The folder asked for, else the user's cache folder, else one of the user's own among the temporary files.
fn folder(sources: &mut Sources) -> PathBuf {
    const NAME: &str = "worker-host";
    if let Some(folder) = sources.get("cache", path) {
        return folder;
    }
    // The XDG base directory specification says to ignore a relative path.
    let variable = |name: &str, sources: &mut Sources| {
        sources
            .variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(caches) = variable("XDG_CACHE_HOME", sources) {
        return caches.join(NAME);
    }
    if let Some(home) = variable("HOME", sources) {
        return home.join(".cache").join(NAME);
    }
    let folder = std::env::temp_dir().join(format!("{NAME}-{}", rustix::process::geteuid().as_raw()));
    if let Err(problem) = own(&folder) {
        sources.fault(
            &folder.display().to_string(),
            &format!("{problem}; name another folder with --cache"),
        );
    }
    folder
}

/// Makes a folder that only we can write to, or checks that it is one: among the temporary files anybody could have
/// made it before us, and put code there for us to run.
fn own(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(format!("the cache folder cannot be made: {error}")),
    }
    let found = std::fs::symlink_metadata(folder).map_err(|error| format!("the cache folder: {error}"))?;
    if found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0 {
        Ok(())
    } else {
        Err("the cache folder belongs to, or can be written by, somebody else".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_among_temporary_files_must_be_our_own() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("cache");
        own(&folder).unwrap();
        own(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        own(&folder).unwrap_err();
        std::os::unix::fs::symlink("/", scratch.path().join("link")).unwrap();
        own(&scratch.path().join("link")).unwrap_err();
    }
}
