//! The operations of a guest: it starts them, and whichever finishes first is delivered.
//!
//! An operation is a JSON object with its name under `op`, with or without a body of bytes; so is its answer. This table
//! is the contract with `guest-sdk`:
//!
//! | operation | answer |
//! |---|---|
//! | `sleep {ms}` | `{}` when that time is over |
//! | `fetch {method, url, headers, redirect, platform}`, body | `{status, statusText, headers, url, redirected, stream}` |
//! | `read {stream}` | `{done}`, body: the next bytes of a response |
//! | `close {stream}` | `{}`; the rest of the response is not wanted |
//! | `facts` | `{baseUrl, platformToken}` as far as they are there |
//! | `secret {key}`, `property {key}` | `{value}`, or `{}` where there is none |
//! | `state` | `{entries}` |
//! | `setState {entries}` | `{}`; kept if the execution succeeds |
//! | `remaining` | `{ms}` until the execution is stopped |
//!
//! What fails is answered with `{error: {name, message}}`.

mod protocol;

use crate::grants::{self, Grants, StateChanges, Texts};
use crate::limits::{MAX_OPERATIONS, MAX_STATE_ITEMS, MAX_STATE_KEY, MAX_STATE_VALUE};
use crate::{FetchError, FetchResponse, Limits};
use bytes::{Bytes, BytesMut};
use futures_util::future::{AbortHandle, Abortable, Aborted, BoxFuture};
use futures_util::stream::{BoxStream, FuturesUnordered};
use futures_util::{FutureExt, StreamExt};
use protocol::{Answer, Fetch, Named, Operation, SetState, Sleep, Stream};
use serde_json::json;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Bytes of a response that are ready are delivered together, up to about so many.
const READ_BYTES: usize = 256 << 10;

/// What one guest asks of the host. Costs nothing until it asks.
pub(crate) struct Operations {
    grants: Grants,
    deadline: Instant,
    calls_left: u32,
    requests_left: u32,
    traffic_left: u64,
    /// The state as the guest changed it.
    state: Option<Texts>,
    traffic: Traffic,
    table: Option<Box<Table>>,
}

/// The execution has started as many operations as it may.
#[derive(Debug, thiserror::Error)]
#[error("too many host calls")]
pub(crate) struct TooManyCalls;

/// What an execution used of the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) requests: u32,
    pub(crate) sent_bytes: u64,
    pub(crate) received_bytes: u64,
}

/// The operations under way, and what they left.
#[derive(Default)]
struct Table {
    last_id: u32,
    under_way: FuturesUnordered<Abortable<BoxFuture<'static, (u32, Finished)>>>,
    handles: HashMap<u32, AbortHandle>,
    /// Answered, and not taken yet.
    answers: HashMap<u32, Answer>,
    bodies: HashMap<u32, Body>,
}

type Body = BoxStream<'static, Result<Bytes, FetchError>>;

/// How an operation ended.
enum Finished {
    Slept,
    Fetched(Result<FetchResponse, FetchError>),
    Read {
        stream: u32,
        rest: Option<Body>,
        result: Result<Bytes, FetchError>,
    },
}

impl Operations {
    pub(crate) fn new(grants: Grants, limits: &Limits, deadline: Instant) -> Self {
        Self {
            grants,
            deadline,
            calls_left: limits.host_calls,
            requests_left: limits.requests,
            traffic_left: limits.traffic_bytes,
            state: None,
            traffic: Traffic::default(),
            table: None,
        }
    }

    /// What was used of the network so far.
    pub(crate) fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// What the guest changed in its state.
    pub(crate) fn state_changes(&self) -> StateChanges {
        match &self.state {
            Some(after) => grants::changes(&self.grants.state, after),
            None => StateChanges::new(),
        }
    }

    /// Starts an operation and gives its number, from 1; `None` when too many are under way. The error is the end
    /// of the execution.
    pub(crate) fn start(&mut self, operation: &[u8], body: &[u8]) -> Result<Option<u32>, TooManyCalls> {
        self.clear();
        let table = self.table.get_or_insert_default();
        if table.handles.len() + table.answers.len() >= MAX_OPERATIONS {
            return Ok(None);
        }
        table.last_id += 1;
        let id = table.last_id;
        let operation = Operation::parse(operation);
        // How many parts a response comes in is up to the network, and bounded by its bytes.
        if !matches!(operation, Ok(Operation::Read(_) | Operation::Close(_))) {
            self.calls_left = self.calls_left.checked_sub(1).ok_or(TooManyCalls)?;
        }
        let answer = match operation {
            Ok(operation) => self.begin(id, operation, body),
            Err(error) => Some(Answer::error(
                "TypeError",
                &format!("not an operation of the host: {error}"),
            )),
        };
        if let Some(answer) = answer {
            self.table.get_or_insert_default().answers.insert(id, answer);
        }
        Ok(Some(id))
    }

