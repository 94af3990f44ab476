//! Compiled code on disk, so that a machine compiles the same module once.
//!
//! wasmtime loads compiled code without looking at it again, so nothing is loaded that this machine did not write
//! itself: every file ends with a keyed hash over its name and content, and the key lies in the same folder, readable
//! by its owner only. A file that does not verify is compiled anew. Files are written beside their place and renamed
//! into it, so that no reader ever sees half of one. When they are too many bytes, those used longest ago go.

use crate::sealed::Draft;
use bytes::Bytes;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

const TAG_BYTES: usize = blake3::OUT_LEN;

/// A large file is read in parts of this size.
const PART_BYTES: usize = 256 << 10;

/// The ending of a file that is not complete.
const DRAFT: &str = "draft";

/// A draft as old as this is nobody's any more.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);

/// When a file was used is noted so often.
const NOTED: Duration = Duration::from_secs(60 * 60);

/// Things made of others, by the name that follows from what they are made of.
pub(crate) struct Cache {
    place: Place,
    /// What the content depends on besides the module: wasmtime's version and configuration.
    context: u64,
}

/// Where they are.
enum Place {
    Folder(Folder),
    /// Memory: these, and no others.
    Given(HashMap<String, Bytes>),
}

/// A folder of files, the key of their hashes, and how many bytes they may have together.
struct Folder {
    path: PathBuf,
    key: [u8; blake3::KEY_LEN],
    most: u64,
    /// Bytes that we may write before we look at what is there: to look for each would take longer than to write it.
    unseen: Mutex<u64>,
}

/// The part of all bytes that is written between two looks: others write as well, and what is there may be too much by so
/// much for each of them.
const UNSEEN: u64 = 16;

impl Cache {
    /// Opens `folder`, or creates it with a new key. It has `most` bytes at most.
    pub(crate) fn open(folder: &Path, most: u64, context: u64) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let key_file = folder.join("key");
        let key = match read_key(&key_file)? {
            Some(key) => key,
            None => {
                let mut key = [0; blake3::KEY_LEN];
                getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
                // Another process may be as early: whichever links first wins, and both use its key.
                let draft = write_draft(folder, &[&key])?;
                File::open(&draft)?.sync_all()?;
                match fs::hard_link(&draft, &key_file) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
                fs::remove_file(&draft)?;
                read_key(&key_file)?.ok_or_else(|| io::Error::other("the key of the cache is not there"))?
            }
        };
        let folder = Folder {
            path: folder.to_owned(),
            key,
            most,
            unseen: Mutex::default(),
        };
        Ok(Self {
            place: Place::Folder(folder),
            context,
        })
    }

    /// These things by their names, which a process of the same program made; nothing is added.
    pub(crate) fn given(things: Vec<(String, Bytes)>, context: u64) -> Self {
        Self {
            place: Place::Given(things.into_iter().collect()),
            context,
        }
    }

    /// What was kept as the `kind` of thing that is made of `origin`, if it is there and is what was kept.
    pub(crate) fn get(&self, kind: &str, origin: &[u8]) -> Option<Bytes> {
        self.get_named(&self.name(kind, origin))
    }

    /// The same, by what [`Cache::name`] gave.
    pub(crate) fn get_named(&self, name: &str) -> Option<Bytes> {
        match &self.place {
            Place::Given(things) => things.get(name).cloned(),
            Place::Folder(folder) => folder.get(name),
        }
    }

    /// The same, in a file in memory that can never change again: what was verified is what stays there.
    pub(crate) fn sealed(&self, name: &str) -> Option<File> {
        match &self.place {
            Place::Given(things) => {
                let mut draft = Draft::new(name).ok()?;
                draft.write(things.get(name)?).ok()?;
                draft.seal().ok()
            }
            Place::Folder(folder) => folder.sealed(name),
        }
    }

    /// Keeps it. Where the disk fails, nothing is kept.
    pub(crate) fn put(&self, kind: &str, origin: &[u8], made: &[u8]) {
        self.put_named(&self.name(kind, origin), made);
    }

    /// The same, by what [`Cache::name`] gave.
    pub(crate) fn put_named(&self, name: &str, made: &[u8]) {
        if let Place::Folder(folder) = &self.place {
            folder.put(name, made);
        }
    }

    /// What it is called.
    pub(crate) fn name(&self, kind: &str, origin: &[u8]) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.context.to_le_bytes()).update(origin);
        format!("{}.{kind}", hasher.finalize().to_hex())
    }
}

