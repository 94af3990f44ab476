//! Colours and signs, where the terminal has them.

use crate::console;

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// What is well.
    Good,
    /// What is wrong.
    Bad,
    /// What is neither.
    Odd,
    /// What is beside the point.
    Faint,
    /// What begins something.
    Strong,
}

/// Paints texts, or leaves them as they are.
#[derive(Clone, Copy, Debug)]
pub struct Paint(bool);

impl Paint {
    /// For stdout.
    pub fn of_stdout() -> Self {
        Self(console::has_colours())
    }

    /// For what is read by no person.
    #[cfg(test)]
    pub fn none() -> Self {
        Self(false)
    }

    /// The text in this look. What is in it cannot command the terminal.
    pub fn text(self, look: Look, text: &str) -> String {
        let text = console::printable(text);
        let code = match look {
            Look::Good => 32,
            Look::Bad => 31,
            Look::Odd => 33,
            Look::Faint => 2,
            Look::Strong => 1,
        };
        match self.0 && !text.is_empty() {
            true => format!("\x1b[{code}m{text}\x1b[0m"),
            false => text,
        }
    }

    /// The lines of a text with `indent` before each. Those that are a difference have its colours: `+` is what is, `-`
    /// what was expected.
    pub fn block(self, indent: &str, text: &str) -> String {
        let mut block = String::new();
        for line in text.trim_end().lines() {
            let look = match line.as_bytes() {
                [b'+', b' ', b'a', ..] if line == "+ actual - expected" => Some(Look::Faint),
                [b'+', b' ', ..] => Some(Look::Bad),
                [b'-', b' ', ..] => Some(Look::Good),
                [b' ', b' ', b' ', b' ', b'a', b't', b' ', ..] => Some(Look::Faint),
                _ => None,
            };
            let line = match look {
                Some(look) => self.text(look, line),
                None => console::printable(line),
            };
            block.push_str(format!("{indent}{line}").trim_end());
            block.push('\n');
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_terminal_gets_colours() {
        let plain = Paint(false);
        assert_eq!(plain.text(Look::Bad, "a\x1b"), "a\\u{1b}");
        assert_eq!(plain.block("  ", "a\n\n+ b\n"), "  a\n\n  + b\n");
        let painted = Paint(true);
        assert_eq!(painted.text(Look::Good, "a"), "\x1b[32ma\x1b[0m");
        assert_eq!(painted.text(Look::Good, ""), "");
        let block = painted.block("", "+ actual - expected\n+ 1\n- 2\n 3");
        assert_eq!(
            block,
            "\x1b[2m+ actual - expected\x1b[0m\n\x1b[31m+ 1\x1b[0m\n\x1b[32m- 2\x1b[0m\n 3\n"
        );
    }
}
