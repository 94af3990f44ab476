//! What a handler gets beside its payload.

use crate::operation::Operations;
use crate::{Error, Request, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// What an execution has: secrets, properties, state, the platform, the network, time.
///
/// It is the execution's own; clones are the same context.
#[derive(Clone, Debug)]
pub struct Context {
    operations: Operations,
}

#[derive(Deserialize)]
struct Found {
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    base_url: Option<String>,
    platform_token: Option<String>,
}

#[derive(Deserialize)]
struct Remaining {
    ms: f64,
}

impl Context {
    pub(crate) fn of(operations: Operations) -> Self {
        Self { operations }
    }

    /// That of this process; natively it has nothing.
    pub(crate) fn of_process() -> Self {
        Self::of(Operations::default())
    }

    /// A secret of the worker.
    ///
    /// # Errors
    /// When there is none of this name; the message says so.
    pub fn secret(&self, key: &str) -> Result<String, Error> {
        self.text("secret", key)
    }

    /// A property of the worker, from its settings or its manifest.
    ///
    /// # Errors
    /// When there is none of this name; the message says so.
    ///
    /// ```
    /// # let context = worker::testing::Mock::new().context();
    /// let region = context.property("region").unwrap_or("eu".to_owned());
    /// ```
    pub fn property(&self, key: &str) -> Result<String, Error> {
        self.text("property", key)
    }

    /// Texts that are kept from one execution to the next.
    pub fn state(&self) -> State {
        State::of(self.operations.clone())
    }

    /// A request to the platform, whose address and token the host adds. `endpoint` is relative to that address.
    ///
    /// ```
    /// # fn handle(context: worker::Context) -> worker::Result<()> {
    /// let answer = context.platform("GET", "/artifactory/api/system/ping").send()?;
    /// worker::info!("the platform says {}", answer.text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn platform(&self, method: &str, endpoint: &str) -> Request {
        Request::to_platform(self.operations.clone(), method, endpoint)
    }

    /// A request to any host that the operator allows, by its absolute URL.
    pub fn fetch(&self, method: &str, url: &str) -> Request {
        Request::to_url(self.operations.clone(), method, url)
    }

    /// The platform's address, if there is a platform.
    pub fn base_url(&self) -> Result<Option<String>, Error> {
        Ok(self.facts()?.base_url)
    }

    /// The platform's token, if the worker may see it. [`platform`](Self::platform) sends it by itself.
    pub fn platform_token(&self) -> Result<Option<String>, Error> {
        Ok(self.facts()?.platform_token)
    }

    /// How long the execution may go on.
    pub fn remaining(&self) -> Result<Duration, Error> {
        let Remaining { ms } = self.operations.ask(&json!({ "op": "remaining" }))?;
        Ok(Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default())
    }

    /// Waits for a while; what was started meanwhile goes on.
    pub fn wait(&self, time: Duration) -> Result<(), Error> {
        self.operations
            .ask(&json!({ "op": "sleep", "ms": time.as_secs_f64() * 1e3 }))
            .map(|_: Value| ())
    }

    fn facts(&self) -> Result<Facts, Error> {
        self.operations.ask(&json!({ "op": "facts" }))
    }

    fn text(&self, kind: &str, key: &str) -> Result<String, Error> {
        let Found { value } = self.operations.ask(&json!({ "op": kind, "key": key }))?;
        value.ok_or_else(|| Error::new("Error", format!("the worker has no {kind} {key:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Mock;

    #[test]
    fn what_is_there_is_given_and_what_is_not_is_named() {
        let mock = Mock::new().secret("key", "s").property("region", "eu");
        let context = mock.context();
        assert_eq!(context.secret("key").unwrap(), "s");
        assert_eq!(context.property("region").unwrap(), "eu");
        assert_eq!(
            context.secret("region").unwrap_err().to_string(),
            "the worker has no secret \"region\""
        );
        let error = context.property("key").unwrap_err();
        assert_eq!(error.to_string(), "the worker has no property \"key\"");
        assert_eq!(context.base_url().unwrap().as_deref(), Some("https://platform.example"));
        assert_eq!(
            context.platform_token().unwrap().as_deref(),
            Some("mock-platform-token")
        );
    }

    #[test]
    fn waiting_takes_from_what_remains() {
        let context = Mock::new().context();
        let before = context.remaining().unwrap();
        context.wait(Duration::from_secs(2)).unwrap();
        assert_eq!(before - context.remaining().unwrap(), Duration::from_secs(2));
        context.wait(Duration::from_secs(100)).unwrap();
        assert_eq!(context.remaining().unwrap(), Duration::ZERO);
    }
}
