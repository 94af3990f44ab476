//! What became of cases and tests: a line for each as it ends, what is wrong below it, and a sentence at the end.

use super::paint::{Look, Paint};
use crate::console;
use engine::{Level, LogLine};
use std::time::Duration;

/// So many lines of a failed test's log are shown: the last ones.
const SHOWN_LOGS: usize = 20;

/// A case or a test that was run.
#[derive(Debug)]
pub struct Tested {
    /// What it is called.
    pub name: String,
    /// Wall time of its execution.
    pub time: Duration,
    /// What became of it.
    pub verdict: Verdict,
    /// What it logged.
    pub logs: Vec<String>,
}

/// What became of a case or a test.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is as expected.
    Passed,
    /// It is not; the text says what is wrong.
    Failed(String),
    /// It was not run; the reason, if there is one.
    Skipped(String),
    /// Nobody expects it to pass yet; the reason, if there is one.
    Todo(String),
    /// What was expected was written anew.
    Updated,
}

/// The tests of one file.
#[derive(Debug)]
pub struct Group {
    /// The worker.
    pub worker: String,
    /// The file, as it is shown.
    pub file: String,
    /// Why none could be run.
    pub broken: Option<String>,
    /// Those that were run.
    pub tests: Vec<Tested>,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// Not as expected; a file that could not be run counts as one.
    pub failed: usize,
    /// Not run, or not expected to pass.
    pub skipped: usize,
    /// Written anew.
    pub updated: usize,
}

impl Tested {
    /// One that took no time and logged nothing.
    pub fn new(name: String, verdict: Verdict) -> Self {
        Self {
            name,
            time: Duration::ZERO,
            verdict,
            logs: Vec::new(),
        }
    }
}

impl Group {
    /// One without tests so far; its title is printed.
    pub fn begin(worker: &str, file: String) -> std::io::Result<Self> {
        console::out(format!("{}\n", Paint::of_stdout().text(Look::Strong, &file)).as_bytes())?;
        Ok(Self {
            worker: worker.to_owned(),
            file,
            broken: None,
            tests: Vec::new(),
        })
    }

    /// Nothing of it can be run.
    pub fn break_off(&mut self, why: &dyn std::fmt::Display) -> std::io::Result<()> {
        let why = why.to_string();
        let shown = Paint::of_stdout().block("    ", &why);
        self.broken = Some(why);
        console::out(shown.as_bytes())
    }

    /// Prints and keeps one.
    pub fn add(&mut self, tested: Tested) -> std::io::Result<()> {
        let shown = shown(&tested, Paint::of_stdout());
        self.tests.push(tested);
        console::out(shown.as_bytes())
    }
}

impl Tally {
    /// Of all groups.
    pub fn of(groups: &[Group]) -> Self {
        let mut tally = Self::default();
        for group in groups {
            tally.failed += usize::from(group.broken.is_some());
            for test in &group.tests {
                *match test.verdict {
                    Verdict::Passed => &mut tally.passed,
                    Verdict::Failed(_) => &mut tally.failed,
                    Verdict::Skipped(_) | Verdict::Todo(_) => &mut tally.skipped,
                    Verdict::Updated => &mut tally.updated,
                } += 1;
            }
        }
        tally
    }

    /// Whether all went well: something was run, and nothing failed.
    pub fn is_success(&self) -> bool {
        self.failed == 0 && *self != Self::default()
    }

    /// The sentence.
    pub fn sentence(&self, took: Duration, paint: Paint) -> String {
        let part =
            |number: usize, what: &str, look: Look| (number > 0).then(|| paint.text(look, &format!("{number} {what}")));
        let parts = [
            part(self.failed, "failed", Look::Bad),
            part(self.passed, "passed", Look::Good),
            part(self.updated, "updated", Look::Odd),
            part(self.skipped, "skipped", Look::Faint),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        match parts.is_empty() {
            true => paint.text(Look::Bad, "nothing was run: there is no such case and no such test"),
            false => format!("{} ({})", parts.join(", "), time(took)),
        }
    }
}

/// A line of a log, as the API tells it and as cases have it.
pub fn log_line(line: &LogLine) -> String {
    let level = match line.level {
        Level::Error => "error",
        Level::Warn => "warn ",
        Level::Info => "info ",
        Level::Debug => "debug",
    };
    format!("[{level}] - {}", line.message)
}

/// A duration with three digits at most.
pub fn time(time: Duration) -> String {
    let micros = time.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn shown(tested: &Tested, paint: Paint) -> String {
    let reason = |reason: &str| match reason {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    let (look, sign, remark) = match &tested.verdict {
        Verdict::Passed => (Look::Good, "✓", time(tested.time)),
        Verdict::Failed(_) => (Look::Bad, "✗", time(tested.time)),
        Verdict::Skipped(why) => (Look::Odd, "-", format!("skipped{}", reason(why))),
        Verdict::Todo(why) => (Look::Odd, "-", format!("to do{}", reason(why))),
        Verdict::Updated => (Look::Odd, "✓", "updated".into()),
    };
    let name = console::printable(&tested.name).replace('\n', " ");
    let mut text = format!(
        "  {} {name} {}\n",
        paint.text(look, sign),
        paint.text(Look::Faint, &format!("({remark})"))
    );
    if let Verdict::Failed(why) = &tested.verdict {
        text.push('\n');
        text.push_str(&paint.block("      ", why));
        if !tested.logs.is_empty() {
            let skipped = tested.logs.len().saturating_sub(SHOWN_LOGS);
            text.push_str(&paint.block(
                "      ",
                &format!("\nlog{}:", if skipped > 0 { ", its last lines" } else { "" }),
            ));
            for line in &tested.logs[skipped..] {
                text.push_str(&format!("        {}\n", paint.text(Look::Faint, line)));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (micros, shown) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_234, "1.2 ms"),
            (56_789, "56 ms"),
            (1_234_567, "1.2 s"),
        ] {
            assert_eq!(time(Duration::from_micros(micros)), shown);
        }
    }

    #[test]
    fn a_file_that_cannot_be_run_has_failed() {
        let group = |broken: Option<&str>, verdicts: Vec<Verdict>| Group {
            worker: "w".into(),
            file: "f".into(),
            broken: broken.map(str::to_owned),
            tests: verdicts.into_iter().map(|it| Tested::new("t".into(), it)).collect(),
        };
        let groups = [
            group(Some("x"), vec![]),
            group(
                None,
                vec![
                    Verdict::Passed,
                    Verdict::Failed("y".into()),
                    Verdict::Todo(String::new()),
                ],
            ),
        ];
        let tally = Tally::of(&groups);
        assert_eq!((tally.passed, tally.failed, tally.skipped), (1, 2, 1));
        let sentence = tally.sentence(Duration::from_secs(2), Paint::of_stdout());
        assert_eq!(sentence, "2 failed, 1 passed, 1 skipped (2.0 s)");
        assert!(!tally.is_success() && !Tally::default().is_success());
    }
}
