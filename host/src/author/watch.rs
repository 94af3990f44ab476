//! Waits until a file changes, by looking at all of them: a few hundred files, five times a second, in no time.

use super::project;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(200);

/// The files that are there, each with its time and its size.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen(BTreeMap<PathBuf, (Option<SystemTime>, u64)>);

impl Seen {
    /// What is in these folders now, but for the file `ours`, which we write.
    pub fn now(folders: &[PathBuf], ours: Option<&Path>) -> Self {
        let ours = ours.and_then(|path| path.canonicalize().ok());
        let mut files = BTreeMap::new();
        for folder in folders {
            project::look(folder, &mut |path| {
                let is_ours = || ours.is_some() && path.canonicalize().ok() == ours;
                if let Ok(found) = path.metadata()
                    && !is_ours()
                {
                    files.insert(path.to_owned(), (found.modified().ok(), found.len()));
                }
            });
        }
        Self(files)
    }

    /// Returns when it is no longer so; gives one of the files that changed.
    pub fn wait(&self, folders: &[PathBuf], ours: Option<&Path>) -> PathBuf {
        loop {
            let now = Self::now(folders, ours);
            if let Some(changed) = self.changed(&now) {
                // Editors write a file in several steps, and formatters several files.
                std::thread::sleep(EVERY / 4);
                return changed;
            }
            std::thread::sleep(EVERY);
        }
    }

    fn changed(&self, now: &Self) -> Option<PathBuf> {
        let new = now.0.iter().find(|(path, file)| self.0.get(*path) != Some(file));
        let gone = || self.0.keys().find(|path| !now.0.contains_key(*path));
        new.map(|(path, _)| path).or_else(gone).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn every_change_is_seen_but_ours() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        let (a, b, ours) = (
            folder.path().join("a.ts"),
            folder.path().join("b.ts"),
            folder.path().join("out.xml"),
        );
        fs::write(&a, "1").unwrap();
        fs::write(&ours, "1").unwrap();
        let before = Seen::now(&folders, Some(&ours));
        fs::write(&ours, "22").unwrap();
        assert_eq!(before, Seen::now(&folders, Some(&ours)));
        fs::write(&a, "22").unwrap();
        assert_eq!(before.wait(&folders, Some(&ours)), a);
        let before = Seen::now(&folders, None);
        fs::write(&b, "").unwrap();
        assert_eq!(before.wait(&folders, None), b);
        let before = Seen::now(&folders, None);
        fs::remove_file(&b).unwrap();
        assert_eq!(before.wait(&folders, None), b);
    }
}
