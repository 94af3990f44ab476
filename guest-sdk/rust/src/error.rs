//! What a call of the context fails with, and what a handler can fail with by name.

use crate::Response;
use std::borrow::Cow;
use std::fmt;

/// What a handler gives: by default whatever `?` is used on.
pub type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// An error with a name, as the caller of the worker sees it.
///
/// ```
/// let error = worker::Error::new("CartError", "the cart is empty");
/// assert_eq!((error.name(), error.to_string().as_str()), ("CartError", "the cart is empty"));
/// ```
#[derive(Clone, Debug)]
pub struct Error {
    name: Cow<'static, str>,
    message: String,
    response: Option<Box<Response>>,
}

impl Error {
    /// An error of this name; the message is one sentence for whoever called the worker.
    pub fn new(name: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            message: message.into(),
            response: None,
        }
    }

    /// The platform answered with a status of 400 or more.
    pub(crate) fn refused(message: String, response: Response) -> Self {
        Self {
            response: Some(Box::new(response)),
            ..Self::new("PlatformHttpClientError", message)
        }
    }

    /// Its name: `TypeError` or `RangeError` for what the host refuses, `PlatformHttpClientError` for what the platform does.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the platform answered, where that is the error.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
