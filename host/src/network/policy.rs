//! What a worker may reach: the platform, and the hosts that the operator allows.

use super::allowed::Allowed;
use super::failure::{failed, peer};
use engine::FetchError;
use url::Url;

/// What the requests of a worker may reach.
#[derive(Clone, Default)]
pub struct Policy {
    /// The platform, which may be at a private address: the operator chose it. A query or a user name in it is not
    /// used.
    pub platform_url: Option<Url>,
    /// Sent to the platform, and nowhere else.
    pub platform_token: Option<String>,
    /// What else may be reached.
    pub allowed: Vec<Allowed>,
}

/// The addresses that a request may connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public ones.
    Public,
    /// Whatever the operator named.
    Named,
}

impl Policy {
    /// Whether a request to `url` may be sent. To be asked before each one, however the connection came about.
    pub fn reach(&self, url: &Url) -> Result<Reach, FetchError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(failed(format_args!(
                "the scheme {} is not supported, only http and https",
                url.scheme()
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(failed("the URL holds a user name or a password; send them in a header"));
        }
        if self.is_platform(url) {
            return Ok(Reach::Named);
        }
        let mut reach = None;
        for allowed in self.allowed.iter().filter(|allowed| allowed.admits(url)) {
            if allowed.names_address() {
                return Ok(Reach::Named);
            }
            reach = Some(Reach::Public);
        }
        reach.ok_or_else(|| {
            let mut name = url.host_str().unwrap_or_default().to_owned();
            if let Some(port) = url.port() {
                name = format!("{name}:{port}");
            }
            let peer = peer(url);
            failed(format_args!(
                "{peer} is not allowed; the operator allows hosts with --allow-net {name}"
            ))
        })
    }

    /// Whether `url` is at the platform's scheme, host and port.
    pub fn is_platform(&self, url: &Url) -> bool {
        self.platform_url
            .as_ref()
            .is_some_and(|platform| platform.origin() == url.origin())
    }

    /// Whether `url` is below the platform's address, path included: where its token may go.
    pub fn is_below_platform(&self, url: &Url) -> bool {
        let base = self
            .platform_url
            .as_ref()
            .map_or("", |platform| platform.path().trim_end_matches('/'));
        let rest = url.path().strip_prefix(base);
        self.is_platform(url) && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The URL of a path of the platform. The path is appended as it is, so it is the result that is checked: it may
    /// lead elsewhere by `..`.
    pub fn platform(&self, path: &str) -> Result<Url, FetchError> {
        let Some(platform) = &self.platform_url else {
            return Err(failed(
                "no platform is configured; the operator does it with --platform-url",
            ));
        };
        let base = platform.path().trim_end_matches('/');
        let text = format!("{}{base}{path}", platform.origin().ascii_serialization());
        let url = path.starts_with('/').then(|| Url::parse(&text).ok()).flatten();
        url.filter(|url| self.is_below_platform(url))
            .ok_or_else(|| failed("the path leads out of the platform's address; it begins with / and stays below it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(platform: &str, allowed: &str) -> Policy {
        Policy {
            platform_url: Url::parse(platform).ok(),
            platform_token: None,
            allowed: super::super::allowed::parse_list(allowed).unwrap(),
        }
    }

    #[test]
    fn paths_stay_below_the_platform() {
        for (platform, path, wanted) in [
            ("http://p.example", "/api/x?y=1", Some("http://p.example/api/x?y=1")),
            ("http://p.example/", "/", Some("http://p.example/")),
            ("http://p.example", "/../x", Some("http://p.example/x")),
            (
                "http://p.example",
                "//evil.example/x",
                Some("http://p.example//evil.example/x"),
            ),
            ("http://p.example", "/\\evil", Some("http://p.example//evil")),
            (
                "http://p.example",
                "/@evil.example",
                Some("http://p.example/@evil.example"),
            ),
            ("http://p.example", "@evil.example/", None),
            ("http://p.example", ".evil.example/", None),
            ("http://p.example", ":81/", None),
            ("http://p.example", "", None),
            ("http://u:p@p.example/base/?q", "/x", Some("http://p.example/base/x")),
            ("http://p.example/base", "/x/../y", Some("http://p.example/base/y")),
            ("http://p.example/base", "/../x", None),
            ("http://p.example/base", "/%2e%2E/x", None),
            ("http://p.example/base", "/..\\x", None),
            ("http://p.example/base", "/\t../x", None),
            ("http://p.example/base", "/../basement", None),
            ("http://p.example/base", "/../base", Some("http://p.example/base")),
        ] {
            let url = policy(platform, "").platform(path).ok();
            assert_eq!(url.as_ref().map(Url::as_str), wanted, "{platform} and {path}");
        }
        assert!(
            policy("", "")
                .platform("/x")
                .unwrap_err()
                .message
                .contains("--platform-url")
        );
    }

    #[test]
    fn reach_is_the_widest_that_was_named() {
        let policy = policy(
            "http://p.internal:8081/base",
            "*.example.com,10.0.0.7:80,localhost,*:8443",
        );
        for (url, wanted) in [
            ("http://p.internal:8081/elsewhere", Ok(Reach::Named)),
            (
                "http://p.internal/",
                Err("p.internal:80 is not allowed; the operator allows hosts with --allow-net p.internal"),
            ),
            ("https://p.internal:8081/", Err("--allow-net p.internal:8081")),
            ("http://a.example.com", Ok(Reach::Public)),
            ("http://10.0.0.7", Ok(Reach::Named)),
            ("https://10.0.0.7", Err("10.0.0.7:443 is not allowed")),
            ("https://10.0.0.7:8443", Ok(Reach::Public)),
            ("http://localhost:8443", Ok(Reach::Named)),
            ("http://a.localhost:8443", Ok(Reach::Public)),
            ("http://u@a.example.com", Err("user name")),
            ("http://:p@a.example.com", Err("user name")),
            ("ftp://a.example.com", Err("scheme ftp is not supported")),
            ("data:,x", Err("scheme data is not supported")),
        ] {
            let url = Url::parse(url).unwrap();
            match (policy.reach(&url), wanted) {
                (Ok(reach), Ok(wanted)) => assert_eq!(reach, wanted, "{url}"),
                (Err(error), Err(wanted)) => assert!(error.message.contains(wanted), "{url}: {error}"),
                (reach, _) => panic!("{url}: {reach:?}, not {wanted:?}"),
            }
        }
    }
}
