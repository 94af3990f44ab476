//! Which server is asked, and what proves who asks: what was said, else what a login keeps.

use super::logins::Logins;
use crate::settings::remote::{Remote, Server};
use crate::suggest::did_you_mean;
use anyhow::{Context, bail};
use url::Url;

/// Where `host serve` listens unless it is told otherwise.
const DEFAULT: &str = "http://127.0.0.1:8080";

/// A server to ask.
pub struct Place {
    /// Its address, without a slash at the end.
    pub address: String,
    /// Whether nobody named it.
    pub is_default: bool,
    /// What proves who asks; a server tells who asks without.
    pub token: Option<Token>,
}

/// A token, and where it came from.
pub struct Token {
    /// Never shown.
    pub text: String,
    /// What errors call it.
    pub from: String,
}

impl Place {
    /// The address without its end, as paths are put after it.
    pub fn address(url: &Url) -> String {
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// Finds it.
    pub fn of(remote: &Remote) -> anyhow::Result<Self> {
        let given = remote.token.clone().map(|text| Token {
            text,
            from: "the token of --token, HOST_TOKEN or host.toml".into(),
        });
        let logins = || match &remote.logins {
            Some(path) => Logins::read(path),
            None => Ok(Logins::default()),
        };
        let (name, logins) = match &remote.server {
            Some(Server::Url(url)) => return Self::at(url, given, logins),
            Some(Server::Name(name)) => (name.clone(), logins()?),
            None => {
                let logins = logins()?;
                match &logins.default {
                    Some(name) => (name.clone(), logins),
                    None => {
                        return Ok(Self {
                            address: DEFAULT.into(),
                            is_default: true,
                            token: given,
                        });
                    }
                }
            }
        };
        let Some(login) = logins.servers.get(&name) else {
            let hint = did_you_mean(&name, logins.servers.keys().map(String::as_str));
            bail!("there is no login {name:?}{hint}; host login {name} --server URL makes it");
        };
        let kept = || Token {
            text: login.token.clone(),
            from: format!("the token of the login {name}"),
        };
        Ok(Self {
            address: Self::address(&login.url),
            is_default: false,
            token: Some(given.unwrap_or_else(kept)),
        })
    }

    /// At an address: the token of a login is for the server that it was made for, and no other.
    fn at(url: &Url, given: Option<Token>, logins: impl FnOnce() -> anyhow::Result<Logins>) -> anyhow::Result<Self> {
        let address = Self::address(url);
        let token = match given {
            Some(token) => Some(token),
            None => {
                let logins = logins().context("no --token or HOST_TOKEN is given")?;
                let mut servers = logins.servers.into_iter();
                servers
                    .find(|(_, login)| Self::address(&login.url) == address)
                    .map(|(name, login)| Token {
                        text: login.token,
                        from: format!("the token of the login {name}"),
                    })
            }
        };
        Ok(Self {
            address,
            is_default: false,
            token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::logins::Login;
    use super::*;

    fn found(server: Option<Server>, token: Option<&str>, logins: &std::path::Path) -> anyhow::Result<Place> {
        Place::of(&Remote {
            server,
            token: token.map(str::to_owned),
            project: None,
            logins: Some(logins.to_owned()),
        })
    }

    #[test]
    fn a_token_goes_to_the_server_it_is_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.toml");
        let at = |url: &str| Some(Server::Url(Url::parse(url).unwrap()));
        let named = |name: &str| Some(Server::Name(name.into()));
        let shown = |place: anyhow::Result<Place>| {
            let place = place.unwrap();
            (place.address, place.token.map(|token| token.text))
        };
        let one = |address: &str, token: Option<&str>| (address.to_owned(), token.map(str::to_owned));
        let nobody = found(None, None, &path).unwrap();
        assert!(nobody.is_default && nobody.token.is_none());
        let mut logins = Logins::default();
        for (name, url, token) in [
            ("prod", "https://a.example/x/", "p"),
            ("test", "http://b.example:81", "t"),
        ] {
            let url = Url::parse(url).unwrap();
            logins.add(
                name,
                Login {
                    url,
                    token: token.into(),
                },
            );
        }
        logins.write(&path).unwrap();
        assert_eq!(shown(found(None, None, &path)), one("https://a.example/x", Some("p")));
        assert_eq!(
            shown(found(named("test"), None, &path)),
            one("http://b.example:81", Some("t"))
        );
        assert_eq!(
            shown(found(named("test"), Some("g"), &path)),
            one("http://b.example:81", Some("g"))
        );
        assert_eq!(
            shown(found(at("https://a.example/x"), None, &path)),
            one("https://a.example/x", Some("p"))
        );
        for other in ["https://a.example", "http://a.example/x", "https://a.example:444/x"] {
            assert_eq!(shown(found(at(other), None, &path)).1, None, "{other}");
        }
        let problem = found(named("tset"), None, &path).map(|_| ()).unwrap_err().to_string();
        assert!(
            problem.starts_with("there is no login \"tset\" (did you mean test?)"),
            "{problem}"
        );
    }
}