    /// Waits until operation `id` has finished, or any if `id` is 0; gives its number and the lengths of its answer, or
    /// `None` when nothing is under way that could finish.
    pub(crate) async fn wait(&mut self, id: u32) -> Option<(u32, &Answer)> {
        // What has ended meanwhile has its turn before what is answered at once, or that could go on for ever.
        while id == 0
            && let Some(table) = &mut self.table
            && let Some(Some(ended)) = table.under_way.next().now_or_never()
        {
            self.settle(ended);
        }
        loop {
            let table = self.table.as_mut()?;
            let found = match id {
                0 => table.answers.keys().min().copied(),
                id => table.answers.contains_key(&id).then_some(id),
            };
            if let Some(id) = found {
                return self.table.as_ref()?.answers.get(&id).map(|answer| (id, answer));
            }
            let ended = table.under_way.next().await?;
            self.settle(ended);
        }
    }

    /// Drops what was given up, when it is much: nothing else does before the guest waits, and it may never wait.
    fn clear(&mut self) {
        while let Some(table) = &mut self.table
            && table.under_way.len() > 2 * table.handles.len() + 64
            && let Some(Some(ended)) = table.under_way.next().now_or_never()
        {
            self.settle(ended);
        }
    }

    /// Notes the answer of an operation that has ended, unless it was given up.
    fn settle(&mut self, ended: Result<(u32, Finished), Aborted>) {
        if let (Some(table), Ok((id, finished))) = (&mut self.table, ended)
            && table.handles.remove(&id).is_some()
        {
            let answer = answer(table, id, finished, &mut self.traffic_left, &mut self.traffic);
            table.answers.insert(id, answer);
        }
    }

    /// Takes the answer of operation `id`.
    pub(crate) fn take(&mut self, id: u32) -> Option<Answer> {
        self.table.as_mut()?.answers.remove(&id)
    }

    /// Gives an operation up, whether it has finished or not.
    pub(crate) fn cancel(&mut self, id: u32) {
        let Some(table) = self.table.as_mut() else { return };
        table.answers.remove(&id);
        // A body nobody was told of.
        table.bodies.remove(&id);
        if let Some(handle) = table.handles.remove(&id) {
            handle.abort();
        }
    }

    /// The answer where there is one at once.
    fn begin(&mut self, id: u32, operation: Operation, body: &[u8]) -> Option<Answer> {
        let value = |texts: &Texts, key: &str| match texts.get(key) {
            Some(value) => Answer::of(&json!({ "value": value })),
            None => Answer::of(&json!({})),
        };
        Some(match operation {
            // A timer that is due: its turn comes at once, not with the clock's next millisecond.
            Operation::Sleep(Sleep { ms }) if ms <= 0.0 => Answer::of(&json!({})),
            Operation::Sleep(Sleep { ms }) => {
                // Beyond the deadline nobody is there to wake up.
                let ms = Duration::try_from_secs_f64(ms / 1e3)
                    .unwrap_or_default()
                    .min(Duration::from_hours(24));
                self.spawn(id, tokio::time::sleep(ms).map(|()| Finished::Slept));
                return None;
            }
            Operation::Fetch(request) => match self.fetch(id, request, body) {
                Ok(()) => return None,
                Err(error) => Answer::failed(&error),
            },
            Operation::Read(Stream { stream }) => {
                let table = self.table.get_or_insert_default();
                let Some(body) = table.bodies.remove(&stream) else {
                    return Some(Answer::error(
                        "TypeError",
                        "this response is closed, or being read already",
                    ));
                };
                self.spawn(id, read(stream, body));
                return None;
            }
            Operation::Close(Stream { stream }) => {
                self.table.get_or_insert_default().bodies.remove(&stream);
                Answer::of(&json!({}))
            }
            Operation::Facts => {
                let mut facts = serde_json::Map::new();
                let given = [
                    ("baseUrl", &self.grants.base_url),
                    ("platformToken", &self.grants.platform_token),
                ];
                for (name, fact) in given {
                    facts.extend(fact.as_ref().map(|fact| (name.to_owned(), json!(**fact))));
                }
                Answer::of(&facts)
            }
            Operation::Secret(Named { key }) => value(&self.grants.secrets, &key),
            Operation::Property(Named { key }) => value(&self.grants.properties, &key),
            Operation::State => Answer::of(&json!({ "entries": self.state.as_ref().unwrap_or(&self.grants.state) })),
            Operation::SetState(SetState { entries }) => match state_fault(&entries) {
                Some(fault) => Answer::error("RangeError", &fault),
                None => {
                    self.state = Some(entries);
                    Answer::of(&json!({}))
                }
            },
            Operation::Remaining => {
                let left = self.deadline.saturating_duration_since(Instant::now());
                Answer::of(&json!({ "ms": left.as_secs_f64() * 1e3 }))
            }
        })
    }

