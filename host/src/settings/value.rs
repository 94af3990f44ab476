//! What the texts of settings mean, other than [quantities](super::quantity). Errors begin with what is expected.

use super::commands::{Output, PayloadFrom};
use super::quantity;
use super::remote::Server;
use crate::issuer::Keys;
use crate::manifest::is_key;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tracing_subscriber::filter::{LevelFilter, Targets};
use url::Url;

/// A path, which need not exist.
pub fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("expected a path".into())
    } else {
        Ok(text.into())
    }
}

/// A folder that exists.
pub fn folder(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    if path.is_dir() {
        Ok(path.into())
    } else {
        Err("expected an existing folder".into())
    }
}

/// A switch that is not a flag: `true` or `false`.
pub fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("expected true or false".into()),
    }
}

/// JSON itself, `@FILE`, or `-` for stdin.
pub fn payload_from(text: &str) -> Result<PayloadFrom, String> {
    match text.strip_prefix('@') {
        Some("") => Err("expected the name of a file after the @".into()),
        Some(file) => Ok(PayloadFrom::File(file.into())),
        None if text == "-" => Ok(PayloadFrom::Stdin),
        None => Ok(PayloadFrom::Text(text.into())),
    }
}

/// `value` or `json`.
pub fn output(text: &str) -> Result<Output, String> {
    match text {
        "value" => Ok(Output::Value),
        "json" => Ok(Output::Json),
        _ => Err("expected value or json".into()),
    }
}

/// An address and a port. A name is not resolved here.
pub fn address(text: &str) -> Result<String, String> {
    let named = || {
        let (name, port) = text.rsplit_once(':')?;
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
        (!name.is_empty() && name.chars().all(plain) && port.parse::<u16>().is_ok()).then_some(())
    };
    // What looks like a number but is no address, such as 1.2.3:80 or 300.1.1.1:80, is a slip and no name.
    let numeric = || {
        text.chars()
            .all(|char| char.is_ascii_digit() || matches!(char, '.' | ':'))
    };
    if text.parse::<SocketAddr>().is_ok() || (!numeric() && named().is_some()) {
        Ok(text.into())
    } else {
        Err("expected an address and a port, such as 127.0.0.1:8080, [::]:8080 or localhost:8080".into())
    }
}

/// A number of executions at once.
pub fn executions(text: &str) -> Result<u32, String> {
    // Each reserves gigabytes of address space, of which there are 128 TiB.
    const MOST: u32 = 10_000;
    match quantity::count(text)?.try_into() {
        Ok(number) if number <= MOST => Ok(number),
        _ => Err(format!("expected at most {MOST}")),
    }
}

/// A whole number.
pub fn number(text: &str) -> Result<u32, String> {
    let number = text.replace('_', "").parse().ok();
    number.ok_or_else(|| format!("expected a whole number up to {}", u32::MAX))
}

/// A text that is not empty.
pub fn text(text: &str) -> Result<String, String> {
    match text {
        "" => Err("expected a text".into()),
        text => Ok(text.into()),
    }
}

/// The address of a document with keys, or a file.
pub fn keys(text: &str) -> Result<Keys, String> {
    match text.split_once("://") {
        None => path(text).map(Keys::File),
        Some(("http" | "https", _)) => url(text).map(Keys::Url),
        Some(_) => Err("expected a file, or a URL of the scheme https or http".into()),
    }
}

/// The URL of a PostgreSQL database. Not shown when it is wrong: it may hold a password.
pub fn database(text: &str) -> Result<String, Vec<String>> {
    match text.starts_with("postgres://") || text.starts_with("postgresql://") {
        true => Ok(text.into()),
        false => Err(vec!["expected postgres://USER:PASSWORD@HOST:PORT/DATABASE".into()]),
    }
}

