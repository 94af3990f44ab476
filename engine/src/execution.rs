//! What became of one execution: a flat value. A guest that fails is a result here, never our error.

use crate::StateChanges;
use crate::source_map::SourceMap;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// An error has so many frames at most, as our runtime tells them; a command of another may have told any number.
pub(crate) const MAX_FRAMES: usize = 50;

/// One finished execution.
#[derive(Debug)]
pub struct Execution {
    /// How it ended.
    pub outcome: Outcome,
    /// The returned value as one JSON document, as the worker wrote it; empty when it returned nothing or failed.
    pub output: Bytes,
    /// What the worker logged, in order.
    pub logs: Logs,
    /// What it changed in the state of its worker; nothing when it failed.
    pub state_changes: StateChanges,
    /// What it used.
    pub usage: Usage,
}

/// How an execution ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The worker finished, and its output is empty or one JSON document.
    Success,
    /// The worker threw.
    Exception(Thrown),
    /// The worker waits for a promise that nothing can settle.
    Unsettled,
    /// The fuel, or the time on a CPU, was used up.
    CpuLimit,
    /// The wall time was used up.
    TimeLimit,
    /// A growth of memory was denied, and the run failed.
    MemoryLimit,
    /// The stack was used up.
    StackOverflow,
    /// It started more operations of the host than allowed.
    HostCallLimit,
    /// The returned value is larger than allowed.
    OutputTooLarge,
    /// The returned value cannot be written as JSON, or what was written is not JSON; with the reason.
    InvalidOutput(String),
    /// The module did something that WebAssembly stops, such as `unreachable`; with the reason.
    Trap(String),
    /// A command exited with this code; what it said of it, if anything. (Code 1 with name and message is an exception.)
    Exit(i32, Option<Thrown>),
    /// The caller left, or the host is closing.
    Cancelled,
}

/// An error thrown by the worker, as it travels from the guest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thrown {
    /// The error's `name`, or `Error` when what was thrown was no error.
    #[serde(default)]
    pub name: String,
    /// The error's `message`, or what was thrown as a string.
    #[serde(default)]
    pub message: String,
    /// One line per frame, innermost first, such as `at handler (worker.ts:12:5)`.
    #[serde(default)]
    pub stack: Vec<String>,
    /// The error's `cause`, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<Thrown>>,
}

impl Thrown {
    /// Whether it says what happened, with a name and a message.
    pub(crate) fn is_told(&self) -> bool {
        !self.name.is_empty() && !self.message.is_empty()
    }

    /// The same with every frame, and those of its causes, at the author's line.
    pub(crate) fn mapped(mut self, map: Option<&[u8]>) -> Self {
        let map = map.and_then(SourceMap::parse);
        let mut frames = Vec::new();
        let mut next = Some(&mut self);
        while let Some(error) = next {
            error.stack.truncate(MAX_FRAMES);
            frames.extend(&mut error.stack);
            next = error.cause.as_deref_mut();
        }
        if let Some(map) = map {
            map.map_frames(frames);
        }
        self
    }
}

impl fmt::Display for Thrown {
    /// Name and message, then the frames and the causes, a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => f.write_str(&self.name)?,
            message => write!(f, "{}: {message}", self.name)?,
        }
        for frame in &self.stack {
            write!(f, "\n    {frame}")?;
        }
        match &self.cause {
            Some(cause) => write!(f, "\ncaused by {cause}"),
            None => Ok(()),
        }
    }
}

impl Outcome {
    /// Whether the worker finished as it should.
    pub fn is_success(&self) -> bool {
        matches!(self, Outcome::Success)
    }

    /// The name of the outcome in answers, logs and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Exception(_) => "exception",
            Outcome::Unsettled => "unsettled",
            Outcome::CpuLimit => "cpu_limit",
            Outcome::TimeLimit => "time_limit",
            Outcome::MemoryLimit => "memory_limit",
            Outcome::StackOverflow => "stack_overflow",
            Outcome::HostCallLimit => "host_call_limit",
            Outcome::OutputTooLarge => "output_too_large",
            Outcome::InvalidOutput(_) => "invalid_output",
            Outcome::Trap(_) => "trap",
            Outcome::Exit(..) => "exit",
            Outcome::Cancelled => "cancelled",
        }
    }

    /// One sentence for the author of the worker. The sentences for limits are those users of the original service know.
    pub fn message(&self) -> String {
        match self {
            Outcome::Success => "The worker finished".into(),
            Outcome::Exception(thrown) if thrown.message.is_empty() => thrown.name.clone(),
            Outcome::Exception(thrown) => format!("{}: {}", thrown.name, thrown.message),
            Outcome::Unsettled => "The worker waits for a promise that nothing can settle".into(),
            Outcome::CpuLimit => "Worker used too much cpu time".into(),
            Outcome::TimeLimit => "Worker execution timeout".into(),
            Outcome::MemoryLimit => "Worker used too much memory".into(),
            Outcome::StackOverflow => "Worker used too much stack".into(),
            Outcome::HostCallLimit => "Worker made too many host calls".into(),
            Outcome::OutputTooLarge => "The returned value is too large".into(),
            Outcome::InvalidOutput(reason) => format!("The returned value is not JSON: {reason}"),
            Outcome::Trap(reason) => format!("The worker has been killed unexpectedly: {reason}"),
            Outcome::Exit(code, Some(thrown)) if !thrown.message.is_empty() => {
                format!("The worker exited with code {code}: {}", thrown.message)
            }
            Outcome::Exit(code, _) => format!("The worker exited with code {code}"),
            Outcome::Cancelled => "Worker pool rejected the task as it is in closing state".into(),
        }
    }

    /// The error the worker left, if it left one.
    pub fn thrown(&self) -> Option<&Thrown> {
        match self {
            Outcome::Exception(thrown) | Outcome::Exit(_, Some(thrown)) => Some(thrown),
            _ => None,
        }
    }
}