    fn fetch(&mut self, id: u32, request: Fetch, body: &[u8]) -> Result<(), FetchError> {
        let fail = |message: String| FetchError {
            name: "TypeError",
            message: format!("fetch failed: {message}"),
        };
        let Some(fetch) = self.grants.fetch.clone() else {
            return Err(fail("this worker has no network".into()));
        };
        if self.requests_left == 0 {
            return Err(fail(format!(
                "this execution has made {} requests, which is the limit",
                self.traffic.requests
            )));
        }
        let sent = body.len() as u64;
        self.traffic_left = self
            .traffic_left
            .checked_sub(sent)
            .ok_or_else(|| too_much(&self.traffic))?;
        self.requests_left -= 1;
        self.traffic.requests += 1;
        self.traffic.sent_bytes += sent;
        let request = request.into_request(body);
        // A task of its own: it goes on while the guest computes.
        let mut task = AbortOnDrop(tokio::spawn(fetch(request)));
        self.spawn(id, async move {
            let fetched = (&mut task.0).await;
            // A panic is ours; the worker hears of a failure, the log of the host has the panic.
            let failed = |_| FetchError {
                name: "TypeError",
                message: "fetch failed: an internal error of the host".into(),
            };
            Finished::Fetched(fetched.map_err(failed).flatten())
        });
        Ok(())
    }

    fn spawn(&mut self, id: u32, operation: impl Future<Output = Finished> + Send + 'static) {
        let table = self.table.get_or_insert_default();
        let (handle, registration) = AbortHandle::new_pair();
        let operation = operation.map(move |finished| (id, finished)).boxed();
        table.under_way.push(Abortable::new(operation, registration));
        table.handles.insert(id, handle);
    }
}

/// What the guest is told of an operation that has ended.
fn answer(table: &mut Table, id: u32, finished: Finished, traffic_left: &mut u64, traffic: &mut Traffic) -> Answer {
    match finished {
        Finished::Slept => Answer::of(&json!({})),
        Finished::Fetched(Err(error)) => Answer::failed(&error),
        Finished::Fetched(Ok(response)) => {
            // The body goes by the number of the operation that brought it.
            let answer = Answer::response(&response, id);
            table.bodies.insert(id, response.body);
            answer
        }
        Finished::Read { stream, rest, result } => {
            let bytes = match result {
                Ok(bytes) => bytes,
                Err(error) => return Answer::failed(&error),
            };
            let received = bytes.len() as u64;
            traffic.received_bytes += received;
            let Some(left) = traffic_left.checked_sub(received) else {
                return Answer::failed(&too_much(traffic));
            };
            *traffic_left = left;
            let done = rest.is_none();
            table.bodies.extend(rest.map(|rest| (stream, rest)));
            Answer {
                body: bytes,
                ..Answer::of(&json!({ "done": done }))
            }
        }
    }
}

