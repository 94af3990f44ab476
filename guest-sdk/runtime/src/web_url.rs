//! The URL parser behind `URL`.

use serde_json::json;
use url::{Url, quirks};

/// `parseUrl(url, base)`: the parts as JSON, or undefined where it is no URL.
pub fn parse(text: String, base: Option<String>) -> Option<String> {
    let base = match base {
        Some(base) => Some(Url::parse(&base).ok()?),
        None => None,
    };
    Url::options()
        .base_url(base.as_ref())
        .parse(&text)
        .ok()
        .map(|url| parts(&url))
}

/// `setUrl(href, part, value)`: the parts after the setter of that name, which ignores what it cannot take.
pub fn set(href: String, part: String, value: String) -> Option<String> {
    let mut url = Url::parse(&href).ok()?;
    // A setter that refuses leaves the URL as it was, and says nothing: so the standard wants it.
    let _ = match part.as_str() {
        "protocol" => quirks::set_protocol(&mut url, &value),
        "username" => quirks::set_username(&mut url, &value),
        "password" => quirks::set_password(&mut url, &value),
        "host" => quirks::set_host(&mut url, &value),
        "hostname" => quirks::set_hostname(&mut url, &value),
        "port" => quirks::set_port(&mut url, &value),
        _ => {
            match part.as_str() {
                "pathname" => quirks::set_pathname(&mut url, &value),
                "search" => quirks::set_search(&mut url, &value),
                "hash" => quirks::set_hash(&mut url, &value),
                _ => {}
            }
            Ok(())
        }
    };
    Some(parts(&url))
}

fn parts(url: &Url) -> String {
    json!({
        "href": quirks::href(url),
        "origin": quirks::origin(url),
        "protocol": quirks::protocol(url),
        "username": quirks::username(url),
        "password": quirks::password(url),
        "host": quirks::host(url),
        "hostname": quirks::hostname(url),
        "port": quirks::port(url),
        "pathname": quirks::pathname(url),
        "search": quirks::search(url),
        "hash": quirks::hash(url),
    })
    .to_string()
}
