//! What differs between two texts, line by line.

/// Beyond, the texts are shown one after the other: the comparison takes time and memory by the product of their lines.
const MOST_LINES: usize = 1000;

/// Equal lines that are shown around a change, and lines that are shown in all.
const AROUND: usize = 3;
const SHOWN: usize = 100;

/// Lines that begin with `+` for what is, with `-` for what was expected, and with a space for what is the same.
pub fn diff(actual: &str, expected: &str) -> String {
    let (actual, expected): (Vec<&str>, Vec<&str>) = (actual.lines().collect(), expected.lines().collect());
    let all = match actual.len().max(expected.len()) > MOST_LINES {
        true => {
            let is = actual.iter().map(|line| ('+', *line));
            is.chain(expected.iter().map(|line| ('-', *line))).collect()
        }
        false => {
            // A comma at the end of a line is there because of the next one.
            let loosely = compare(&actual, &expected, |line| line.trim_end_matches(','));
            match loosely.iter().any(|(sign, _)| *sign != ' ') {
                true => loosely,
                false => compare(&actual, &expected, |line| line),
            }
        }
    };
    let is_near = |at: usize| {
        let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(all.len());
        all[around].iter().any(|(sign, _)| *sign != ' ')
    };
    let mut shown: Vec<String> = Vec::new();
    for (at, (sign, line)) in all.iter().enumerate() {
        if is_near(at) {
            shown.push(format!("{sign} {line}"));
        } else if shown.last().is_none_or(|last| last != "…") {
            shown.push("…".into());
        }
    }
    let more = shown.len().saturating_sub(SHOWN);
    if more > 0 {
        shown.truncate(SHOWN);
        shown.push(format!("… {more} more lines"));
    }
    shown.join("\n")
}

/// By the longest sequence of lines that both have; `key` is what of a line counts.
fn compare<'t>(actual: &[&'t str], expected: &[&'t str], key: fn(&str) -> &str) -> Vec<(char, &'t str)> {
    let is_same = |i: usize, j: usize| key(actual[i]) == key(expected[j]);
    let width = expected.len() + 1;
    let mut lengths = vec![0_u16; (actual.len() + 1) * width];
    for i in (0..actual.len()).rev() {
        for j in (0..expected.len()).rev() {
            lengths[i * width + j] = match is_same(i, j) {
                true => lengths[(i + 1) * width + j + 1] + 1,
                false => lengths[(i + 1) * width + j].max(lengths[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < actual.len() || j < expected.len() {
        if i < actual.len() && j < expected.len() && is_same(i, j) {
            all.push((' ', actual[i]));
            (i, j) = (i + 1, j + 1);
        } else if j >= expected.len()
            || (i < actual.len() && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])
        {
            all.push(('+', actual[i]));
            i += 1;
        } else {
            all.push(('-', expected[j]));
            j += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_shown_with_what_is_around_them() {
        assert_eq!(diff("1", "2"), "+ 1\n- 2");
        assert_eq!(diff("a\nb\nc", "a\nc\nd"), "  a\n+ b\n  c\n- d");
        assert_eq!(diff("a", "a"), "…");
        assert_eq!(diff("a,\nb", "a"), "  a,\n+ b");
        assert_eq!(diff("a,", "a"), "+ a,\n- a");
        let many = |change: &str| format!("{}{change}\n{}", "x\n".repeat(10), "y\n".repeat(10));
        let shown = diff(&many("1"), &many("2"));
        assert_eq!(shown, "…\n  x\n  x\n  x\n+ 1\n- 2\n  y\n  y\n  y\n…");
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = |line: &str| format!("{line}\n").repeat(MOST_LINES + 1);
        let shown = diff(&long("a"), &long("b"));
        assert_eq!(shown.lines().count(), SHOWN + 1);
        assert!(shown.ends_with("… 1902 more lines"), "{shown}");
    }
}
