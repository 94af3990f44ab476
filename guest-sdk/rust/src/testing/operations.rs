//! The operations of the mock, each answered at once with the document that the host would give.

use super::requests::{self, Answers, Sent};
use crate::operation::Answer;
use crate::state::{MAX_ITEMS, MAX_KEY, MAX_VALUE};
use serde::Deserialize;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

/// As `crate::host::Host`, on a mock. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Host(pub(super) Rc<RefCell<Inner>>);

/// What the host has, and what was asked of it.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) secrets: BTreeMap<String, String>,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) state: BTreeMap<String, String>,
    pub(super) base_url: Option<String>,
    pub(super) remaining: Duration,
    pub(super) answers: Answers,
    pub(super) sent: Vec<Sent>,
    last_id: u32,
    /// Answered, and not taken yet, in their order.
    finished: VecDeque<Answer>,
    bodies: BTreeMap<u32, Vec<u8>>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            secrets: BTreeMap::new(),
            properties: BTreeMap::new(),
            state: BTreeMap::new(),
            base_url: Some("https://platform.example".to_owned()),
            remaining: Duration::from_secs(5),
            answers: BTreeMap::new(),
            sent: Vec::new(),
            last_id: 0,
            finished: VecDeque::new(),
            bodies: BTreeMap::new(),
        }
    }
}

impl Host {
    pub(crate) fn start(&self, operation: &[u8], body: &[u8]) -> u32 {
        let mut inner = self.0.borrow_mut();
        inner.last_id += 1;
        let id = inner.last_id;
        let answered = serde_json::from_slice(operation)
            .map_err(|error| ("TypeError", format!("not an operation of the host: {error}")))
            .and_then(|operation: Value| inner.answer(id, &operation, body));
        let (head, body) = answered.unwrap_or_else(|(name, message)| {
            let error = json!({ "error": { "name": name, "message": message } });
            (error, Vec::new())
        });
        let head = head.to_string().into_bytes();
        inner.finished.push_back(Answer { id, head, body });
        id
    }

    pub(crate) fn wait(&self, id: u32) -> Option<Answer> {
        let mut inner = self.0.borrow_mut();
        let place = inner.finished.iter().position(|answer| id == 0 || answer.id == id)?;
        inner.finished.remove(place)
    }

    pub(crate) fn cancel(&self, id: u32) {
        let mut inner = self.0.borrow_mut();
        inner.finished.retain(|answer| answer.id != id);
        inner.bodies.remove(&id);
    }
}

/// The name of an error, and its message.
type Fault = (&'static str, String);

#[derive(Deserialize)]
struct Entries {
    entries: BTreeMap<String, String>,
}

impl Inner {
    fn answer(&mut self, id: u32, operation: &Value, body: &[u8]) -> Result<(Value, Vec<u8>), Fault> {
        let text = |name: &str| operation[name].as_str().unwrap_or_default();
        let value = |texts: &BTreeMap<String, String>| match texts.get(text("key")) {
            Some(value) => json!({ "value": value }),
            None => json!({}),
        };
        let head = match text("op") {
            "secret" => value(&self.secrets),
            "property" => value(&self.properties),
            "state" => json!({ "entries": self.state }),
            "setState" => {
                let Entries { entries } = serde_json::from_value(operation.clone())
                    .map_err(|error| ("TypeError", format!("not an operation of the host: {error}")))?;
                check(&entries)?;
                self.state = entries;
                json!({})
            }
            "facts" => {
                let mut facts = json!({ "baseUrl": self.base_url, "platformToken": "mock-platform-token" });
                // What is not there is left out.
                if let (None, Some(facts)) = (&self.base_url, facts.as_object_mut()) {
                    facts.clear();
                }
                facts
            }
            "remaining" => json!({ "ms": self.remaining.as_secs_f64() * 1e3 }),
            "sleep" => {
                let ms = operation["ms"].as_f64().unwrap_or_default();
                let slept = Duration::try_from_secs_f64(ms / 1e3).unwrap_or_default();
                self.remaining = self.remaining.saturating_sub(slept);
                json!({})
            }
            "fetch" => {
                let sent = Sent::of(operation, body);
                self.sent.push(sent.clone());
                let (head, body) = requests::answer(&self.answers, self.base_url.as_deref(), &sent, id)
                    .map_err(|message| ("TypeError", message))?;
                self.bodies.insert(id, body);
                head
            }
            "read" => {
                let body = stream(operation).and_then(|stream| self.bodies.remove(&stream));
                let closed = || ("TypeError", "this response is closed, or being read already".to_owned());
                return Ok((json!({ "done": true }), body.ok_or_else(closed)?));
            }
            "close" => {
                stream(operation).and_then(|stream| self.bodies.remove(&stream));
                json!({})
            }
            other => {
                return Err((
                    "TypeError",
                    format!("not an operation of the host: {other:?} is not known"),
                ));
            }
        };
        Ok((head, Vec::new()))
    }
}

fn stream(operation: &Value) -> Option<u32> {
    u32::try_from(operation["stream"].as_u64()?).ok()
}

/// The host's own check of a state; the worker's side says it better, before it gets here.
fn check(entries: &BTreeMap<String, String>) -> Result<(), Fault> {
    let units = |text: &str| text.encode_utf16().count();
    let fits = |(key, value): (&String, &String)| units(key) <= MAX_KEY && units(value) <= MAX_VALUE;
    if entries.len() <= MAX_ITEMS && entries.iter().all(fits) {
        return Ok(());
    }
    Err(("RangeError", "the state is larger than the host keeps".to_owned()))
}
