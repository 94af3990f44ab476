//! Reads what is secret: from a pipe, or from a terminal that does not show it. Never from an argument, which every user of
//! the machine can see.

use crate::console;
use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{BufRead, IsTerminal, Read, Stdin, stdin};

/// Shows the terminal's letters again.
struct Hidden {
    stdin: Stdin,
    before: Termios,
}

impl Hidden {
    fn begin() -> std::io::Result<Self> {
        let stdin = stdin();
        let before = tcgetattr(&stdin)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // What was typed before the question is no answer to it.
        tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
        Ok(Self { stdin, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
        // The line break was not shown either.
        console::err("");
    }
}

/// Reads it, without the line break at its end. `what` is asked for where somebody sits; at most `most` bytes.
pub fn secret(what: &str, most: usize) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if stdin().is_terminal() {
        console::err(format_args!("{what} (it is not shown):"));
        let hidden = Hidden::begin().context("cannot hide what is typed")?;
        let mut locked = hidden.stdin.lock().take(most as u64 + 2);
        locked.read_until(b'\n', &mut bytes)?;
    } else {
        // A line break of two bytes may follow.
        stdin().lock().take(most as u64 + 3).read_to_end(&mut bytes)?;
    }
    read(bytes, what, most)
}

fn read(bytes: Vec<u8>, what: &str, most: usize) -> anyhow::Result<String> {
    let Ok(mut text) = String::from_utf8(bytes) else {
        bail!("{what}: expected UTF-8 on stdin");
    };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        bail!("{what}: nothing was given on stdin");
    }
    if text.len() > most {
        bail!("{what}: expected at most {most} bytes on stdin");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_line_break_at_the_end_is_no_part_of_it() {
        let read = |text: &str| super::read(text.into(), "value", 4).map_err(|error| error.to_string());
        for (text, value) in [
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a ", " a "),
            ("1234\r\n", "1234"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(value), "{text:?}");
        }
        assert!(read("\n").unwrap_err().contains("nothing was given"));
        assert!(read("12345").unwrap_err().contains("at most 4 bytes"));
        assert!(super::read(vec![0xff], "value", 4).is_err());
    }
}
