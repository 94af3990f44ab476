//! `host login`: keeps the address of a server and a token for it, once the server has accepted the token.

use super::client::Client;
use super::logins::{Login, Logins};
use super::place::{Place, Token};
use super::prompt;
use crate::console;
use crate::manifest::is_key;
use crate::settings::remote::{Remote, Server};
use crate::settings::value;
use anyhow::{Context, bail};
use url::{Host, Url};

/// No token that we know of is longer.
const MAX_TOKEN_BYTES: usize = 16 << 10;

/// Asks for the token, checks it, and keeps it under this name; without one, under that of the server's machine.
pub async fn login(remote: &Remote, name: Option<&str>) -> anyhow::Result<()> {
    let url = match &remote.server {
        Some(Server::Url(url)) => url,
        Some(Server::Name(given)) => bail!("--server: expected the address of the server, not the name {given:?}"),
        None => bail!("--server: is missing, expected the address of the server, such as https://workers.example.com"),
    };
    let name = name.map_or_else(|| name_of(url), str::to_owned);
    if !is_key(&name) {
        bail!("{name:?} is no name for a login: expected at most 64 letters, digits, _, . and -");
    }
    let path = remote.logins.as_deref();
    let path = path.context("there is no folder to keep it in: set XDG_CONFIG_HOME or HOME")?;
    let mut logins = Logins::read(path)?;
    if url.scheme() == "http" && !is_here(url) {
        console::err("the token goes through the network as it is: --server has http, not https");
    }
    let token = prompt::secret(&format!("token for {}", Place::address(url)), MAX_TOKEN_BYTES)?;
    let token = value::token(token.trim()).map_err(|problems| anyhow::anyhow!("the token: {}", problems.join(", ")))?;
    check(url, &token).await?;
    logins.add(
        &name,
        Login {
            url: url.clone(),
            token,
        },
    );
    logins.write(path)?;
    let use_it = match logins.default.as_deref() {
        Some(default) if default == name => "it is asked when no server is named".to_owned(),
        _ => format!("name it with --server {name}"),
    };
    console::err(format_args!("logged in to {} as {name}: {use_it}", Place::address(url)));
    Ok(())
}

/// Whether what is sent there stays on this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Everybody with a valid token may ask this.
async fn check(url: &Url, token: &str) -> anyhow::Result<()> {
    let client = Client::new(Place {
        address: Place::address(url),
        is_default: false,
        token: Some(Token {
            text: token.to_owned(),
            from: "this token".into(),
        }),
    });
    let answer = client.get("v2/actions", None).await?;
    answer.json::<Vec<serde::de::IgnoredAny>>().map(drop)
}

/// The machine's name, with what cannot be in a login's replaced.
fn name_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.replace(|char: char| !char.is_ascii_alphanumeric() && char != '.', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_for_this_machine_needs_no_https() {
        for (url, here) in [
            ("http://localhost:1", true),
            ("http://127.0.0.2", true),
            ("http://[::1]:1", true),
            ("http://10.0.0.1", false),
            ("http://localhost.example.com", false),
        ] {
            assert_eq!(is_here(&Url::parse(url).unwrap()), here, "{url}");
        }
    }

    #[test]
    fn a_login_is_named_after_the_machine() {
        for (url, name) in [
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("https://workers.my-example.com/base", "workers.my-example.com"),
            ("http://[fd00::7]:1", "fd00--7"),
        ] {
            assert_eq!(name_of(&Url::parse(url).unwrap()), name);
        }
    }
}
