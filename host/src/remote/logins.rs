//! The file that keeps what `host login` was told: servers by their names, and a token for each. Only its owner reads it.

use crate::settings::value;
use anyhow::{Context, bail};
use rustix::process::geteuid;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use url::Url;

/// All of them.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logins {
    /// The one that is asked when no server is named.
    pub default: Option<String>,
    /// By their names.
    #[serde(default)]
    pub servers: BTreeMap<String, Login>,
}

/// One of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Where the server is.
    #[serde(deserialize_with = "url")]
    pub url: Url,
    /// What proves who asks.
    pub token: String,
}

fn url<'de, D: Deserializer<'de>>(from: D) -> Result<Url, D::Error> {
    let text: String = Deserialize::deserialize(from)?;
    value::url(&text).map_err(serde::de::Error::custom)
}

impl Logins {
    /// Reads the file; without one there are none.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let place = path.display();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read the logins in {place}")),
        };
        let found = fs::metadata(path)?;
        if found.uid() != geteuid().as_raw() {
            bail!(
                "{place}: it belongs to another user, and its servers could be anybody's; remove it and log in again"
            );
        }
        let mode = found.mode() & 0o7777;
        if mode & 0o077 != 0 {
            bail!("{place}: its tokens can be read by others (mode {mode:o}); chmod 600 {place}");
        }
        // The error would quote the line, and a token with it.
        let logins: Result<Self, _> = toml::from_str(&text);
        logins.map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1;
            anyhow::anyhow!("{place}:{line}: is not what host login writes; mend it, or remove it and log in again")
        })
    }

    /// Adds one, or replaces the one of this name. The first is the default.
    pub fn add(&mut self, name: &str, login: Login) {
        self.servers.insert(name.to_owned(), login);
        self.default.get_or_insert_with(|| name.to_owned());
    }

    /// Writes the file, all or nothing.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let written = || {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            let part = folder.join(format!("servers.{}.part", std::process::id()));
            let written = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&part)
                .and_then(|mut file| file.write_all(self.text().as_bytes()).and_then(|()| file.sync_all()))
                .and_then(|()| fs::rename(&part, path));
            if written.is_err() {
                let _ = fs::remove_file(&part);
            }
            written
        };
        written().with_context(|| format!("cannot write {}", path.display()))
    }

    /// What JSON writes of a text is a text of TOML too.
    fn text(&self) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text = "# Written by host login. The tokens are secret.\n".to_owned();
        if let Some(default) = &self.default {
            let _ = writeln!(text, "default = {}", quoted(default));
        }
        for (name, Login { url, token }) in &self.servers {
            let (name, url, token) = (quoted(name), quoted(url.as_str()), quoted(token));
            let _ = write!(text, "\n[servers.{name}]\nurl = {url}\ntoken = {token}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn login(url: &str, token: &str) -> Login {
        Login {
            url: Url::parse(url).unwrap(),
            token: token.into(),
        }
    }

    #[test]
    fn what_is_written_is_read_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/worker-host/servers.toml");
        let mut logins = Logins::read(&path).unwrap();
        assert!(logins.default.is_none() && logins.servers.is_empty());
        logins.add("prod", login("https://workers.example.com/base/", r#"a"b\c#='"#));
        logins.add("7.x-y_z", login("http://127.0.0.1:8080", "two"));
        logins.add("7.x-y_z", login("http://127.0.0.1:8080", "three"));
        logins.write(&path).unwrap();
        let read = Logins::read(&path).unwrap();
        assert_eq!((read.default.as_deref(), read.servers.len()), (Some("prod"), 2));
        assert_eq!(read.servers["prod"].token, r#"a"b\c#='"#);
        assert_eq!(read.servers["prod"].url.as_str(), "https://workers.example.com/base/");
        assert_eq!(read.servers["7.x-y_z"].token, "three");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_others_read_or_that_is_wrong_is_refused_without_its_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.toml");
        let fault = |text: &str, mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = Logins::read(&path).map(|_| ()).unwrap_err();
            format!("{error:#}")
        };
        let good = "[servers.a]\nurl = \"http://x\"\ntoken = \"hidden\"\n";
        assert!(fault(good, 0o640).contains("can be read by others (mode 640); chmod 600"));
        for wrong in [
            "[servers.a]\nurl = \"http://x\"\ntoken = hidden\n",
            "[servers.a]\nurl = \"no\"\ntoken = \"hidden\"\n",
            "\n\n[server.a]\ntoken = \"hidden\"\n",
        ] {
            let text = fault(wrong, 0o600);
            assert!(
                text.contains("servers.toml:") && text.contains("log in again"),
                "{text}"
            );
            assert!(!text.contains("hidden"), "{text}");
        }
    }
}