/// The next bytes of a body: what is ready already comes in one piece.
async fn read(stream: u32, mut body: Body) -> Finished {
    let mut bytes = BytesMut::new();
    let mut next = body.next().await;
    loop {
        match next {
            None => {
                let result = Ok(bytes.freeze());
                return Finished::Read {
                    stream,
                    rest: None,
                    result,
                };
            }
            // What came before the failure is not worth more than the failure.
            Some(Err(error)) => {
                let result = Err(error);
                return Finished::Read {
                    stream,
                    rest: None,
                    result,
                };
            }
            Some(Ok(chunk)) => bytes.extend_from_slice(&chunk),
        }
        let more = (bytes.len() < READ_BYTES).then(|| body.next().now_or_never()).flatten();
        match more {
            Some(more) => next = more,
            None if bytes.is_empty() => next = body.next().await,
            None => {
                let (rest, result) = (Some(body), Ok(bytes.freeze()));
                return Finished::Read { stream, rest, result };
            }
        }
    }
}

fn too_much(traffic: &Traffic) -> FetchError {
    let bytes = traffic.sent_bytes + traffic.received_bytes;
    FetchError {
        name: "TypeError",
        message: format!("fetch failed: this execution has sent and received {bytes} bytes, and more is not allowed"),
    }
}