/// What one execution used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Fuel burnt.
    pub fuel: u64,
    /// Time on a CPU.
    pub cpu: Duration,
    /// Time from start to end, waiting included.
    pub wall: Duration,
    /// Linear memory at the end, in bytes: it never shrinks, so this is its peak.
    pub peak_memory_bytes: usize,
    /// Requests to the network.
    pub requests: u32,
    /// Bytes of the bodies that they sent.
    pub sent_bytes: u64,
    /// Bytes of the bodies that came back, decoded, as far as the worker read them.
    pub received_bytes: u64,
    /// Where the wall time went.
    pub phases: Phases,
}

/// The parts of one execution's wall time, in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// Making the store and arming its limits.
    pub set_up: Duration,
    /// Making the instance, start functions included.
    pub instantiate: Duration,
    /// Running `_start`, waiting included.
    pub run: Duration,
    /// Giving everything back.
    pub drop: Duration,
}

/// The log of one execution as the worker wrote it to stderr; taken apart only when somebody reads it.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    /// Bytes of stderr, up to the limit.
    pub(crate) bytes: Bytes,
    /// Whether more was written than kept.
    pub(crate) truncated: bool,
    /// Where the worker's script comes from, for the stacks in its log.
    pub(crate) source_map: Option<Arc<[u8]>>,
}

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// `console.error`, and sd-daemon levels 0 to 3.
    Error,
    /// `console.warn`, and sd-daemon level 4.
    Warn,
    /// `console.log` and `console.info`, sd-daemon levels 5 and 6, and lines without a level.
    Info,
    /// `console.debug`, and sd-daemon level 7.
    Debug,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// Its severity.
    pub level: Level,
    /// Its text; control characters other than tab are escaped, bytes that are not UTF-8 replaced.
    pub message: String,
}

impl Logs {
    /// Whether more was written than kept.
    pub fn is_cut(&self) -> bool {
        self.truncated
    }

    /// Whether nothing was logged.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty() && !self.truncated
    }

    /// The lines, in order. A last one says so when more was written than kept.
    pub fn lines(&self) -> Vec<LogLine> {
        let mut lines: Vec<LogLine> = self
            .bytes
            .strip_suffix(b"\n")
            .unwrap_or(&self.bytes)
            .split(|&byte| byte == b'\n')
            .map(LogLine::parse)
            .collect();
        if self.bytes.is_empty() {
            lines.clear();
        }
        let is_frame = |line: &LogLine| line.message.trim_start().starts_with("at ");
        if lines.iter().any(is_frame)
            && let Some(map) = self.source_map.as_deref().and_then(SourceMap::parse)
        {
            let frames = lines.iter_mut().filter(|line| is_frame(line));
            map.map_frames(frames.map(|line| &mut line.message));
        }
        if self.truncated {
            let message = format!(
                "(the log was cut off after line {}, byte {})",
                lines.len(),
                self.bytes.len()
            );
            lines.push(LogLine {
                level: Level::Warn,
                message,
            });
        }
        lines
    }
}

impl LogLine {
    /// A line with an optional `<N>` prefix, as in sd-daemon(3).
    fn parse(line: &[u8]) -> Self {
        let (level, text) = match line {
            [b'<', digit @ b'0'..=b'7', b'>', rest @ ..] => match digit {
                b'0'..=b'3' => (Level::Error, rest),
                b'4' => (Level::Warn, rest),
                b'7' => (Level::Debug, rest),
                _ => (Level::Info, rest),
            },
            _ => (Level::Info, line),
        };
        let mut message = String::with_capacity(text.len());
        for char in String::from_utf8_lossy(text).chars() {
            if char.is_control() && char != '\t' {
                message.extend(char.escape_default());
            } else {
                message.push(char);
            }
        }
        Self { level, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_have_levels_and_no_control_characters() {
        let bytes = Bytes::from_static(b"<3>bad\n<4>hm\n<6><3>not forged\n<7>d\tx\nplain \x1b[31m\xff\r\n\n");
        let lines = Logs {
            bytes,
            truncated: true,
            source_map: None,
        }
        .lines();
        let shown: Vec<_> = lines.iter().map(|line| (line.level, line.message.as_str())).collect();
        assert_eq!(
            shown,
            [
                (Level::Error, "bad"),
                (Level::Warn, "hm"),
                (Level::Info, "<3>not forged"),
                (Level::Debug, "d\tx"),
                (Level::Info, "plain \\u{1b}[31m\u{fffd}\\r"),
                (Level::Info, ""),
                (Level::Warn, "(the log was cut off after line 6, byte 52)"),
            ]
        );
        assert_eq!(Logs::default().lines(), []);
    }
}