impl Folder {
    fn get(&self, name: &str) -> Option<Bytes> {
        let mut file = File::open(self.path.join(name)).ok()?;
        let metadata = file.metadata().ok()?;
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        file.read_to_end(&mut bytes).ok()?;
        let (made, hash) = bytes.split_last_chunk::<TAG_BYTES>()?;
        if self.tag(name, made) != *hash {
            return None;
        }
        note_use(&file, &metadata);
        bytes.truncate(bytes.len() - TAG_BYTES);
        Some(bytes.into())
    }

    /// In parts that stay in the processor's cache, each hashed and written when it was read.
    fn sealed(&self, name: &str) -> Option<File> {
        let mut file = File::open(self.path.join(name)).ok()?;
        let metadata = file.metadata().ok()?;
        let mut left = usize::try_from(metadata.len()).ok()?.checked_sub(TAG_BYTES)?;
        let mut draft = Draft::new(name).ok()?;
        let mut hasher = self.hasher(name);
        let mut part = vec![0; PART_BYTES];
        while left > 0 {
            let part = &mut part[..left.min(PART_BYTES)];
            file.read_exact(part).ok()?;
            hasher.update(part);
            draft.write(part).ok()?;
            left -= part.len();
        }
        let mut hash = [0; TAG_BYTES];
        file.read_exact(&mut hash).ok()?;
        if hasher.finalize() != hash {
            return None;
        }
        note_use(&file, &metadata);
        draft.seal().ok()
    }

    fn put(&self, name: &str, made: &[u8]) {
        let tag = self.tag(name, made);
        let size = (TAG_BYTES + made.len()) as u64;
        if size > self.most {
            return;
        }
        {
            let mut unseen = self.unseen.lock().unwrap_or_else(PoisonError::into_inner);
            match unseen.checked_sub(size) {
                Some(left) => *unseen = left,
                None => {
                    *unseen = self.most / UNSEEN;
                    self.make_room(self.most.saturating_sub(size + *unseen));
                }
            }
        }
        if let Ok(draft) = write_draft(&self.path, &[made, tag.as_bytes()])
            && fs::rename(&draft, self.path.join(name)).is_err()
        {
            let _ = fs::remove_file(&draft);
        }
    }

    fn tag(&self, name: &str, made: &[u8]) -> blake3::Hash {
        self.hasher(name).update(made).finalize()
    }

    fn hasher(&self, name: &str) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(name.as_bytes());
        hasher
    }

    /// Removes what was used longest ago until no more than `most` bytes are left, and the drafts of processes that died.
    /// Others may do the same at this moment: a file that is gone already is as good as removed.
    fn make_room(&self, most: u64) {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(metadata) = entry.metadata() else { continue };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let kind = path.extension().and_then(OsStr::to_str);
            if kind == Some(DRAFT) && used.elapsed().is_ok_and(|since| since > FORGOTTEN) {
                let _ = fs::remove_file(path);
            // The key has no such ending.
            } else if metadata.is_file() && kind.is_some() {
                found.push((used, metadata.len(), path));
            }
        }
        let mut total: u64 = found.iter().map(|(_, size, _)| size).sum();
        found.sort();
        for (_, size, path) in found {
            if total <= most {
                break;
            }
            let _ = fs::remove_file(path);
            total -= size;
        }
    }
}

