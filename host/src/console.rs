//! Writing to a terminal or a pipe whose other end may be gone: `println!` panics there.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What is shown to be under way.
static BUSY: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Says that something takes a while. On a terminal it moves, counts the seconds, and is gone when the next thing is printed.
pub fn busy(sentence: &str) {
    if !std::io::stderr().is_terminal() {
        return err(sentence);
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.set_message(sentence.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    let before = BUSY.lock().unwrap_or_else(PoisonError::into_inner).replace(bar);
    before.inspect(ProgressBar::finish_and_clear);
}

/// Nothing is under way any more.
fn done() {
    let before = BUSY.lock().unwrap_or_else(PoisonError::into_inner).take();
    before.inspect(ProgressBar::finish_and_clear);
}

/// Writes to stdout. A reader that has left, such as `head`, has what it wanted: that is no error.
pub fn out(bytes: &[u8]) -> std::io::Result<()> {
    offer(bytes).map(drop)
}

/// The same, and says whether somebody still reads.
pub fn offer(bytes: &[u8]) -> std::io::Result<bool> {
    done();
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a line to stderr; there is nowhere to report that it failed.
pub fn err(line: impl std::fmt::Display) {
    done();
    // One write, so that lines of several threads do not mix.
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Whether what goes to stdout may have colours: it is a terminal, and nobody said NO_COLOR (no-color.org).
pub fn has_colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|text| !text.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    std::io::stdout().is_terminal() && !refused && !dumb
}

/// Text of a worker for a terminal: control characters other than line breaks and tabs could command it.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() && !matches!(char, '\n' | '\t') {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    #[test]
    fn escape_sequences_are_shown_not_obeyed() {
        assert_eq!(
            super::printable("a\tb\n\x1b[2J\u{9b}c\r"),
            "a\tb\n\\u{1b}[2J\\u{9b}c\\r"
        );
    }
}
