//! Which of the API's calls a request is.

use super::reply::Refusal;
use crate::api::Style;
use hyper::{Method, StatusCode, header};

/// A call of the API, by its path. Keys, names and ids are still as they were in the path.
#[derive(Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// Execute the worker of this key.
    Execute(&'a str),
    /// Have the worker of this key answer, at this path of its own.
    Endpoint(&'a str, &'a str),
    /// Whether requests can be executed.
    Readiness,
    /// Whether the process lives.
    Liveness,
    /// What the API is, for machines.
    OpenApi,
    /// One of the calls that manage workers.
    Manage(Place<'a>),
}

/// What a managing call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// All workers.
    Workers(Style),
    /// The worker of this key.
    Worker(Style, &'a str),
    /// What makes workers run.
    Actions(Style),
    /// What the command line wants to know.
    Options,
    /// Code that is not deployed, perhaps under the key of a worker.
    Test(Option<&'a str>),
    /// What was executed.
    History,
    /// The versions of a worker.
    Versions(&'a str),
    /// One of them.
    Version(&'a str, &'a str),
    /// Back to one of them.
    RollBack(&'a str, &'a str),
    /// The executions of a worker as they end.
    Logs(&'a str),
    /// The module of a worker.
    Module(&'a str),
    /// The secrets of a worker.
    Secrets(&'a str),
    /// One of them.
    Secret(&'a str, &'a str),
    /// The tokens issued here.
    Tokens,
    /// One of them.
    Token(&'a str),
    /// What is being executed.
    Executions,
    /// One of them.
    Execution(&'a str),
}

/// Finds the call. One slash at the end of a path changes nothing, except where the path is the worker's.
pub fn route<'a>(method: &Method, path: &'a str) -> Result<Route<'a>, Refusal> {
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, "There is nothing at this path");
    let api = path.strip_prefix("/worker/api/").ok_or_else(unknown)?;
    if api == "openapi.json" {
        return allowed(method, Route::OpenApi);
    }
    let (version, api) = api.split_once('/').ok_or_else(unknown)?;
    let style = match version {
        "v1" => Style::V1,
        "v2" => Style::V2,
        _ => return Err(unknown()),
    };
    if let (Style::V2, Some(rest)) = (style, api.strip_prefix("http/")) {
        let (key, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = if path.is_empty() { "/" } else { path };
        return match key {
            "" => Err(unknown()),
            key => allowed(method, Route::Endpoint(key, path)),
        };
    }
    let api = api.strip_suffix('/').unwrap_or(api);
    allowed(method, find(style, api).ok_or_else(unknown)?)
}

fn allowed<'a>(method: &Method, found: Route<'a>) -> Result<Route<'a>, Refusal> {
    let allow = allow(&found);
    if allow.split(", ").any(|allowed| allowed == method.as_str()) {
        Ok(found)
    } else {
        let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, format!("Use {allow} here"));
        Err(refusal.with(header::ALLOW, allow))
    }
}

fn find(style: Style, api: &str) -> Option<Route<'_>> {
    use Place::{
        Actions, Execution, Executions, History, Logs, Module, Options, RollBack, Secret, Secrets, Test, Token, Tokens,
        Version, Versions, Worker, Workers,
    };
    let segments: Vec<&str> = api.splitn(6, '/').collect();
    if segments.iter().any(|segment| segment.is_empty()) {
        return None;
    }
    let place = match (style, segments.as_slice()) {
        (Style::V1, ["execute", key]) => return Some(Route::Execute(key)),
        (Style::V1, ["system", "readiness"]) => return Some(Route::Readiness),
        (Style::V1, ["system", "liveness"]) => return Some(Route::Liveness),
        (Style::V1, ["options"]) => Options,
        (Style::V1, ["execution_history"]) => History,
        (_, ["workers"]) => Workers(style),
        (_, ["workers", key]) => Worker(style, key),
        (_, ["actions"]) => Actions(style),
        (_, ["test"]) => Test(None),
        (_, ["test", key]) => Test(Some(key)),
        (Style::V2, ["workers", key, "versions"]) => Versions(key),
        (Style::V2, ["workers", key, "versions", number]) => Version(key, number),
        (Style::V2, ["workers", key, "versions", number, "rollback"]) => RollBack(key, number),
        (Style::V2, ["workers", key, "logs"]) => Logs(key),
        (Style::V2, ["workers", key, "module"]) => Module(key),
        (Style::V2, ["workers", key, "secrets"]) => Secrets(key),
        (Style::V2, ["workers", key, "secrets", name]) => Secret(key, name),
        (Style::V2, ["tokens"]) => Tokens,
        (Style::V2, ["tokens", id]) => Token(id),
        (Style::V2, ["executions"]) => Executions,
        (Style::V2, ["executions", id]) => Execution(id),
        _ => return None,
    };
    Some(Route::Manage(place))
}

/// The methods of a call.
fn allow(route: &Route<'_>) -> &'static str {
    match route {
        Route::Execute(_) => "POST",
        Route::Endpoint(..) => "GET, POST",
        Route::Readiness | Route::Liveness | Route::OpenApi => "GET, HEAD",
        Route::Manage(place) => match place {
            Place::Workers(_) => "GET, POST, PUT",
            Place::Worker(..) => "GET, DELETE",
            Place::Actions(_) | Place::Options | Place::History | Place::Executions => "GET",
            Place::Versions(_) | Place::Version(..) | Place::Secrets(_) | Place::Logs(_) => "GET",
            Place::Test(_) | Place::RollBack(..) => "POST",
            Place::Module(_) => "PUT",
            Place::Secret(..) => "PUT, DELETE",
            Place::Tokens => "GET, POST",
            Place::Token(_) | Place::Execution(_) => "DELETE",
        },
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
        assert_eq!(post("/worker/api/v2/http/a"), Route::Endpoint("a", "/"));
        assert_eq!(post("/worker/api/v2/http/a/"), Route::Endpoint("a", "/"));
        assert_eq!(
            post("/worker/api/v2/http/a//%2e./b/"),
            Route::Endpoint("a", "//%2e./b/")
        );
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
    fn both_versions_where_both_are_documented() {
        let found = |method, path| match route(&method, path) {
            Ok(Route::Manage(place)) => place,
            _ => panic!("{path}"),
        };
        assert_eq!(found(Method::PUT, "/worker/api/v2/workers"), Place::Workers(Style::V2));
        assert_eq!(
            found(Method::GET, "/worker/api/v1/workers/a"),
            Place::Worker(Style::V1, "a")
        );
        assert_eq!(found(Method::POST, "/worker/api/v1/test"), Place::Test(None));
        let path = "/worker/api/v2/workers/a/versions/3/rollback";
        assert_eq!(found(Method::POST, path), Place::RollBack("a", "3"));
        let refused = Reply::from(route(&Method::PATCH, "/worker/api/v1/workers").unwrap_err());
        assert_eq!(refused.headers()["allow"], "GET, POST, PUT");
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
            "workers/a/versions",
            "workers//a",
            "tokens",
            "http/a",
            "../v2/http/",
            "../v2/http//b",
            "test/a/b",
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
