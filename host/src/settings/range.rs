//! The text of a limit that workers may ask for: `DEFAULT`, or `DEFAULT..MAXIMUM`.

/// Two values of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range<T> {
    /// What a worker gets that asks for nothing.
    pub default: T,
    /// The most that one gets that asks.
    pub maximum: T,
}

/// Reads one value, which is both, or two of which the second is not less; says all that is wrong.
pub fn range<T: Copy + PartialOrd>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Range<T>, Vec<String>> {
    let value = |text: &str| parse(text).map_err(|problem| format!("{problem}, not {text:?}"));
    let Some((default, maximum)) = text.split_once("..") else {
        let both = value(text).map_err(|problem| vec![problem])?;
        return Ok(Range {
            default: both,
            maximum: both,
        });
    };
    match (value(default), value(maximum)) {
        (Ok(default), Ok(maximum)) if default <= maximum => Ok(Range { default, maximum }),
        (Ok(_), Ok(_)) => Err(vec![format!(
            "expected a maximum that is not below the default, not {text:?}"
        )]),
        (default, maximum) => Err([default.err(), maximum.err()].into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantity;
    use super::*;
    use std::time::Duration;

    #[test]
    fn ranges_obeyed() {
        for (text, default, maximum) in [("5", 5, 5), ("5..5", 5, 5), ("1_000..2_000", 1_000, 2_000)] {
            assert_eq!(range(text, quantity::count), Ok(Range { default, maximum }), "{text}");
        }
        let seconds = Duration::from_secs;
        let (default, maximum) = (seconds(5), seconds(60));
        assert_eq!(range("5s..1m", quantity::duration), Ok(Range { default, maximum }));
    }

    #[test]
    fn ranges_violated() {
        for (text, expected) in [
            ("", &["not \"\""][..]),
            ("5..", &["not \"\""]),
            ("..5", &["not \"\""]),
            ("..", &["not \"\"", "not \"\""]),
            ("x..y", &["not \"x\"", "not \"y\""]),
            ("1..2..3", &["not \"2..3\""]),
            ("1...3", &["not \".3\""]),
            ("0..5", &["above zero, not \"0\""]),
            (
                "5..1",
                &["expected a maximum that is not below the default, not \"5..1\""],
            ),
        ] {
            let problems = range(text, quantity::count).unwrap_err();
            assert_eq!(problems.len(), expected.len(), "{text}: {problems:?}");
            for (problem, expected) in problems.iter().zip(expected) {
                assert!(
                    problem.starts_with("expected") && problem.ends_with(expected),
                    "{text}: {problem}"
                );
            }
        }
    }
}