/// What was used last goes last. Where that cannot be noted, what was made last does.
fn note_use(file: &File, metadata: &Metadata) {
    let now = SystemTime::now();
    let noted = metadata.modified().ok().and_then(|then| now.duration_since(then).ok());
    if noted.is_some_and(|since| since > NOTED) {
        let _ = file.set_modified(now);
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

/// A new file in `folder` with these bytes, not yet in its place. What a crash leaves of a thing does not verify.
fn write_draft(folder: &Path, parts: &[&[u8]]) -> io::Result<PathBuf> {
    let mut unique = [0; 8];
    getrandom::fill(&mut unique).map_err(|error| io::Error::other(error.to_string()))?;
    let draft = folder.join(format!("{:016x}.{DRAFT}", u64::from_le_bytes(unique)));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    let written = parts.iter().try_for_each(|part| file.write_all(part));
    if let Err(error) = written {
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Seek;

    /// Which of these things of 100 bytes with their hash are there. Both ways to get one say the same.
    fn kept(cache: &Cache, names: &str) -> String {
        let is_kept = |name: &char| {
            let name = cache.name("thing", name.to_string().as_bytes());
            let sealed = cache.sealed(&name).map(|mut file| {
                let mut bytes = Vec::new();
                file.rewind().unwrap();
                file.read_to_end(&mut bytes).unwrap();
                bytes
            });
            let got = cache.get_named(&name);
            assert_eq!(got, sealed.map(Bytes::from));
            got.is_some()
        };
        names.chars().filter(is_kept).collect()
    }

    fn put(cache: &Cache, name: &str) {
        cache.put("thing", name.as_bytes(), &[7; 100 - TAG_BYTES]);
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 320, 1).unwrap();
        let hours_ago = |name: &str, hours: u64| {
            let file = File::open(folder.path().join(cache.name("thing", name.as_bytes()))).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(hours * 60 * 60))
                .unwrap();
        };
        for (name, hours) in [("a", 9), ("b", 8), ("c", 7)] {
            put(&cache, name);
            hours_ago(name, hours);
        }
        // Used now, so it is the last to go.
        assert_eq!(kept(&cache, "a"), "a");
        put(&cache, "d");
        assert_eq!(kept(&cache, "abcd"), "acd");
        cache.put("thing", b"large", &[7; 321]);
        assert_eq!(kept(&cache, "acd"), "acd", "what never fits drives nothing out");
        let again = Cache::open(folder.path(), 100, 1).unwrap();
        put(&again, "e");
        assert_eq!(kept(&again, "abcde"), "e", "the key was kept, and is the same");
    }

    #[test]
    fn drafts_of_the_dead_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 300, 1).unwrap();
        let (old, new) = (folder.path().join("1.draft"), folder.path().join("2.draft"));
        for draft in [&old, &new] {
            fs::write(draft, "half").unwrap();
        }
        let file = File::open(&old).unwrap();
        file.set_modified(SystemTime::now() - 2 * FORGOTTEN).unwrap();
        put(&cache, "a");
        assert_eq!((old.exists(), new.exists()), (false, true));
    }

    #[test]
    fn what_others_wrote_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path(), 1000, 1).unwrap();
        for name in ["a", "b"] {
            put(&cache, name);
        }
        let file = |name: &str| folder.path().join(cache.name("thing", name.as_bytes()));
        // One bit; the right content under another name; another key; nothing but a hash.
        let whole = fs::read(file("a")).unwrap();
        let mut bit = whole.clone();
        bit[70] ^= 1;
        let other = tempfile::tempdir().unwrap();
        let forger = Cache::open(other.path(), 1000, 1).unwrap();
        put(&forger, "a");
        let forged = fs::read(other.path().join(forger.name("thing", b"a"))).unwrap();
        let renamed = fs::read(file("b")).unwrap();
        for bytes in [bit, renamed, forged, whole[..TAG_BYTES].to_vec(), Vec::new()] {
            fs::write(file("a"), bytes).unwrap();
            assert_eq!(kept(&cache, "a"), "");
        }
        fs::write(file("a"), whole).unwrap();
        assert_eq!(kept(&cache, "a"), "a");
        let newer = Cache::open(folder.path(), 1000, 2).unwrap();
        assert_eq!(kept(&newer, "a"), "", "of another version of wasmtime");
    }
}
