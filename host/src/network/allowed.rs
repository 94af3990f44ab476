//! The hosts that an operator allows: `api.example.com`, `*.example.com:443`, `10.0.0.7`, `[fd00::7]:8080`, `*`.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;
use url::{Host, ParseError, Url};

/// Ports of other protocols, which an HTTP request with a body of the worker's choice could speak: the standard's
/// list (<https://fetch.spec.whatwg.org/#port-blocking>). Whoever allows one of them names it.
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    hosts: Hosts,
    /// All but [`BAD_PORTS`] when absent.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    /// `*`
    All,
    /// The names below this one, not itself.
    Below(String),
    /// This one.
    One(Host<String>),
}

impl Allowed {
    /// Whether the entry is about the host and port of `url`. What the host resolves to is another question.
    pub fn admits(&self, url: &Url) -> bool {
        let port = url.port_or_known_default().unwrap_or_default();
        let port_fits = self.port.map_or(!BAD_PORTS.contains(&port), |only| only == port);
        port_fits
            && match (&self.hosts, url.host()) {
                (Hosts::All, Some(_)) => true,
                (Hosts::Below(parent), Some(Host::Domain(name))) => absolute(name)
                    .strip_suffix(parent.as_str())
                    .is_some_and(|label| label.len() > 1 && label.ends_with('.')),
                (Hosts::One(Host::Domain(one)), Some(Host::Domain(name))) => absolute(name) == one,
                (Hosts::One(Host::Ipv4(one)), Some(Host::Ipv4(address))) => *one == address,
                (Hosts::One(Host::Ipv6(one)), Some(Host::Ipv6(address))) => *one == address,
                _ => false,
            }
    }

    /// Whether the operator named an address rather than a name, and so knows that it may be a private one.
    pub fn names_address(&self) -> bool {
        match &self.hosts {
            Hosts::One(Host::Domain(name)) => name == "localhost",
            Hosts::One(_) => true,
            Hosts::All | Hosts::Below(_) => false,
        }
    }
}

/// A name with a dot at its end is the same name.
fn absolute(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Reads entries that are separated by commas, and reports every mistake.
pub fn parse_list(list: &str) -> Result<Vec<Allowed>, Vec<String>> {
    let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match entry.parse() {
            Ok(entry) => entries.push(entry),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() {
        Ok(entries)
    } else {
        Err(mistakes)
    }
}

impl FromStr for Allowed {
    type Err = String;

    fn from_str(entry: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("{entry:?} is not a host that can be allowed: {what}");
        if entry.contains("://") {
            return Err(wrong(
                "it is a URL; write its host alone, as in example.com or example.com:8443",
            ));
        }
        if entry.contains('/') {
            return Err(wrong("paths and ranges of addresses cannot be allowed, only hosts"));
        }
        if entry.contains('@') {
            return Err(wrong("it has a user name"));
        }
        if entry.parse::<Ipv6Addr>().is_ok() {
            return Err(wrong(&format!("write an IPv6 address in brackets, as in [{entry}]")));
        }
        // The colons of an IPv6 address stand before its bracket.
        let after_address = entry.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match entry[after_address..].rfind(':') {
            Some(colon) => entry.split_at(after_address + colon),
            None => (entry, ""),
        };
        let port = match port.strip_prefix(':').map(str::parse) {
            None => None,
            Some(Ok(port)) if port > 0 => Some(port),
            Some(_) => return Err(wrong("its port is not a number from 1 to 65535")),
        };
        let parse = |host: &str| match Host::parse(host) {
            _ if host.contains('*') => Err(wrong("* stands alone, or for the first labels, as in *.example.com")),
            Ok(Host::Domain(name)) => Ok(Host::Domain(absolute(&name).to_owned())),
            Ok(address) => Ok(address),
            Err(ParseError::IdnaError) => Err(wrong("it has characters that names cannot have")),
            Err(error) => Err(wrong(&error.to_string())),
        };
        let hosts = match host.strip_prefix("*.") {
            _ if host == "*" => Hosts::All,
            Some(parent) => match parse(parent)? {
                Host::Domain(parent) => Hosts::Below(parent),
                _ => return Err(wrong("an address has nothing below it")),
            },
            None => Hosts::One(parse(host)?),
        };
        Ok(Self { hosts, port })
    }
}

/// As it would be written.
impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hosts {
            Hosts::All => f.write_str("*")?,
            Hosts::Below(parent) => write!(f, "*.{parent}")?,
            Hosts::One(host) => host.fmt(f)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_and_written() {
        for (entry, written) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com.:8443", "example.com:8443"),
            ("*.example.com", "*.example.com"),
            ("*", "*"),
            ("*:443", "*:443"),
            ("10.0.0.7", "10.0.0.7"),
            ("0x7f.1:80", "127.0.0.1:80"),
            ("[::1]", "[::1]"),
            ("[FD00:0::7]:8080", "[fd00::7]:8080"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("localhost:3000", "localhost:3000"),
        ] {
            assert_eq!(entry.parse::<Allowed>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn every_mistake_is_reported() {
        let list =
            "ok.example, https://example.com, 10.0.0.0/8, u@h, ::1, a:0, a:70000, a:, a*b, *.10.0.0.1, [::1, a b, :80";
        let mistakes = parse_list(list).unwrap_err();
        for (mistake, wanted) in mistakes.iter().zip([
            "it is a URL",
            "ranges",
            "user name",
            "[::1]",
            "port",
            "port",
            "port",
            "* stands",
            "nothing below",
            "IPv6",
            "character",
            "empty host",
        ]) {
            assert!(mistake.contains(wanted), "{mistake} should say {wanted}");
        }
        assert_eq!(mistakes.len(), 12);
        assert_eq!(parse_list(" , a ,b:1").unwrap().len(), 2);
        assert_eq!(parse_list("").unwrap(), []);
    }

    #[test]
    fn entries_admit_what_they_say() {
        for (entry, admitted, refused) in [
            (
                "example.com",
                "http://example.com https://EXAMPLE.com.:8443/",
                "http://a.example.com http://example.com.evil.example http://example.com:25 http://xexample.com",
            ),
            ("example.com:25", "http://example.com:25", "http://example.com"),
            ("example.com:443", "https://example.com", "http://example.com"),
            (
                "*.example.com",
                "http://a.example.com http://a.b.example.com.",
                "http://example.com http://.example.com http://xexample.com http://10.0.0.1",
            ),
            ("*", "http://a http://10.0.0.1 http://[::1]", "http://a:6667"),
            (
                "127.0.0.1",
                "http://0x7f.1 http://2130706433:81",
                "http://[::ffff:127.0.0.1] http://localhost",
            ),
            ("[::1]:81", "http://[0:0::1]:81", "http://[::1]"),
            (
                "localhost",
                "http://localhost:81",
                "http://a.localhost http://127.0.0.1",
            ),
        ] {
            let allowed: Allowed = entry.parse().unwrap();
            for url in admitted.split_whitespace() {
                assert!(allowed.admits(&Url::parse(url).unwrap()), "{entry} should admit {url}");
            }
            for url in refused.split_whitespace() {
                assert!(
                    !allowed.admits(&Url::parse(url).unwrap()),
                    "{entry} should refuse {url}"
                );
            }
        }
    }
}
