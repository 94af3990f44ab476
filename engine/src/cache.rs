//! Compiled code on disk, so that a machine compiles the same module once.
//!
//! wasmtime loads compiled code without looking at it again, so nothing is loaded that this machine did not write
//! itself: every file starts with a keyed hash over its name and content, and the key lies in the same folder, readable
//! by its owner only. A file that does not verify is compiled anew. Files are written beside their place and renamed
//! into it, so that no reader ever sees half of one.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const TAG_BYTES: usize = blake3::OUT_LEN;

/// A folder of compiled modules.
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; blake3::KEY_LEN],
    /// What the content depends on besides the module: wasmtime's version and configuration.
    context: u64,
}

impl Cache {
    /// Opens `folder`, or creates it with a new key.
    pub(crate) fn open(folder: &Path, context: u64) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let key_file = folder.join("key");
        let key = match read_key(&key_file)? {
            Some(key) => key,
            None => {
                let mut key = [0; blake3::KEY_LEN];
                getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
                // Another process may be as early: whichever links first wins, and both use its key.
                let draft = write_draft(folder, &[&key])?;
                match fs::hard_link(&draft, &key_file) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
                fs::remove_file(&draft)?;
                read_key(&key_file)?.ok_or_else(|| io::Error::other("the key of the cache is not there"))?
            }
        };
        Ok(Self {
            folder: folder.to_owned(),
            key,
            context,
        })
    }

    /// What was kept as the `kind` of thing that is made of `origin`, if it is there and is what was kept.
    pub(crate) fn get(&self, kind: &str, origin: &[u8]) -> Option<Vec<u8>> {
        let name = self.name(kind, origin);
        let file = fs::read(self.folder.join(&name)).ok()?;
        let (tag, made) = file.split_first_chunk::<TAG_BYTES>()?;
        (self.tag(&name, made) == *tag).then(|| made.to_vec())
    }

    /// Keeps it. Where the disk fails, nothing is kept.
    pub(crate) fn put(&self, kind: &str, origin: &[u8], made: &[u8]) {
        let name = self.name(kind, origin);
        let tag = self.tag(&name, made);
        if let Ok(draft) = write_draft(&self.folder, &[tag.as_bytes(), made])
            && fs::rename(&draft, self.folder.join(name)).is_err()
        {
            let _ = fs::remove_file(&draft);
        }
    }

    fn name(&self, kind: &str, origin: &[u8]) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.context.to_le_bytes()).update(origin);
        format!("{}.{kind}", hasher.finalize().to_hex())
    }

    fn tag(&self, name: &str, artefact: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(name.as_bytes()).update(artefact);
        hasher.finalize()
    }
}

/// The key, unless the file is missing or not a key; a key that others can read is no secret and is refused.
fn read_key(file: &Path) -> io::Result<Option<[u8; blake3::KEY_LEN]>> {
    let key = match fs::read(file) {
        Ok(key) => key,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = fs::metadata(file)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        let sentence = format!("{} belongs to another user: choose another folder", file.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, sentence));
    }
    let mode = metadata.permissions().mode();
    if mode & 0o077 != 0 {
        let sentence = format!("{} can be read by others: remove it, or `chmod 600` it", file.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, sentence));
    }
    match key.try_into() {
        Ok(key) => Ok(Some(key)),
        Err(_) => {
            let sentence = format!("{} is not a key: remove it, a new one is made", file.display());
            Err(io::Error::new(io::ErrorKind::InvalidData, sentence))
        }
    }
}

/// A new file in `folder` with these bytes, not yet in its place.
fn write_draft(folder: &Path, parts: &[&[u8]]) -> io::Result<PathBuf> {
    let mut unique = [0; 8];
    getrandom::fill(&mut unique).map_err(|error| io::Error::other(error.to_string()))?;
    let draft = folder.join(format!("{:016x}.draft", u64::from_le_bytes(unique)));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let written = parts
        .iter()
        .try_for_each(|part| file.write_all(part))
        .and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    Ok(draft)
}
