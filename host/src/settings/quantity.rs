//! Durations, sizes and counts as people write them.

use engine::MAX_PAYLOAD_BYTES;
use std::time::Duration;

/// Longer than any sensible limit, and far from where adding to a clock overflows.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// `5s`, `500ms`, `2m`, `1h` or `30d`; more than nothing and at most a year.
pub fn duration(text: &str) -> Result<Duration, String> {
    let expected = "expected a duration with a unit, such as 500ms, 5s, 2m, 1h or 30d";
    let (number, unit) = split(text).ok_or(expected)?;
    let millis_each: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(expected.into()),
    };
    let millis = number.checked_mul(millis_each).ok_or("expected at most a year")?;
    match Duration::from_millis(millis) {
        Duration::ZERO => Err("expected more than nothing: zero would end everything at once".into()),
        duration if duration > LONGEST => Err("expected at most a year".into()),
        duration => Ok(duration),
    }
}

/// A [`duration`] in whole seconds, as the system counts CPU time.
pub fn seconds(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        duration if duration.subsec_millis() == 0 => Ok(duration),
        _ => Err("expected whole seconds, such as 10s".into()),
    }
}

/// Bytes: `64MiB`, `1GiB`, `500KB` or a plain number of them; more than nothing.
pub fn size(text: &str) -> Result<usize, String> {
    let expected = "expected a size in bytes or with a unit, such as 67108864, 64MiB, 1GiB or 500KB";
    let (number, unit) = split(text).ok_or(expected)?;
    let bytes_each: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(expected.into()),
    };
    match number
        .checked_mul(bytes_each)
        .and_then(|bytes| isize::try_from(bytes).ok())
    {
        Some(0) => Err("expected more than nothing".into()),
        Some(bytes) => Ok(bytes.unsigned_abs()),
        None => Err("expected a size that fits into the address space".into()),
    }
}

/// The memory of one execution: a [`size`] that a 32-bit WebAssembly memory can have.
pub fn memory(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    if bytes < 64 << 10 {
        return Err("expected at least 64KiB, one page of WebAssembly memory".into());
    }
    if bytes as u64 > 4 << 30 {
        return Err("expected at most 4GiB: a worker addresses its memory with 32 bits".into());
    }
    Ok(bytes)
}

/// The memory of a process that compiles: a [`size`] in which our runtime has room.
pub fn build_memory(text: &str) -> Result<usize, String> {
    let bytes = size(text)?;
    if bytes < 128 << 20 {
        return Err("expected at least 128MiB: the compiler and our runtime have to fit".into());
    }
    Ok(bytes)
}

/// The payload of an execution, or the value it returns.
pub fn document(text: &str) -> Result<usize, String> {
    match size(text)? {
        bytes if bytes > MAX_PAYLOAD_BYTES => Err(format!("expected at most {}MiB", MAX_PAYLOAD_BYTES >> 20)),
        bytes => Ok(bytes),
    }
}

/// A whole number above zero, underscores allowed: `10_000_000_000`.
pub fn count(text: &str) -> Result<u64, String> {
    match split(text) {
        Some((0, "")) => Err("expected a number above zero".into()),
        Some((number, "")) if number > i64::MAX as u64 => Err(format!("expected at most {}", i64::MAX)),
        Some((number, "")) => Ok(number),
        _ => Err("expected a whole number, such as 10_000_000_000".into()),
    }
}

/// The leading number, saturated, and what follows it; nothing when there is no number.
fn split(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|char: char| !char.is_ascii_digit() && char != '_')
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    if !digits.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    // Digits only: the one way this fails is too large, and saturating keeps that for the caller to refuse.
    let number = digits.replace('_', "").parse().unwrap_or(u64::MAX);
    Some((number, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_obeyed() {
        for (text, millis) in [
            ("5s", 5_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1 h", 3_600_000),
            ("8784h", 31_622_400_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn durations_violated() {
        for text in [
            "",
            "5",
            "s",
            "-5s",
            "1.5s",
            "5 parsecs",
            "0s",
            "0ms",
            "8785h",
            "99999999999999999999s",
            "1e3s",
        ] {
            assert!(duration(text).unwrap_err().starts_with("expected"), "{text}");
        }
    }

    #[test]
    fn sizes_obeyed() {
        let cases = [
            ("1", 1),
            ("64MiB", 64 << 20),
            ("1GiB", 1 << 30),
            ("500KB", 500_000),
            ("2 gb", 2_000_000_000),
            ("7B", 7),
        ];
        for (text, bytes) in cases {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn sizes_violated() {
        for text in [
            "",
            "64M",
            "MiB",
            "0",
            "0GiB",
            "-1",
            "1.5GiB",
            "99999999999999999999",
            "17179869184GiB",
            "0x10",
        ] {
            assert!(size(text).unwrap_err().starts_with("expected"), "{text}");
        }
        assert!(memory("1KiB").is_err() && memory("5GiB").is_err());
        assert_eq!(memory("4GiB"), Ok(4 << 30));
        assert_eq!(document("16MiB"), Ok(16 << 20));
        assert_eq!(document("16777217"), Err("expected at most 16MiB".into()));
    }

    #[test]
    fn counts_are_whole_and_positive() {
        assert_eq!(count("10_000"), Ok(10_000));
        for text in ["", "0", "-1", "ten", "1k", "_1", "1.0", "99999999999999999999"] {
            assert!(count(text).unwrap_err().starts_with("expected"), "{text}");
        }
    }
}
