//! The line of an author's source at which something was thrown, as a compiler shows it.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};

/// A file that is larger is not looked into.
const MAX_BYTES: u64 = 4 << 20;
/// Characters of a line that are shown.
const SHOWN_CHARS: usize = 200;

/// The place of the first frame of `stack` that is in a file of `folder`, its line, and a caret below it.
pub fn excerpt(folder: &Path, stack: &[String]) -> Option<String> {
    stack.iter().find_map(|frame| {
        let (file, line, column) = place(frame)?;
        let text = line_of(folder, file, line)?;
        let before: String = text.chars().take(column - 1).collect();
        if text.chars().count() > SHOWN_CHARS || before.len() == text.len() {
            return None;
        }
        // Tabs stay, so that the caret stands where the terminal puts what is above it.
        let blank: String = before
            .chars()
            .map(|char| if char == '\t' { '\t' } else { ' ' })
            .collect();
        let number = line.to_string();
        let gap = " ".repeat(number.len());
        let text = text.trim_end();
        Some(format!(
            "{gap} --> {file}:{line}:{column}\n{gap} |\n{number} | {text}\n{gap} | {blank}^"
        ))
    })
}

/// What `at name (file:line:column)` tells.
fn place(frame: &str) -> Option<(&str, usize, usize)> {
    let place = match frame.rsplit_once('(') {
        Some((_, place)) => place.strip_suffix(')')?,
        None => frame.strip_prefix("at ")?,
    };
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    (line > 0 && column > 0).then_some((file, line, column))
}

/// A worker can write its stack itself: only what is in its folder is looked into.
fn line_of(folder: &Path, file: &str, line: usize) -> Option<String> {
    let inside = |part| matches!(part, Component::Normal(_));
    if !Path::new(file).components().all(inside) {
        return None;
    }
    let path = folder.join(file).canonicalize().ok()?;
    if !path.starts_with(folder.canonicalize().ok()?) || !path.is_file() {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    text.lines().nth(line - 1).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(frames: &[&str]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("w");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret.ts"), "secret\n").unwrap();
        std::fs::write(root.join("worker.ts"), "// é\n\tthrow new Error();\n").unwrap();
        std::os::unix::fs::symlink("../secret.ts", root.join("link.ts")).unwrap();
        excerpt(&root, &frames.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_line_of_the_author_is_shown() {
        let expected = "  --> worker.ts:2:2\n  |\n2 | \tthrow new Error();\n  | \t^";
        for frames in [
            &["at f (worker.ts:2:2)"][..],
            &["at worker.ts:2:2"],
            &[
                "at get (native)",
                "at g (node_modules/x.js:1:1)",
                "at f (worker.ts:2:2)",
            ],
        ] {
            assert_eq!(shown(frames).as_deref(), Some(expected), "{frames:?}");
        }
    }

    #[test]
    fn a_stack_that_was_made_up_shows_nothing() {
        for frame in [
            "at f (../secret.ts:1:1)",
            "at f (link.ts:1:1)",
            "at f (/etc/passwd:1:1)",
            "at f (worker.ts:0:1)",
            "at f (worker.ts:2:0)",
            "at f (worker.ts:2:99999999999999999999)",
            "at f (worker.ts:9:1)",
            "at f (worker.ts:2:99)",
            "at f (:1:1)",
            "at f",
            "",
        ] {
            assert_eq!(shown(&[frame]), None, "{frame}");
        }
    }
}