/// What is wrong with a state. JavaScript says it better, before it gets here.
fn state_fault(entries: &Texts) -> Option<String> {
    let units = |text: &str| text.encode_utf16().count();
    if entries.len() > MAX_STATE_ITEMS {
        return Some(format!("a worker keeps at most {MAX_STATE_ITEMS} items"));
    }
    let long = |key: &str, text: &str| units(key) > MAX_STATE_KEY || units(text) > MAX_STATE_VALUE;
    entries.iter().any(|(key, text)| long(key, text)).then(|| {
        format!("an item has a key of at most {MAX_STATE_KEY} characters and a value of at most {MAX_STATE_VALUE}")
    })
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn operations() -> Operations {
        let state: Texts = [("a".to_owned(), "1".to_owned())].into();
        let grants = Grants {
            secrets: Arc::new(state.clone()),
            state: Arc::new(state),
            base_url: Some("http://p".into()),
            ..Grants::default()
        };
        Operations::new(grants, &Limits::default(), Instant::now() + Duration::from_secs(5))
    }

    /// What an operation is answered with.
    async fn ask(operations: &mut Operations, operation: &str) -> String {
        let id = operations.start(operation.as_bytes(), b"").unwrap().unwrap();
        assert_eq!(operations.wait(id).await.map(|(id, _)| id), Some(id));
        String::from_utf8(operations.take(id).unwrap().head).unwrap()
    }

    #[tokio::test]
    async fn what_is_known_is_answered_at_once() {
        let mut operations = operations();
        for (operation, expected) in [
            (r#"{"op":"facts"}"#, r#"{"baseUrl":"http://p"}"#),
            (r#"{"op":"secret","key":"a"}"#, r#"{"value":"1"}"#),
            (r#"{"op":"secret","key":"b"}"#, "{}"),
            (r#"{"op":"property","key":"a"}"#, "{}"),
            (r#"{"op":"state"}"#, r#"{"entries":{"a":"1"}}"#),
            (r#"{"op":"setState","entries":{"b":"2"}}"#, "{}"),
            (r#"{"op":"state"}"#, r#"{"entries":{"b":"2"}}"#),
        ] {
            assert_eq!(ask(&mut operations, operation).await, expected, "{operation}");
        }
        assert_eq!(
            operations.state_changes(),
            [("a".into(), None), ("b".into(), Some("2".into()))].into()
        );
        let remaining = ask(&mut operations, r#"{"op":"remaining"}"#).await;
        assert!(remaining.starts_with(r#"{"ms":49"#), "{remaining}");
    }

    #[tokio::test]
    async fn what_is_wrong_is_an_error_with_a_reason() {
        let mut operations = operations();
        let long = format!(r#"{{"op":"setState","entries":{{"a":"{}"}}}}"#, "x".repeat(251));
        let fetch =
            r#"{"op":"fetch","method":"GET","url":"http://x","headers":[],"redirect":"follow","platform":false}"#;
        for (operation, expected) in [
            ("", "not an operation of the host: EOF"),
            (
                r#"{"op":"open"}"#,
                r#"not an operation of the host: \"open\" is not known"#,
            ),
            (r#"{"op":"sleep"}"#, "missing field `ms`"),
            (r#"{"op":"read","stream":7}"#, "this response is closed"),
            (&long, "a value of at most 250"),
            (fetch, "fetch failed: this worker has no network"),
        ] {
            let answer = ask(&mut operations, operation).await;
            assert!(
                answer.starts_with(r#"{"error":{"#) && answer.contains(expected),
                "{operation}: {answer}"
            );
        }
        assert!(operations.state_changes().is_empty());
    }

    #[tokio::test]
    async fn the_shortest_sleep_ends_first_and_what_is_cancelled_never() {
        let mut operations = operations();
        let mut sleep = |ms: f64| {
            operations
                .start(format!(r#"{{"op":"sleep","ms":{ms}}}"#).as_bytes(), b"")
                .unwrap()
                .unwrap()
        };
        let (long, short, cancelled) = (sleep(60.5), sleep(30.0), sleep(10.0));
        operations.cancel(cancelled);
        let began = Instant::now();
        for expected in [short, long] {
            let id = operations.wait(0).await.map(|(id, _)| id);
            assert_eq!(id, Some(expected));
            operations.take(expected);
        }
        assert!(began.elapsed() >= Duration::from_millis(60));
        assert!(operations.wait(0).await.is_none(), "nothing is left to wait for");
    }

    #[tokio::test]
    async fn what_is_due_at_once_does_not_keep_others_from_their_turn() {
        let mut operations = operations();
        operations.calls_left = u32::MAX;
        let other = operations.start(br#"{"op":"sleep","ms":5}"#, b"").unwrap().unwrap();
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < Duration::from_secs(2), "the other never had its turn");
            operations.start(br#"{"op":"sleep","ms":0}"#, b"").unwrap();
            let id = operations.wait(0).await.map(|(id, _)| id).unwrap();
            operations.take(id);
            if id == other {
                break;
            }
            // As a guest does by its fuel.
            tokio::task::yield_now().await;
        }
    }

    const LONG: &[u8] = br#"{"op":"sleep","ms":10000}"#;

    #[tokio::test]
    async fn what_is_started_and_given_up_does_not_pile_up() {
        let mut operations = operations();
        for _ in 0..5 * MAX_OPERATIONS {
            let id = operations.start(LONG, b"").unwrap().unwrap();
            operations.cancel(id);
        }
        assert!(operations.table.as_ref().unwrap().under_way.len() < 100);
    }

    #[tokio::test]
    async fn operations_under_way_obeyed_and_violated() {
        let mut operations = operations();
        let ids: Vec<_> = (0..2 * MAX_OPERATIONS)
            .map_while(|_| operations.start(LONG, b"").unwrap())
            .collect();
        assert_eq!(ids.len(), MAX_OPERATIONS);
        // An answer that nobody takes is one as well; whatever is given up makes room.
        operations.cancel(ids[0]);
        assert!(operations.start(br#"{"op":"facts"}"#, b"").unwrap().is_some());
        assert!(operations.start(LONG, b"").unwrap().is_none());
    }

    #[tokio::test]
    async fn host_calls_obeyed_and_violated() {
        let mut operations = operations();
        operations.calls_left = 3;
        let not_counted = [r#"{"op":"read","stream":7}"#, r#"{"op":"close","stream":7}"#];
        let counted = [r#"{"op":"facts"}"#, r#"{"op":"sleep","ms":0}"#, "nonsense"];
        for operation in counted.iter().chain(&not_counted) {
            ask(&mut operations, operation).await;
        }
        assert!(operations.start(counted[0].as_bytes(), b"").is_err());
        ask(&mut operations, not_counted[0]).await;
    }

    #[tokio::test]
    async fn state_obeyed_and_violated() {
        let mut operations = operations();
        let entries = |number: usize, key: usize, value: usize| {
            // A character of two units counts as two.
            let entry = |n| {
                format!(
                    r#""{n:0key$}":"{}{}""#,
                    "\u{1f600}".repeat(value / 2),
                    "x".repeat(value % 2)
                )
            };
            let entries: Vec<_> = (0..number).map(entry).collect();
            format!(r#"{{"op":"setState","entries":{{{}}}}}"#, entries.join(","))
        };
        let (items, key, value) = (MAX_STATE_ITEMS, MAX_STATE_KEY, MAX_STATE_VALUE);
        assert_eq!(ask(&mut operations, &entries(items, key, value)).await, "{}");
        let kept = operations.state.clone();
        for (number, key, value) in [(items + 1, key, value), (1, key + 1, value), (1, key, value + 1)] {
            let answer = ask(&mut operations, &entries(number, key, value)).await;
            assert!(answer.contains("RangeError"), "{answer}");
        }
        assert_eq!(operations.state, kept);
    }
}
