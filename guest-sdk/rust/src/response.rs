//! What a request was answered with.

use crate::Error;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// A response, whole.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response {
    /// The status, 200 to 599.
    pub status: u16,
    /// Names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The URL that answered, after redirects.
    pub url: String,
    /// The body, decoded from its content encoding.
    pub body: Vec<u8>,
    /// What a message calls the request.
    pub(crate) name: String,
}

impl Response {
    /// The first header of this name, which is looked for in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(given, value)| given.eq_ignore_ascii_case(name).then_some(value.as_str()))
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// When it is not the JSON that `T` wants; the message names the request.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = format!(
                "{} answered {} and not the JSON expected: {error}",
                self.name, self.status
            );
            Error::new("SyntaxError", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Mock;

    #[test]
    fn a_body_is_read_as_what_it_should_be() {
        let context = Mock::new().answer("GET /a", 200, "[1,2]").context();
        let answer = context.platform("GET", "/a").send().unwrap();
        assert_eq!(answer.json::<[u8; 2]>().unwrap(), [1, 2]);
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        assert_eq!(answer.url, "https://platform.example/a");
        let error = answer.json::<[u8; 3]>().unwrap_err().to_string();
        assert!(
            error.starts_with("GET /a answered 200 and not the JSON expected: invalid length 2"),
            "{error}"
        );
    }
}