/// A level, or a list of targets and levels.
pub fn log(text: &str) -> Result<Targets, String> {
    let expected = "expected error, warn, info, debug, trace or off, or a list such as info,hyper=debug";
    // A bare word that is no level would be taken as the name of the one part to log: a slip that silences all else.
    let word = |part: &str| part.is_empty() || (!part.contains('=') && part.parse::<LevelFilter>().is_err());
    if text.split(',').any(word) {
        return Err(expected.into());
    }
    text.parse().map_err(|_| expected.into())
}

/// An address of `http` or `https`.
pub fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok();
    let plain = |url: &Url| {
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        matches!(url.scheme(), "http" | "https") && bare && url.fragment().is_none()
    };
    url.filter(plain)
        .ok_or_else(|| "expected the address of the platform, such as https://example.jfrog.io".into())
}

/// A server of ours: its address, or the name that a login gave it.
pub fn server(text: &str) -> Result<Server, String> {
    if !text.contains("://") && is_key(text) {
        return Ok(Server::Name(text.into()));
    }
    url(text)
        .map(Server::Url)
        .map_err(|_| "expected an address such as https://workers.example.com, or the name of a login".into())
}

/// The key of a project.
pub fn project(text: &str) -> Result<String, String> {
    match is_key(text) {
        true => Ok(text.into()),
        false => Err("expected at most 64 letters, digits, _, . and -, the first a letter or a digit".into()),
    }
}

/// What can be sent in a header. A mistake does not show the text.
pub fn token(text: &str) -> Result<String, Vec<String>> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.into())
    } else {
        Err(vec!["expected visible ASCII characters without spaces".into()])
    }
}

/// `NAME=TEXT`. A mistake does not show the text.
pub fn named(text: &str) -> Result<(String, String), Vec<String>> {
    match text.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok((name.into(), text.into())),
        _ => Err(vec!["expected a name, = and a text".into()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        for text in ["127.0.0.1:0", "[::1]:80", "localhost:8080", "my-host.example:1"] {
            assert_eq!(address(text).as_deref(), Ok(text));
        }
        for text in [
            "",
            "8080",
            ":8080",
            "localhost",
            "localhost:",
            "localhost:99999",
            "1.2.3:80",
            "300.1.1.1:80",
            "a b:1",
            "::1:80",
        ] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for text in ["info", "WARN", "off", "info,hyper=debug"] {
            log(text).unwrap();
        }
        for text in ["verbose", "", "info,", "host=loud"] {
            log(text).unwrap_err();
        }
    }

    #[test]
    fn the_platform_is_an_address_of_the_web() {
        for text in ["http://localhost:8082", "https://example.jfrog.io/base/"] {
            url(text).unwrap();
        }
        for text in [
            "",
            "example.com",
            "ftp://example.com",
            "https://u:p@example.com",
            "https://example.com/?q",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_server_has_an_address_or_a_name() {
        assert_eq!(server("prod"), Ok(Server::Name("prod".into())));
        let at = |text| Url::parse(text).map(Server::Url).map_err(|error| error.to_string());
        assert_eq!(server("http://127.0.0.1:8080"), at("http://127.0.0.1:8080/"));
        for text in [
            "",
            "localhost:8080",
            "a b",
            "ftp://example.com",
            "https://u:p@example.com",
        ] {
            assert!(server(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_secret_is_not_in_the_mistake() {
        assert_eq!(named("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(named("a="), Ok(("a".into(), String::new())));
        for problems in [
            named("secret").unwrap_err(),
            named("=secret").unwrap_err(),
            token("sec ret").map(|_| ()).unwrap_err(),
        ] {
            assert!(!problems[0].contains("sec"), "{problems:?}");
        }
    }

    #[test]
    fn payloads_come_from_three_places() {
        assert_eq!(payload_from("-"), Ok(PayloadFrom::Stdin));
        assert_eq!(payload_from("@a b.json"), Ok(PayloadFrom::File("a b.json".into())));
        assert_eq!(payload_from("-1"), Ok(PayloadFrom::Text("-1".into())));
        payload_from("@").unwrap_err();
    }
}
