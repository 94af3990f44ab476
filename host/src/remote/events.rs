//! Server-sent events as a client reads them (the HTML standard, 9.2), as far as this API uses them: a name and one line.

use super::client::Client;
use hyper::body::Incoming;
use std::time::Duration;

/// The server says every 15 seconds that it is still there.
const SILENCE: Duration = Duration::from_secs(60);

/// The events of one answer.
pub struct Events<'a> {
    client: &'a Client,
    body: Incoming,
    lines: Lines,
}

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is.
    pub name: String,
    /// What it tells.
    pub data: String,
}

impl<'a> Events<'a> {
    /// Those of an answer whose body nobody has read.
    pub fn new(client: &'a Client, body: Incoming) -> Self {
        let lines = Lines::default();
        Self { client, body, lines }
    }

    /// The next one, as soon as there is one; `None` when the server ends them.
    pub async fn next(&mut self) -> anyhow::Result<Option<Event>> {
        loop {
            if let Some(event) = self.lines.next() {
                return Ok(Some(event));
            }
            match self.client.part(&mut self.body, SILENCE).await? {
                Some(part) => self.lines.take(&part),
                None => return Ok(None),
            }
        }
    }
}

/// What came and was not told yet.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// What was looked at and has no line break.
    seen: usize,
    name: String,
    data: String,
}

impl Lines {
    fn take(&mut self, part: &[u8]) {
        self.bytes.extend_from_slice(part);
    }

    fn next(&mut self) -> Option<Event> {
        while let Some(end) = self.bytes[self.seen..].iter().position(|&byte| byte == b'\n') {
            let rest = self.bytes.split_off(self.seen + end + 1);
            let line = std::mem::replace(&mut self.bytes, rest);
            self.seen = 0;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() {
                let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
                if !data.is_empty() {
                    return Some(Event { name, data });
                }
                continue;
            }
            match line.split_once(':') {
                Some(("event", value)) => value.trim_start().clone_into(&mut self.name),
                Some(("data", value)) => self.data += value.strip_prefix(' ').unwrap_or(value),
                // Comments, and what this API does not use.
                _ => {}
            }
        }
        self.seen = self.bytes.len();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_however_they_are_cut() {
        let text = ": still here\n\nevent: execution\ndata: {\"a\":\"\u{e9}: b\"}\n\nevent: dropped\r\ndata: {}\r\n\r\nevent: x\n";
        let event = |name: &str, data: &str| Event {
            name: name.into(),
            data: data.into(),
        };
        let expected = [event("execution", "{\"a\":\"\u{e9}: b\"}"), event("dropped", "{}")];
        for size in 1..=text.len() {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for part in text.as_bytes().chunks(size) {
                lines.take(part);
                found.extend(std::iter::from_fn(|| lines.next()));
            }
            assert_eq!(found, expected, "{size}");
        }
    }
}
