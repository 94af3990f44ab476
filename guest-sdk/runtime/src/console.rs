//! Where `console` ends: one line of stderr per line of text, each with its level as in sd-daemon(3).

use crate::prelude::lossy;
use crate::stdio;
use javy::quickjs::String as JsString;

/// The levels of an error and of a warning.
pub const ERROR: u8 = 3;
pub const WARN: u8 = 4;

/// `log(level, text)`.
pub fn log(level: u8, text: JsString<'_>) {
    write(level, &lossy(&text));
}

/// Writes a text of any number of lines.
pub fn write(level: u8, text: &str) {
    let mut lines = Vec::with_capacity(text.len() + 16);
    for line in text.split('\n') {
        // Every line gets the prefix, so that a line of the text cannot pose as one of another level.
        lines.extend([b'<', b'0' + level.min(7), b'>']);
        lines.extend(line.as_bytes());
        lines.push(b'\n');
    }
    stdio::write_log(&lines);
}
