//! The admin token: given by the operator, or made at the first start and kept where only its owner can read it.

use anyhow::{Context, bail};
use data_encoding::BASE64URL_NOPAD;
use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The token, as its hash: comparing hashes takes the same time for every guess.
pub struct Token(blake3::Hash);

/// Where the token is to be found; shown instead of it.
pub enum Place {
    /// `HOST_ADMIN_TOKEN`
    Environment,
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("HOST_ADMIN_TOKEN"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Token {
    /// Keeps a token.
    pub fn new(token: &str) -> Self {
        Self(blake3::hash(token.as_bytes()))
    }

    /// Whether `presented` is the token.
    pub fn is(&self, presented: &[u8]) -> bool {
        // `blake3::Hash` compares in constant time.
        self.0 == blake3::hash(presented)
    }
}

/// The token that was `given`, else the one kept in the folder `data`, else a new one that is kept there from now on.
pub fn open(data: &Path, given: Option<&str>) -> anyhow::Result<(Token, Place)> {
    if let Some(token) = given {
        return Ok((Token::new(token), Place::Environment));
    }
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("cannot make the data folder {}", data.display()))?;
    let path = data.join("admin-token");
    if let Some(token) = read(&path)? {
        return Ok((Token::new(&token), Place::File(path)));
    }
    make(data, &path).with_context(|| format!("cannot write the admin token to {}", path.display()))?;
    // Read it again: another host may have been the first.
    let token = read(&path)?.with_context(|| format!("the admin token is gone from {}", path.display()))?;
    Ok((Token::new(&token), Place::File(path)))
}

fn read(path: &Path) -> anyhow::Result<Option<String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read the admin token in {}", path.display())),
    };
    let metadata = fs::metadata(path)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        let path = path.display();
        bail!("{path}: the admin token belongs to another user; replace it, or chown it to the user the host runs as");
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        let path = path.display();
        bail!("{path}: the admin token can be read by others (mode {mode:o}); replace it, or chmod 600 {path}");
    }
    let token = text.trim_end();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let path = path.display();
        bail!("{path}: this is no admin token; delete the file to have a new one made");
    }
    Ok(Some(token.to_owned()))
}

/// Writes a new token, all or nothing, and never over another one.
fn make(data: &Path, path: &Path) -> anyhow::Result<()> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret)?;
    let part = data.join(format!("admin-token.{}.part", std::process::id()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a/b");
        let (token, place) = open(&data, None).unwrap();
        let path = data.join("admin-token");
        assert_eq!(place.to_string(), path.display().to_string());
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), 43);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(token.is(text.trim().as_bytes()) && !token.is(b"") && !token.is(text.as_bytes()));
        let (again, _) = open(&data, None).unwrap();
        assert!(again.is(text.trim().as_bytes()));
        assert_eq!(data.read_dir().unwrap().count(), 1);
        let (given, _) = open(&data, Some("T")).unwrap();
        assert!(given.is(b"T") && !given.is(text.trim().as_bytes()));
    }

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path(), None).unwrap();
        let path = folder.path().join("admin-token");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = open(folder.path(), None).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("can be read by others (mode 640)"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "\n").unwrap();
        assert!(
            open(folder.path(), None)
                .map(|_| ())
                .unwrap_err()
                .to_string()
                .contains("no admin token")
        );
    }
}
