//! The worker's folder as a file system of its own, so that nothing outside it can be found and nothing tells where it
//! lies. Its root is called [`ROOT`]; what the resolver looks for above that does not exist.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use oxc_resolver::{FileMetadata, FileSystem, ResolveError};

/// What the folder is called to everything that resolves and links.
pub(super) const ROOT: &str = "/worker";

/// Also of package.json and tsconfig.json. oxc compiles no longer one.
const MAX_FILE_BYTES: u64 = 1 << 20;

#[derive(Clone)]
pub(super) struct Folder {
    /// Canonical.
    root: Arc<Path>,
    /// Where folders really are: every file of a package is asked for many times over.
    folders: Arc<Mutex<HashMap<PathBuf, PathBuf>>>,
    /// The last link that led out of the folder, which is why something was not found.
    stray: Arc<Mutex<Option<PathBuf>>>,
}

impl Folder {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        if !root.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Self {
            root: root.into(),
            folders: Arc::default(),
            stray: Arc::default(),
        })
    }

    /// The name of a path within the folder, as the author would write it.
    pub(super) fn name(path: &Path) -> String {
        path.strip_prefix(ROOT).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Where a file or folder really is. It exists, and lies in the folder whatever links lead to it.
    pub(super) fn real(&self, path: &Path) -> io::Result<PathBuf> {
        let Some((parent, name)) = Self::split(path)? else {
            return Ok(self.root.to_path_buf());
        };
        let real = self.real_folder(parent)?.join(name);
        if !fs::symlink_metadata(&real)?.is_symlink() {
            return Ok(real);
        }
        let target = real.canonicalize()?;
        if target.starts_with(&self.root) {
            return Ok(target);
        }
        *self.stray.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.to_owned());
        Err(io::ErrorKind::NotFound.into())
    }

    fn real_folder(&self, path: &Path) -> io::Result<PathBuf> {
        let known = self
            .folders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned();
        if let Some(real) = known {
            return Ok(real);
        }
        let real = self.real(path)?;
        self.folders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.to_owned(), real.clone());
        Ok(real)
    }

    /// The link out of the folder that was met since this was last asked.
    pub(super) fn take_stray(&self) -> Option<PathBuf> {
        self.stray.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The names of the files and folders in a folder, sorted.
    pub(super) fn list(&self, path: &Path) -> Vec<String> {
        let entries = self.real(path).and_then(fs::read_dir).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        names
    }

    /// The text of a file, if it is one and not too long. The error is half a sentence.
    pub(super) fn text(&self, path: &Path) -> Result<String, String> {
        let bytes = self.bytes(path).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => format!("it has more than {MAX_FILE_BYTES} bytes"),
            io::ErrorKind::InvalidInput => "it is not a file".to_owned(),
            _ => error.to_string(),
        })?;
        String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned())
    }

    fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        let real = self.real(path)?;
        if !fs::metadata(&real)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut bytes = Vec::new();
        fs::File::open(real)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }

    /// The parent and the name of a path within the folder; `None` is the folder.
    fn split(path: &Path) -> io::Result<Option<(&Path, &OsStr)>> {
        let inside = path.strip_prefix(ROOT).map_err(|_| io::ErrorKind::NotFound)?;
        if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(path.parent().zip(inside.file_name()))
    }
}

impl FileSystem for Folder {
    /// Never called: the resolver is given its file system.
    fn new(_: bool) -> Self {
        Self {
            root: Path::new("/nonexistent").into(),
            folders: Arc::default(),
            stray: Arc::default(),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.bytes(path)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        // What a tsconfig.json extends above the folder says nothing, rather than to stop the build.
        if !path.starts_with(ROOT) && path.extension().is_some_and(|extension| extension == "json") {
            return Ok("{}".to_owned());
        }
        String::from_utf8(self.bytes(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        Ok(fs::metadata(self.real(path)?)?.into())
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        match Self::split(path)? {
            Some((parent, name)) => Ok(fs::symlink_metadata(self.real_folder(parent)?.join(name))?.into()),
            None => self.metadata(path),
        }
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        Ok(self.canonicalize(path)?)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        let real = self.real(path)?;
        let inside = real.strip_prefix(&self.root).map_err(|_| io::ErrorKind::NotFound)?;
        Ok(Path::new(ROOT).join(inside))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use oxc_resolver::FileSystem;

    use super::Folder;
    use crate::bundle::tests::folder;

    #[test]
    fn nothing_outside_is_there() {
        let outer = folder(&[
            ("inner/a", "text"),
            ("inner/in", "-> a"),
            ("inner/up", "-> ../inner/a"),
            ("inner/d/loop", "-> ../d"),
            ("inner/out", "-> ../b"),
            ("inner/all", "-> /"),
            ("inner/dead", "-> nowhere"),
            ("inner/round", "-> round"),
            ("b", "secret"),
            ("tsconfig.json", "secret"),
            ("package.json", "secret"),
        ]);
        let inner = Folder::open(&outer.path().join("inner")).unwrap();
        for (path, found) in [
            ("/worker/a", true),
            ("/worker/in", true),
            ("/worker/up", true),
            ("/worker/d/loop/loop/../../a", false),
            ("/worker/d/loop/loop", false),
            ("/worker/out", false),
            ("/worker/all", false),
            ("/worker/all/etc/hostname", false),
            ("/worker/dead", false),
            ("/worker/round", false),
            ("/worker/../b", false),
            ("/worker/..", false),
            ("/worker", false),
            ("/", false),
            ("", false),
            ("/etc/hostname", false),
            ("/worker/a\0", false),
            ("/workera", false),
            ("/package.json", false),
            ("a", false),
        ] {
            let path = Path::new(path);
            assert_eq!(inner.text(path).is_ok(), found, "{path:?}");
            assert_eq!(inner.read(path).is_ok(), found, "{path:?}");
            assert_eq!(
                inner.metadata(path).is_ok_and(oxc_resolver::FileMetadata::is_file),
                found,
                "{path:?}"
            );
            assert_eq!(
                inner.canonicalize(path).is_ok_and(|it| it.ends_with("a")),
                found,
                "{path:?}"
            );
        }
        assert_eq!(
            inner.canonicalize(Path::new("/worker/d/loop/loop")).unwrap(),
            Path::new("/worker/d")
        );
        assert_eq!(inner.read_to_string(Path::new("/tsconfig.json")).unwrap(), "{}");
        assert_eq!(
            inner.list(Path::new("/worker")),
            ["a", "all", "d", "dead", "in", "out", "round", "up"]
        );
        assert!(inner.list(Path::new("/worker/all")).is_empty() && inner.list(Path::new("/")).is_empty());
        assert!(Folder::open(&outer.path().join("b")).is_err());
    }
}
