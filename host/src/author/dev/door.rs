//! Who may ask a server that wants no token: programs of this machine, not pages that a browser has open.

use hyper::header::{AUTHORIZATION, HOST, HeaderMap, ORIGIN};
use std::net::{IpAddr, Ipv6Addr};

/// Whether a request with these headers is let in. A page of another site can send a request here, but then it has an
/// `Origin`, or names this machine by a name of its own; and it cannot send `Authorization` without asking first.
pub fn is_open(headers: &HeaderMap) -> bool {
    if headers.contains_key(AUTHORIZATION) {
        return true;
    }
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    !headers.contains_key(ORIGIN) && is_here(host)
}

/// Whether `host`, with or without a port, is a name that this machine has for itself, or an address.
fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => return address.parse::<Ipv6Addr>().is_ok(),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_come_in_and_pages_do_not() {
        let open = |headers: &[(hyper::header::HeaderName, &str)]| {
            is_open(
                &headers
                    .iter()
                    .map(|(name, value)| (name.clone(), value.parse().unwrap()))
                    .collect(),
            )
        };
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:1",
            "[::1]:80",
            "192.168.1.7:8080",
        ] {
            assert!(open(&[(HOST, host)]), "{host}");
            assert!(!open(&[(HOST, host), (ORIGIN, "https://evil.example")]), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8080", "", "[evil]"] {
            assert!(!open(&[(HOST, host)]), "{host}");
        }
        assert!(!open(&[]));
        assert!(open(&[
            (HOST, "x"),
            (ORIGIN, "http://localhost:3000"),
            (AUTHORIZATION, "Bearer any")
        ]));
    }
}
