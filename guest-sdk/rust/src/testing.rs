//! A host for unit tests, so that `cargo test` runs a worker natively.
//!
//! ```
//! use worker::{Context, testing::Mock};
//!
//! fn handle(context: Context, repo: String) -> worker::Result<u64> {
//!     let answer = context.platform("GET", &format!("/api/repositories/{repo}")).send()?;
//!     let files = answer.json::<serde_json::Value>()?["files"].as_u64().unwrap_or(0);
//!     context.state().set("files", files)?;
//!     worker::info!("{files} files");
//!     Ok(files)
//! }
//!
//! let mock = Mock::new().answer("GET /api/repositories/npm", 200, r#"{"files":7}"#);
//! assert_eq!(handle(mock.context(), "npm".into()).unwrap(), 7);
//! assert_eq!(mock.state_after()["files"], "7");
//! assert_eq!(mock.requests().len(), 1);
//! assert_eq!(mock.logs(), [(worker::Level::Info, "7 files".to_owned())]);
//! ```
//!
//! It answers as the host does, with its errors and messages. No request leaves the process, waiting takes no time but
//! from what remains, and nothing is stopped: limits of time and memory and the allow list are not simulated.

mod operations;
mod requests;

pub(crate) use operations::Host;
pub use requests::Sent;

use crate::operation::Operations;
use crate::{Context, Level};
use operations::Inner;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

thread_local! {
    /// A test has a thread of its own, and `info!` has no context.
    static LOGS: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

/// Notes what is logged.
pub(crate) fn note(level: Level, message: String) {
    LOGS.with_borrow_mut(|logs| logs.push((level, message)));
}

/// The host of a unit test: filled first, looked at afterwards.
#[derive(Debug)]
#[must_use]
pub struct Mock {
    host: Host,
    /// Lines that were logged on this thread before it was made.
    logged: usize,
}

impl Default for Mock {
    fn default() -> Self {
        Self::new()
    }
}

impl Mock {
    /// A host with a platform at `https://platform.example`, with nothing in it.
    pub fn new() -> Self {
        Self {
            host: Host::default(),
            logged: LOGS.with_borrow(Vec::len),
        }
    }

    /// A secret that the worker has.
    pub fn secret(self, key: &str, value: &str) -> Self {
        self.with(|host| host.secrets.insert(key.to_owned(), value.to_owned()))
    }

    /// A property that the worker has.
    pub fn property(self, key: &str, value: &str) -> Self {
        self.with(|host| host.properties.insert(key.to_owned(), value.to_owned()))
    }

    /// What an earlier execution left in the state.
    pub fn state(self, key: &str, value: impl Display) -> Self {
        self.with(|host| host.state.insert(key.to_owned(), value.to_string()))
    }

    /// The platform's address, or none.
    pub fn base_url(self, url: Option<&str>) -> Self {
        self.with(|host| host.base_url = url.map(str::to_owned))
    }

    /// How long the execution may go on; 5 seconds by default.
    pub fn remaining(self, time: Duration) -> Self {
        self.with(|host| host.remaining = time)
    }

    /// What a request is answered with: `"GET /path"` for the platform, `"GET https://host/path"` for others. Without a
    /// query it answers requests with any; with one it is looked for first. A body that is JSON is declared as such.
    pub fn answer(self, request: &str, status: u16, body: &str) -> Self {
        self.with(|host| host.answers.insert(request.to_owned(), (status, body.to_owned())))
    }

    /// The context for the handler. It and all others of this mock have one state.
    pub fn context(&self) -> Context {
        Context::of(Operations::of(self.host.clone()))
    }

    /// The state as the worker left it. (The host keeps it only if the execution succeeds.)
    pub fn state_after(&self) -> BTreeMap<String, String> {
        self.host.0.borrow().state.clone()
    }

    /// The requests that were sent, in order.
    pub fn requests(&self) -> Vec<Sent> {
        self.host.0.borrow().sent.clone()
    }

    /// What was logged on this thread since the mock was made.
    pub fn logs(&self) -> Vec<(Level, String)> {
        LOGS.with_borrow(|logs| logs[self.logged..].to_vec())
    }

    fn with<R>(self, fill: impl FnOnce(&mut Inner) -> R) -> Self {
        fill(&mut self.host.0.borrow_mut());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_those_since_the_mock_was_made() {
        crate::warn!("before");
        let mock = Mock::new();
        crate::error!("a {}", 1);
        crate::debug!("b");
        assert_eq!(
            mock.logs(),
            [(Level::Error, "a 1".to_owned()), (Level::Debug, "b".to_owned())]
        );
    }
}
