//! Requests that are under way, and waiting for several at the same time.

use crate::operation::{Answer, Operations};
use crate::{Error, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// A request that is under way; dropping it gives it up.
#[derive(Debug)]
#[must_use = "a request that is dropped is given up"]
pub struct Pending {
    operations: Operations,
    /// What a message calls the request.
    name: String,
    platform: bool,
    stage: Stage,
}

/// How far it is, with the operation that is waited for.
#[derive(Debug)]
enum Stage {
    Head(u32),
    Body { id: u32, stream: u32, response: Response },
    Ended,
}

#[derive(Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    url: String,
    stream: u32,
}

#[derive(Deserialize)]
struct Read {
    done: bool,
}

impl Pending {
    pub(crate) fn new(operations: Operations, id: u32, name: String, platform: bool) -> Self {
        let stage = Stage::Head(id);
        Self {
            operations,
            name,
            platform,
            stage,
        }
    }

    /// Waits for the response, its body included.
    ///
    /// # Errors
    /// As [`Request::send`](crate::Request::send) has them.
    pub fn wait(mut self) -> Result<Response, Error> {
        loop {
            let ended = match self.waits_for() {
                Some(id) => self.operations.first_of(&[id]).map(|answer| self.take(&answer)),
                None => Err(Error::new("TypeError", format!("{} was waited for already", self.name))),
            };
            if let Some(response) = ended.unwrap_or_else(|error| Some(Err(error))) {
                return response;
            }
        }
    }

    fn waits_for(&self) -> Option<u32> {
        match &self.stage {
            Stage::Head(id) | Stage::Body { id, .. } => Some(*id),
            Stage::Ended => None,
        }
    }

    /// Goes on with the answer that was waited for; gives the response when it is whole.
    fn take(&mut self, answer: &Answer) -> Option<Result<Response, Error>> {
        match self.step(answer) {
            Ok(None) => None,
            Ok(Some(response)) => Some(self.judge(response)),
            Err(error) => Some(Err(error)),
        }
    }

    fn step(&mut self, answer: &Answer) -> Result<Option<Response>, Error> {
        let (stream, response) = match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Head(_) => {
                let head: Head = answer.read()?;
                let (status, headers, url) = (head.status, head.headers, head.url);
                let (name, body) = (self.name.clone(), Vec::new());
                (
                    head.stream,
                    Response {
                        status,
                        headers,
                        url,
                        body,
                        name,
                    },
                )
            }
            Stage::Body {
                stream, mut response, ..
            } => {
                let Read { done } = answer.read()?;
                response.body.extend_from_slice(&answer.body);
                if done {
                    return Ok(Some(response));
                }
                (stream, response)
            }
            Stage::Ended => return Ok(None),
        };
        let id = self.operations.start(&json!({ "op": "read", "stream": stream }), &[])?;
        self.stage = Stage::Body { id, stream, response };
        Ok(None)
    }

    /// The platform's refusals are errors; of other hosts a status is a status.
    fn judge(&self, response: Response) -> Result<Response, Error> {
        if !self.platform || response.status < 400 {
            return Ok(response);
        }
        let mut message = format!("{} answered {}", self.name, response.status);
        if let Some(reason) = reason(&response) {
            message.extend([": ", &reason]);
        }
        Err(Error::refused(message, response))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        match self.stage {
            Stage::Head(id) => self.operations.cancel(id),
            Stage::Body { id, stream, .. } => {
                self.operations.cancel(id);
                // What cannot be closed ends with the execution.
                let _: Result<Value, Error> = self.operations.ask(&json!({ "op": "close", "stream": stream }));
            }
            Stage::Ended => {}
        }
    }
}

/// Waits for several requests, which are all under way: together they take as long as the slowest.
///
/// ```
/// # use worker::testing::Mock;
/// # let mock = Mock::new().answer("GET /a", 200, "A").answer("GET https://b.example/", 200, "B");
/// # let context = mock.context();
/// let [a, b] = worker::join([
///     context.platform("GET", "/a").start()?,
///     context.fetch("GET", "https://b.example/").start()?,
/// ]);
/// assert_eq!((a?.text(), b?.text()), ("A".into(), "B".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn join<const N: usize>(requests: [Pending; N]) -> [Result<Response, Error>; N] {
    let mut ended = join_all(requests).into_iter();
    // As many as there were requests.
    std::array::from_fn(|_| {
        ended
            .next()
            .unwrap_or_else(|| Err(Error::new("TypeError", "no response")))
    })
}

