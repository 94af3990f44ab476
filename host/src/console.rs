//! Writing to a terminal or a pipe whose other end may be gone: `println!` panics there.

use std::io::{ErrorKind, IsTerminal, Write};

/// Writes to stdout. A reader that has left, such as `head`, has what it wanted: that is no error.
pub fn out(bytes: &[u8]) -> std::io::Result<()> {
    offer(bytes).map(drop)
}

/// The same, and says whether somebody still reads.
pub fn offer(bytes: &[u8]) -> std::io::Result<bool> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes a line to stderr; there is nowhere to report that it failed.
pub fn err(line: impl std::fmt::Display) {
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
