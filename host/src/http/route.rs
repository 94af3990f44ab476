//! Which of the API's calls a request is.

use super::reply::Refusal;
use hyper::{Method, StatusCode, header};

/// A call of the API.
#[derive(Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// Execute the worker of this key, which is still as it was in the path.
    Execute(&'a str),
    /// Whether requests can be executed.
    Readiness,
    /// Whether the process lives.
    Liveness,
}

/// Finds the call. One slash at the end of a path changes nothing.
pub fn route<'a>(method: &Method, path: &'a str) -> Result<Route<'a>, Refusal> {
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "There is nothing at this path");
    let api = path.strip_prefix("/worker/api/v1/").ok_or_else(unknown)?;
    let api = api.strip_suffix('/').unwrap_or(api);
    let mut segments = api.split('/');
    let found = match (segments.next(), segments.next(), segments.next()) {
        (Some("execute"), Some(key), None) if !key.is_empty() => Route::Execute(key),
        (Some("system"), Some("readiness"), None) => Route::Readiness,
        (Some("system"), Some("liveness"), None) => Route::Liveness,
        _ => return Err(unknown()),
    };
    let (allowed, allow) = match found {
        Route::Execute(_) => (method == Method::POST, "POST"),
        Route::Readiness | Route::Liveness => (method == Method::GET || method == Method::HEAD, "GET, HEAD"),
    };
    if allowed {
        Ok(found)
    } else {
        let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("Use {allow} here"));
        Err(refusal.with(header::ALLOW, allow))
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::Reply;
    use super::*;

    #[test]
    fn calls_are_found() {
        let post = |path| route(&Method::POST, path).unwrap();
        assert_eq!(post("/worker/api/v1/execute/a"), Route::Execute("a"));
        assert_eq!(post("/worker/api/v1/execute/a/"), Route::Execute("a"));
        assert_eq!(post("/worker/api/v1/execute/%2e%2e%2f"), Route::Execute("%2e%2e%2f"));
        assert_eq!(post("/worker/api/v1/execute/.."), Route::Execute(".."));
        assert_eq!(
            route(&Method::HEAD, "/worker/api/v1/system/readiness").unwrap(),
            Route::Readiness
        );
        assert_eq!(
            route(&Method::GET, "/worker/api/v1/system/liveness/").unwrap(),
            Route::Liveness
        );
    }

    #[test]
    fn everything_else_is_refused() {
        let status = |method: Method, path: &str| Reply::from(route(&method, path).unwrap_err());
        let prefix = "/worker/api/v1";
        for path in [
            "",
            "*",
            "/",
            "/worker",
            "/worker/api/v1",
            "/worker/api/v1/",
            "//worker/api/v1/execute/a",
        ] {
            assert_eq!(status(Method::POST, path).status(), 404, "{path}");
        }
        for path in [
            "execute",
            "execute/",
            "execute//",
            "execute/a/b",
            "execute//a",
            "Execute/a",
            "system",
            "system/x",
        ] {
            assert_eq!(
                status(Method::POST, &format!("{prefix}/{path}")).status(),
                404,
                "{path}"
            );
        }
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::OPTIONS] {
            let reply = status(method, "/worker/api/v1/execute/a");
            assert_eq!(
                (reply.status().as_u16(), reply.headers()["allow"].to_str().unwrap()),
                (405, "POST")
            );
        }
        let reply = status(Method::POST, "/worker/api/v1/system/readiness");
        assert_eq!(
            (reply.status().as_u16(), reply.headers()["allow"].to_str().unwrap()),
            (405, "GET, HEAD")
        );
    }
}
