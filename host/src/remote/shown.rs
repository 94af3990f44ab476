//! Lists for a terminal: columns, and times as people and other programs read them.

use crate::console::{self, printable};
use chrono::DateTime;

/// Rows below a head, each cell as wide as its column.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells.chain([head[column].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let head = head.iter().map(ToString::to_string).collect();
    let lines = [head].into_iter().chain(rows.iter().cloned()).map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    });
    lines.collect()
}

/// Prints a list, or that it has nothing. What somebody wrote does not command the terminal.
pub fn list(head: &[&str], rows: &[Vec<String>], nothing: &str) -> std::io::Result<()> {
    if rows.is_empty() {
        console::err(nothing);
        return Ok(());
    }
    console::out(printable(&table(head, rows)).as_bytes())
}

/// Prints the document as the server sent it.
pub fn document(body: &[u8]) -> std::io::Result<()> {
    console::out(&[body.trim_ascii(), b"\n"].concat())
}

/// A time of the API, in unix milliseconds, as RFC 3339 has it.
pub fn time(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis).map_or_else(|| millis.to_string(), |time| format!("{time:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let rows = [
            vec!["a".into(), "\u{e9}\u{e9}\u{e9}".into(), "x".into()],
            vec!["long".into(), "1".into(), String::new()],
        ];
        assert_eq!(
            table(&["K", "NO", "BY"], &rows),
            "K     NO   BY\na     \u{e9}\u{e9}\u{e9}  x\nlong  1\n"
        );
    }

    #[test]
    fn times_are_of_rfc_3339() {
        assert_eq!(time(1_764_000_000_123), "2025-11-24T16:00:00.123Z");
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }
}
