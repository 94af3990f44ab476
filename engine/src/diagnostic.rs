//! A fault in a source, at its place.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::{Deserialize, Serialize};

use crate::transform::lines::Lines;

/// One fault in the author's source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The file, as the author named it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The message, the place, the source line with a mark under the fault, and help, as a terminal shows it.
    pub rendered: String,
}

/// A stretch of the source, in bytes, and what to write under it.
pub(crate) struct Label {
    pub span: Range<usize>,
    pub text: String,
}

/// Longer messages quote the source at length, and there may be twenty of them in one answer.
const MAX_TEXT_CHARS: usize = 400;

/// Of a longer line only the surroundings of the fault are shown: minified code is one line of a megabyte.
const MAX_LINE_BYTES: usize = 400;

impl Diagnostic {
    /// A fault of a whole file, such as one whose name has the wrong ending.
    pub(crate) fn of_file(file: &str, message: &str) -> Self {
        let message = clip(message);
        let report = [Group::with_title(Level::ERROR.primary_title(&message)).element(Origin::path(file))];
        let rendered = Renderer::plain().render(&report);
        Self {
            file: file.to_owned(),
            line: 1,
            column: 1,
            message,
            rendered,
        }
    }

    /// A fault at the first of `labels`; the others are shown as what it has to do with.
    pub(crate) fn new(
        file: &str,
        text: &str,
        lines: &Lines,
        labels: &[Label],
        message: &str,
        help: Option<&str>,
    ) -> Self {
        let message = clip(message);
        let start = labels.first().map_or(0, |label| label.span.start).min(text.len());
        let (line, column) = lines.place(start);
        let mut group = Group::with_title(Level::ERROR.primary_title(&message));
        for (order, label) in labels.iter().enumerate() {
            let primary = order == 0;
            let start = label.span.start.min(text.len());
            let (line, column) = lines.place(start);
            // One line is enough to find the place; what a fault covers may be the whole file.
            let shown = window(text, lines.range(line - 1), start);
            let from = text.floor_char_boundary(start).clamp(shown.start, shown.end);
            let to = text
                .ceil_char_boundary(label.span.end.clamp(start, text.len()))
                .clamp(from, shown.end);
            let kind = if primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let annotation = kind.span(from - shown.start..to - shown.start);
            let annotation = if label.text.is_empty() {
                annotation
            } else {
                annotation.label(clip(&label.text))
            };
            let snippet = Snippet::source(&text[shown.clone()])
                .line_start(line)
                .annotation(annotation);
            group = if shown.start == lines.range(line - 1).start {
                group.element(snippet.path(file))
            } else {
                // Columns would be counted from where the window starts.
                group
                    .element(Origin::path(file).line(line).char_column(column))
                    .element(snippet)
            };
        }
        if let Some(help) = help {
            group = group.element(Level::HELP.message(clip(help)));
        }
        let rendered = Renderer::plain().render(&[group]);
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            file: file.to_owned(),
            line: count(line),
            column: count(column),
            message,
            rendered,
        }
    }
}

/// The part of a line to show around a fault.
fn window(text: &str, line: Range<usize>, at: usize) -> Range<usize> {
    if line.len() <= MAX_LINE_BYTES {
        return line;
    }
    let start = at.saturating_sub(MAX_LINE_BYTES / 4).max(line.start);
    let end = (start + MAX_LINE_BYTES).min(line.end);
    text.ceil_char_boundary(start)..text.floor_char_boundary(end)
}

fn clip(text: &str) -> String {
    let text = annotate_snippets::normalize_untrusted_str(text);
    match text.char_indices().nth(MAX_TEXT_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rendered)
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, Label};
    use crate::transform::lines::Lines;

    fn at(text: &str, spans: &[std::ops::Range<usize>]) -> Diagnostic {
        let label = |span: &std::ops::Range<usize>| Label {
            span: span.clone(),
            text: String::new(),
        };
        let labels: Vec<Label> = spans.iter().map(label).collect();
        Diagnostic::new(
            "worker.ts",
            text,
            &Lines::of_source(text),
            &labels,
            "no such thing",
            Some("try another"),
        )
    }

    #[test]
    fn a_fault_is_shown_as_rustc_would() {
        let fault = at("let a = 1;\r\nlet 😀b = 2;\r\n", std::slice::from_ref(&(20..21)));
        assert_eq!((fault.line, fault.column), (2, 6));
        let expected = "\
error: no such thing
 --> worker.ts:2:6
  |
2 | let 😀b = 2;
  |       ^
  |
  = help: try another";
        assert_eq!(fault.rendered, expected);
    }

    #[test]
    fn any_place_can_be_shown() {
        let long = format!("{}é{}", "a".repeat(100_000), "b😀".repeat(100_000));
        for text in ["", "\n", "\u{2028}", "é", "a\rb", "\t\u{7}", &long] {
            for start in [0, 1, 2, 100_001, 300_000, usize::MAX / 2] {
                for length in [0, 1, 3, 1_000_000] {
                    let fault = at(text, &[start..start + length, 0..length, 3..start]);
                    assert!(fault.rendered.contains("worker.ts:1:1") || !fault.rendered.is_empty());
                    assert!(fault.rendered.len() < 4000, "{}", fault.rendered.len());
                }
            }
        }
    }

    #[test]
    fn a_fault_of_a_file_names_it() {
        let fault = Diagnostic::of_file("a/b.tsx", "no");
        assert!(
            fault.rendered.contains("error: no") && fault.rendered.contains("a/b.tsx"),
            "{fault}"
        );
    }
}
