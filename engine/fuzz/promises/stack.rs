//! Any source map leads from any frame to a place, or leaves it as it was; what it makes of a text is not much larger.

use crate::execution::{Logs, MAX_FRAMES};
use crate::source_map::{MAX_GROWTH_BYTES, SourceMap};
use crate::{LogLine, Thrown};
use bytes::Bytes;
use std::sync::Arc;

/// Maps frames: the first line of `input` is a source map, the others are a log, a stack, and perhaps an error as a guest
/// leaves it.
pub fn stack(input: &[u8]) {
    let (map, text) = split_once(input);
    let frames: Vec<String> = String::from_utf8_lossy(text).lines().map(str::to_owned).collect();
    check_thrown(thrown(&frames), map);
    if let Ok(left) = serde_json::from_slice::<Thrown>(text) {
        check_thrown(left, map);
    }
    let logs = Logs {
        bytes: Bytes::copy_from_slice(text),
        truncated: false,
        source_map: Some(Arc::from(map)),
    };
    check_lines(&logs, text.len());
    if let Some(map) = SourceMap::parse(map) {
        let mut mapped = frames.clone();
        map.map_frames(&mut mapped);
        for (frame, mapped) in frames
            .iter()
            .zip(&mapped)
            .filter(|(frame, _)| !frame.contains("at ") && !frame.contains(" ("))
        {
            assert_eq!(frame, mapped, "this is no frame");
        }
    }
}

fn split_once(input: &[u8]) -> (&[u8], &[u8]) {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    (&input[..end], input.get(end + 1..).unwrap_or_default())
}

/// An error with these frames, and a cause with every second of them.
fn thrown(frames: &[String]) -> Thrown {
    let cause = Thrown {
        stack: frames.iter().step_by(2).cloned().collect(),
        ..Thrown::default()
    };
    Thrown {
        stack: frames.to_vec(),
        cause: Some(Box::new(cause)),
        ..Thrown::default()
    }
}

/// Mapped, each error has the first of its frames, and all are bounded.
fn check_thrown(thrown: Thrown, map: &[u8]) {
    let before = size(&thrown);
    let mapped = thrown.mapped(Some(map));
    let after = size(&mapped);
    assert_eq!(before.0, after.0, "frames");
    assert!(
        after.1 <= before.1 + MAX_GROWTH_BYTES,
        "{} bytes became {}",
        before.1,
        after.1
    );
    assert!(mapped.to_string().len() >= after.1);
}

/// Frames that are told, and bytes, of an error and its causes.
fn size(thrown: &Thrown) -> (usize, usize) {
    let mut size = (0, 0);
    let mut next = Some(thrown);
    while let Some(error) = next {
        size.0 += error.stack.len().min(MAX_FRAMES);
        size.1 += error.stack.iter().map(String::len).sum::<usize>() + error.name.len() + error.message.len();
        next = error.cause.as_deref();
    }
    size
}

/// The lines of a log of so many bytes: bounded, and each one line.
pub(super) fn check_lines(logs: &Logs, bytes: usize) {
    let lines = logs.lines();
    assert!(lines.len() <= bytes + 2, "{} lines", lines.len());
    // A byte that is a control character is escaped with six.
    let most = 6 * bytes + MAX_GROWTH_BYTES + 100;
    let sum: usize = lines.iter().map(|line| line.message.len()).sum();
    assert!(sum <= most, "{sum} bytes of {bytes}");
    let escaped = |line: &LogLine| !line.message.contains(|char: char| char.is_control() && char != '\t');
    assert!(lines.iter().all(escaped), "{lines:?}");
}
