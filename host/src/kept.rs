//! Secrets that the operator gives, or that are made at the first start and kept where only their owner can read them.

use anyhow::{Context, bail};
use data_encoding::BASE64URL_NOPAD;
use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One of the secrets.
pub struct Kept {
    /// What it is called in errors.
    pub what: &'static str,
    /// The variable that gives it.
    pub variable: &'static str,
    /// The file in the data folder.
    pub file: &'static str,
}

/// Lets in whoever presents it.
pub const ADMIN_TOKEN: Kept = Kept {
    what: "admin token",
    variable: "HOST_ADMIN_TOKEN",
    file: "admin-token",
};

/// Seals the secrets of workers.
pub const MASTER_KEY: Kept = Kept {
    what: "master key",
    variable: "HOST_MASTER_KEY",
    file: "master-key",
};

/// Where a secret is to be found; shown instead of it.
pub enum Place {
    /// A variable.
    Environment(&'static str),
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(variable) => f.write_str(variable),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Kept {
    /// The one that was `given`, else the one kept in the folder `data`, else a new one that is kept there from now on.
    pub fn open(&self, data: &Path, given: Option<&str>) -> anyhow::Result<(String, Place)> {
        if let Some(secret) = given {
            return Ok((secret.to_owned(), Place::Environment(self.variable)));
        }
        make_folder(data)?;
        let path = data.join(self.file);
        if let Some(secret) = self.read(&path)? {
            return Ok((secret, Place::File(path)));
        }
        let what = self.what;
        self.make(data, &path)
            .with_context(|| format!("cannot write the {what} to {}", path.display()))?;
        // Read it again: another host may have been the first.
        let secret = self.read(&path)?;
        let secret = secret.with_context(|| format!("the {what} is gone from {}", path.display()))?;
        Ok((secret, Place::File(path)))
    }

    fn read(&self, path: &Path) -> anyhow::Result<Option<String>> {
        let (what, place) = (self.what, path.display());
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read the {what} in {place}")),
        };
        let metadata = fs::metadata(path)?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            bail!("{place}: the {what} belongs to another user; replace it, or chown it to the user the host runs as");
        }
        let mode = metadata.mode() & 0o7777;
        if mode & 0o077 != 0 {
            bail!("{place}: the {what} can be read by others (mode {mode:o}); replace it, or chmod 600 {place}");
        }
        let secret = text.trim_end();
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("{place}: this is no {what}; delete the file to have a new one made");
        }
        Ok(Some(secret.to_owned()))
    }

    /// Writes a new one, all or nothing, and never over another one.
    fn make(&self, data: &Path, path: &Path) -> anyhow::Result<()> {
        let mut secret = [0_u8; 32];
        getrandom::fill(&mut secret)?;
        let part = data.join(format!("{}.{}.part", self.file, std::process::id()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .and_then(|mut file| {
                file.write_all(format!("{}\n", BASE64URL_NOPAD.encode(&secret)).as_bytes())?;
                file.sync_all()?;
                match fs::hard_link(&part, path) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
                    linked => linked,
                }
            });
        let _ = fs::remove_file(&part);
        Ok(written?)
    }
}

/// Makes the data folder, for its owner alone.
pub fn make_folder(data: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("cannot make the data folder {}", data.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a/b");
        let (token, place) = ADMIN_TOKEN.open(&data, None).unwrap();
        let path = data.join("admin-token");
        assert_eq!(place.to_string(), path.display().to_string());
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), 43);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(token, text.trim());
        assert_eq!(ADMIN_TOKEN.open(&data, None).unwrap().0, token);
        assert_eq!(data.read_dir().unwrap().count(), 1);
        assert_eq!(ADMIN_TOKEN.open(&data, Some("T")).unwrap().0, "T");
        assert_ne!(MASTER_KEY.open(&data, None).unwrap().0, token);
    }

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        ADMIN_TOKEN.open(folder.path(), None).unwrap();
        let path = folder.path().join("admin-token");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = ADMIN_TOKEN
            .open(folder.path(), None)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains("can be read by others (mode 640)"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "\n").unwrap();
        assert!(
            ADMIN_TOKEN
                .open(folder.path(), None)
                .map(|_| ())
                .unwrap_err()
                .to_string()
                .contains("no admin token")
        );
    }
}
