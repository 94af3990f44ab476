//! The conversion for the commands that ask a running server: which server, as whom, and about which project.

use super::cache::{Cache, cache};
use super::commands::{Output, PayloadFrom};
use super::sources::{Mistakes, Sources};
use super::value;
use std::path::PathBuf;
use url::Url;

/// A server as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Server {
    /// Where it is.
    Url(Url),
    /// What it is called at `host login`.
    Name(String),
}

/// What all of these commands take.
pub struct Remote {
    /// The server; the first login, or one on this machine, when nothing is said.
    pub server: Option<Server>,
    /// Says who asks; that of the login when nothing is said.
    pub token: Option<String>,
    /// The project of the worker.
    pub project: Option<String>,
    /// The file of logins; none where there is no home.
    pub logins: Option<PathBuf>,
}

impl std::fmt::Debug for Remote {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("server", &self.server)
            .field("project", &self.project)
            .finish_non_exhaustive()
    }
}

/// What `host execute` takes beside it.
#[derive(Debug)]
pub struct Execute {
    /// Where the payload comes from.
    pub payload: PayloadFrom,
    /// How the execution is printed.
    pub output: Output,
}

/// Converts what all of them take.
pub fn remote(mut sources: Sources) -> Result<Remote, Mistakes> {
    let remote = taken(&mut sources);
    sources.finish()?;
    Ok(remote)
}

/// Converts what `host execute` takes.
pub fn execute(mut sources: Sources) -> Result<(Remote, Execute), Mistakes> {
    let remote = taken(&mut sources);
    let execute = Execute {
        payload: sources
            .get("payload", value::payload_from)
            .unwrap_or(PayloadFrom::StdinIfPiped),
        output: sources.get("output", value::output).unwrap_or(Output::Value),
    };
    sources.finish()?;
    Ok((remote, execute))
}

/// Converts what `host deploy` takes: it builds what cannot be sent as it is.
pub fn deploy(mut sources: Sources) -> Result<(Remote, Cache), Mistakes> {
    let remote = taken(&mut sources);
    let cache = cache(&mut sources);
    sources.finish()?;
    Ok((remote, cache))
}

fn taken(sources: &mut Sources) -> Remote {
    Remote {
        server: sources.get("server", value::server),
        token: sources.get_all("token", value::token).pop(),
        project: sources.get("project", value::project),
        logins: logins(sources),
    }
}

/// As the XDG base directory specification has it, which says to ignore a relative path.
fn logins(sources: &mut Sources) -> Option<PathBuf> {
    let mut variable = |name: &str| {
        let path = sources.variable(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let folder = variable("XDG_CONFIG_HOME").or_else(|| Some(variable("HOME")?.join(".config")));
    Some(folder?.join("worker-host").join("servers.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::path::Path;

    fn sources(flags: &[(&'static str, &str)], environment: fn(&str) -> Option<OsString>) -> Sources {
        let flags = flags.iter().map(|(name, text)| (*name, vec![(*text).to_owned()]));
        Sources::read(flags.collect(), environment)
    }

    #[test]
    fn every_mistake_at_once_and_no_token() {
        let flags = [("server", "localhost:8080"), ("token", "to ken"), ("payload", "@")];
        let text = execute(sources(&flags, |_| None)).map(|_| ()).unwrap_err().to_string();
        for part in [
            "3 mistakes",
            "--server: expected an address",
            "--token: ",
            "--payload: ",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert!(!text.contains("to ken"), "{text}");
        let remote = remote(sources(&[("token", "hidden")], |_| None)).unwrap();
        assert!(remote.token.is_some() && !format!("{remote:?}").contains("hidden"));
    }

    #[test]
    fn logins_are_in_the_users_folder() {
        let found = |environment: fn(&str) -> Option<OsString>| remote(sources(&[], environment)).unwrap().logins;
        let below = |folder: &str| Some(Path::new(folder).join("worker-host/servers.toml"));
        assert_eq!(
            found(|name| (name == "HOME").then(|| "/home/a".into())),
            below("/home/a/.config")
        );
        let both = |name: &str| match name {
            "XDG_CONFIG_HOME" => Some("/x".into()),
            "HOME" => Some("/home/a".into()),
            _ => None,
        };
        assert_eq!(found(both), below("/x"));
        assert_eq!(found(|_| None), None);
        assert_eq!(
            found(|name| (name == "XDG_CONFIG_HOME").then(|| "relative".into())),
            None
        );
    }
}
