//! Whether an output is what the page shows, apart from what is different every time: times, durations, sizes of files,
//! ids, and what the page leaves out with `…`.

use serde_json::Value;

/// Whether `seen` is what `shown` says, both as text.
pub fn same_text(shown: &str, seen: &str) -> bool {
    let lines = |text: &str| text.trim_end().lines().map(normal).collect::<Vec<_>>();
    lines_match(&lines(shown), &lines(seen))
}

/// The same of two JSON documents.
pub fn same_json(shown: &str, seen: &str) -> Result<bool, serde_json::Error> {
    Ok(values_match(
        "",
        &serde_json::from_str(shown)?,
        &serde_json::from_str(seen)?,
    ))
}

/// A line `…` stands for any number of lines.
fn lines_match(shown: &[String], seen: &[String]) -> bool {
    match shown {
        [] => seen.is_empty(),
        [dots, rest @ ..] if dots.trim() == "…" => (0..=seen.len()).any(|from| lines_match(rest, &seen[from..])),
        [first, rest @ ..] => seen
            .split_first()
            .is_some_and(|(line, others)| line_matches(first, line) && lines_match(rest, others)),
    }
}

/// `…` within a line stands for any text.
fn line_matches(shown: &str, seen: &str) -> bool {
    let Some((before, after)) = shown.split_once('…') else {
        return shown == seen;
    };
    let Some(rest) = seen.strip_prefix(before) else {
        return false;
    };
    let places = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    places.into_iter().any(|at| line_matches(after, &rest[at..]))
}

fn values_match(key: &str, shown: &Value, seen: &Value) -> bool {
    match (shown, seen) {
        (Value::String(shown), _) if shown == "…" => true,
        (Value::String(shown), Value::String(seen)) => same_text(shown, seen),
        // Whoever measures twice measures two things.
        (Value::Number(_), Value::Number(_))
            if ["Millis", "Micros", "Bytes", "fuel"]
                .iter()
                .any(|end| key.ends_with(end)) =>
        {
            true
        }
        (Value::Array(shown), Value::Array(seen)) => {
            shown.len() == seen.len()
                && shown
                    .iter()
                    .zip(seen)
                    .all(|(shown, seen)| values_match(key, shown, seen))
        }
        (Value::Object(shown), Value::Object(seen)) => {
            shown.len() == seen.len()
                && shown
                    .iter()
                    .all(|(key, shown)| seen.get(key).is_some_and(|seen| values_match(key, shown, seen)))
        }
        _ => shown == seen,
    }
}

/// A line with every time, duration, size and id as one word, and with single spaces: columns are as wide as what is in them.
fn normal(line: &str) -> String {
    // Of every answer over HTTP.
    if line.starts_with("date: ") {
        return "date: <time>".to_owned();
    }
    let spaced = line
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let mut rest = spaced.as_str();
    let mut result = String::new();
    while !rest.is_empty() {
        let inside = result.ends_with(|last: char| last.is_ascii_alphanumeric());
        let found = if inside { None } else { variable(rest) };
        match found {
            Some((length, name)) => {
                result.push_str(name);
                rest = &rest[length..];
            }
            None => {
                let mut chars = rest.chars();
                result.extend(chars.next());
                rest = chars.as_str();
            }
        }
    }
    result
}

/// What is at the beginning of `text`, if it is another thing every time.
fn variable(text: &str) -> Option<(usize, &'static str)> {
    let run = |text: &str, part: fn(char) -> bool| text.find(|c| !part(c)).unwrap_or(text.len());
    let word = run(text, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if word >= 32 || word == 16 && hex(&text[..word]) {
        return Some((word, "<id>"));
    }
    // 2026-11-25T18:17:18.060Z
    let time = run(text, |c| c.is_ascii_digit() || "-:.TZ".contains(c));
    if time >= 20 && text[..time].contains('T') {
        return Some((time, "<time>"));
    }
    let number = run(text, |c| c.is_ascii_digit() || c == '.' || c == ',');
    let number = text[..number].trim_end_matches(['.', ',']).len();
    if number == 0 {
        return None;
    }
    // Milliseconds since 1970.
    if number == 13 {
        return Some((number, "<time>"));
    }
    // Without a space it is what somebody set, such as 5s, unless it is a fraction.
    let space = usize::from(text[number..].starts_with(' '));
    if space == 0 && !text[..number].contains('.') {
        return None;
    }
    let unit = &text[number + space..];
    let length = run(unit, char::is_alphabetic);
    let name = match &unit[..length] {
        "µs" | "ms" | "s" => "<duration>",
        "B" | "bytes" | "kB" | "MB" | "KiB" => "<size>",
        "fuel" => "<fuel>",
        _ => return None,
    };
    Some((number + space + length, name))
}

#[test]
fn what_is_different_every_time_is_the_same() {
    for (shown, seen) in [
        ("✓ a (30 ms)", "✓ a (889 µs)"),
        (
            "1  current  2026-11-25T18:17:18.060Z  admin",
            "1 current 2027-01-01T00:00:00.1Z admin",
        ),
        (
            "id 0198f3c2-5b7e-7a31-9c55-2f1f4be3a0d1",
            "id 1198f3c2-5b7e-7a31-9c55-2f1f4be3a0d1",
        ),
        (
            r#"{"created":1795631843193,"a":1}"#,
            r#"{"created":1795631905104,"a":1}"#,
        ),
        (
            "date: Wed, 25 Nov 2026 18:34:39 GMT",
            "date: Thu, 26 Nov 2026 18:34:39 GMT",
        ),
        ("a\n…\nd", "a\nb\nc\nd"),
        ("a … c", "a b c c"),
        ("it took 201.4ms; raise", "it took 1.25s; raise"),
        ("4198 kB, built in 1.2 s", "17 kB, built in 741 ms"),
    ] {
        assert!(same_text(shown, seen), "{shown} {seen}");
    }
    for (shown, seen) in [
        ("a", "b"),
        ("a\n…\nd", "a\nb"),
        ("a … c", "a b d"),
        ("64 MiB", "65 MiB"),
        ("--timeout 5s", "--timeout 6s"),
        ("[1, 2]", "[1, 3]"),
        ("version 1", "version 2"),
        ("", "a"),
    ] {
        assert!(!same_text(shown, seen), "{shown} {seen}");
    }
    assert!(same_json(r#"{"a":"…","cpuMicros":1}"#, r#"{"cpuMicros":2,"a":[1]}"#).unwrap());
    for seen in [r#"{"a":2}"#, r#"{"a":1,"b":1}"#, "{}"] {
        assert!(!same_json(r#"{"a":1}"#, seen).unwrap(), "{seen}");
    }
}