/// Waits for any number of requests, as [`join`] does, and gives the responses in the order of the requests.
pub fn join_all(requests: impl IntoIterator<Item = Pending>) -> Vec<Result<Response, Error>> {
    let mut requests: Vec<Pending> = requests.into_iter().collect();
    let mut responses: Vec<_> = requests.iter().map(|_| None).collect();
    let Some(operations) = requests.first().map(|first| first.operations.clone()) else {
        return Vec::new();
    };
    loop {
        let ids: Vec<u32> = requests.iter().filter_map(Pending::waits_for).collect();
        if ids.is_empty() {
            break;
        }
        let Ok(answer) = operations.first_of(&ids) else { break };
        let place = requests
            .iter()
            .position(|request| request.waits_for() == Some(answer.id));
        if let Some(place) = place {
            responses[place] = requests[place].take(&answer);
        }
    }
    let rest = requests.into_iter().zip(responses);
    // Where the host did not answer, waiting says so.
    rest.map(|(request, response)| response.unwrap_or_else(|| request.wait()))
        .collect()
}

/// The reason in an error body of the platform: {"errors":[{"message"}]}, or "message", or short plain text.
fn reason(response: &Response) -> Option<String> {
    let text = response.text();
    let data: Value = serde_json::from_str(&text).unwrap_or_else(|_| text.into_owned().into());
    let found = [
        data.pointer("/errors/0/message"),
        data.get("message"),
        data.get("error"),
        Some(&data),
    ];
    let reason = found.into_iter().flatten().next()?.as_str()?;
    let short = !reason.is_empty() && reason.encode_utf16().count() <= 200 && !reason.starts_with('<');
    short.then(|| reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Mock;

    #[test]
    fn what_the_platform_refuses_is_an_error_with_its_reason() {
        for (body, expected) in [
            (
                r#"{"errors":[{"status":404,"message":"no such repo"}]}"#,
                "GET /a answered 404: no such repo",
            ),
            (r#"{"message":"gone"}"#, "GET /a answered 404: gone"),
            ("plain", "GET /a answered 404: plain"),
            ("", "GET /a answered 404"),
            ("<html>", "GET /a answered 404"),
            (r#"{"errors":[]}"#, "GET /a answered 404"),
        ] {
            let context = Mock::new().answer("GET /a", 404, body).context();
            let error = context.platform("GET", "/a?secret=1").send().unwrap_err();
            assert_eq!(
                (error.name(), error.to_string().as_str()),
                ("PlatformHttpClientError", expected)
            );
            let response = error.response().unwrap();
            assert_eq!((response.status, response.text()), (404, body.into()));
        }
        let context = Mock::new().answer("GET https://a.example/", 404, "").context();
        assert_eq!(context.fetch("GET", "https://a.example/").send().unwrap().status, 404);
    }

    #[test]
    fn responses_have_the_order_of_their_requests() {
        let mock = (0..5).fold(Mock::new(), |mock, n| {
            mock.answer(&format!("GET /{n}"), 200, &format!("{n}"))
        });
        let context = mock.context();
        let start = |n: u32| context.platform("GET", &format!("/{n}")).start().unwrap();
        let given_up = start(4);
        let requests: Vec<_> = [2, 0, 3, 1].map(start).into();
        drop(given_up);
        let texts: Vec<_> = join_all(requests)
            .into_iter()
            .map(|answer| answer.unwrap().text().into_owned())
            .collect();
        assert_eq!(texts, ["2", "0", "3", "1"]);
        assert!(join_all([]).is_empty());
        let [one, two] = join([start(1), context.platform("GET", "/missing").start().unwrap()]);
        assert_eq!(one.unwrap().text(), "1");
        assert!(two.unwrap_err().to_string().contains("the worker sent GET /missing"));
    }
}
