//! Where a byte of a text lies: its line and column, in the units of whoever asks.

use std::collections::HashMap;
use std::ops::Range;

/// The lines of one text.
pub(crate) struct Lines<'t> {
    text: &'t str,
    /// Where each line starts; the first is 0.
    starts: Vec<usize>,
    /// The lines that needed more than counting bytes, filled as they are asked for.
    wide: HashMap<usize, Vec<Mark>>,
}

/// Just behind a character that is not ASCII, counted in three units from the start of its line.
#[derive(Clone, Copy, Default)]
struct Mark {
    byte: usize,
    utf16: usize,
    chars: usize,
}

impl<'t> Lines<'t> {
    /// Lines as ECMAScript ends them: CR, LF, CRLF, U+2028 and U+2029. Source maps and TypeScript count so.
    pub(crate) fn of_source(text: &'t str) -> Self {
        Self::split(text, true)
    }

    /// Lines as QuickJS counts them in printed code: U+2028 and U+2029 are printed only inside templates, where it does
    /// not take them for line ends.
    pub(crate) fn of_code(text: &'t str) -> Self {
        Self::split(text, false)
    }

    fn split(text: &'t str, separators: bool) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                0xA8 | 0xA9 => separators && at >= 2 && bytes[at - 2..at] == [0xE2, 0x80],
                _ => false,
            };
            if ends {
                starts.push(at + 1);
            }
        }
        Lines {
            text,
            starts,
            wide: HashMap::new(),
        }
    }

    /// The line, from 0, of a byte.
    pub(crate) fn line_of(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    /// Where a line lies, without what ends it. A line beyond the last is empty.
    pub(crate) fn range(&self, line: usize) -> Range<usize> {
        let Some(&start) = self.starts.get(line) else {
            return self.text.len()..self.text.len();
        };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let line = self.text[start..end].trim_end_matches(['\r', '\n', '\u{2028}', '\u{2029}']);
        start..start + line.len()
    }

    /// Line and column from 0, the column in bytes.
    pub(crate) fn bytes(&self, byte: usize) -> (usize, usize) {
        let line = self.line_of(byte);
        (line, byte - self.starts[line])
    }

    /// Line and column from 1, the column in characters.
    pub(crate) fn place(&self, byte: usize) -> (usize, usize) {
        let (line, _) = self.bytes(byte);
        let before = &self.text[self.starts[line]..self.text.floor_char_boundary(byte)];
        (line + 1, before.chars().count() + 1)
    }

    /// What lies at a line and UTF-16 column, both from 0: the byte, and the column in characters from 0.
    pub(crate) fn utf16(&mut self, line: usize, column: usize) -> (usize, usize) {
        let range = self.range(line);
        let text = &self.text[range.clone()];
        let marks = self.wide.entry(line).or_insert_with(|| {
            let mut mark = Mark::default();
            let mut marks = Vec::new();
            for character in text.chars() {
                mark.byte += character.len_utf8();
                mark.utf16 += character.len_utf16();
                mark.chars += 1;
                if !character.is_ascii() {
                    marks.push(mark);
                }
            }
            marks
        });
        let mark = marks[..marks.partition_point(|mark| mark.utf16 <= column)]
            .last()
            .copied()
            .unwrap_or_default();
        // Everything from the mark to the column is ASCII, so one of each unit is one of the others.
        let ahead = column - mark.utf16;
        (range.start + mark.byte + ahead, mark.chars + ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn every_line_end_of_ecmascript_counts_once() {
        let text = "a\nb\r\nc\rd\u{2028}e\u{2029}f";
        let lines = Lines::of_source(text);
        for (character, line) in [('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', 5), ('f', 6)] {
            let byte = text.find(character).unwrap();
            assert_eq!(lines.place(byte), (line, 1), "{character}");
            assert_eq!(&text[lines.range(line - 1)], character.to_string());
        }
        assert_eq!(Lines::of_code(text).line_of(text.len()), 3);
        assert_eq!(lines.range(99), text.len()..text.len());
    }

    #[test]
    fn columns_are_kept_apart_by_unit() {
        let text = "x\né😀=1";
        let mut lines = Lines::of_source(text);
        let byte = text.find('=').unwrap();
        assert_eq!(lines.place(byte), (2, 3));
        assert_eq!(lines.bytes(byte), (1, 6));
        assert_eq!(lines.utf16(1, 3), (byte, 2));
        assert_eq!(lines.utf16(1, 4), (byte + 1, 3));
        assert_eq!(lines.utf16(0, 0), (0, 0));
        assert_eq!(Lines::of_source("").place(0), (1, 1));
    }
}
