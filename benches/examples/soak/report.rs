//! What the soak found: as a table, as JSON, and whether a promise was broken.

use crate::process::Sample;
use crate::tally::Tally;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Memory may grow by a tenth; descriptors and threads by a tenth and a few.
const FEW: f64 = 16.0;

/// Everything.
pub struct Report {
    /// Makes the same choices again.
    pub seed: u64,
    /// Connections that sent one request after the other.
    pub clients: u64,
    /// How long the load lasted.
    pub load: Duration,
    /// What was sent.
    pub tally: Arc<Tally>,
    /// Times of an echo before, during and after the load, sorted.
    pub echo: [Vec<Duration>; 3],
    /// Before the load.
    pub first: Sample,
    /// About one a second, with the minute of the load, from 0.
    pub samples: Vec<(usize, Sample)>,
    /// When all was over.
    pub last: Sample,
    /// Clients that never got an answer.
    pub stuck: usize,
    /// Executions that the host says are under way when nobody asks for any.
    pub running: usize,
    /// Lines of its log about faults of its own.
    pub complaints: Vec<String>,
    /// Whether it still runs.
    pub alive: bool,
}

/// The mean over a minute, or over as much as there is.
#[derive(Clone, Copy)]
struct Mean {
    rss: f64,
    descriptors: f64,
    threads: f64,
}

impl Mean {
    fn of(samples: &[Sample]) -> Self {
        let count = samples.len().max(1) as f64;
        let mean = |of: fn(&Sample) -> f64| samples.iter().map(of).sum::<f64>() / count;
        Self {
            rss: mean(|sample| sample.rss as f64 / 1024.0),
            descriptors: mean(|sample| sample.descriptors as f64),
            threads: mean(|sample| sample.threads as f64),
        }
    }

    fn json(self) -> Value {
        let rounded = |number: f64| (number * 10.0).round() / 10.0;
        json!({"rssMiB": rounded(self.rss), "descriptors": rounded(self.descriptors), "threads": rounded(self.threads)})
    }
}

impl Report {
    /// Each minute of the load.
    fn minutes(&self) -> Vec<Mean> {
        let whole = usize::try_from(self.load.as_secs() / 60).unwrap_or_default();
        let of = |minute| -> Vec<Sample> {
            let samples = self.samples.iter().filter(|(of, _)| *of == minute);
            samples.map(|(_, sample)| *sample).collect()
        };
        (0..whole).map(|minute| Mean::of(&of(minute))).collect()
    }

    fn percentile(times: &[Duration], percent: usize) -> f64 {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }

    /// Server errors that are not "try again".
    fn faults(&self) -> u64 {
        let all = self.tally.all();
        let faults = all
            .iter()
            .filter(|((_, word), _)| word.starts_with('5') && word != "503");
        faults.map(|(_, count)| count).sum()
    }

    /// The promises that were broken.
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut must = |holds: bool, what: String| {
            if !holds {
                broken.push(what);
            }
        };
        let (wrong, _) = self.tally.wrong();
        must(self.alive, "the host is gone".into());
        must(
            self.faults() == 0,
            format!("{} server errors that are not 503", self.faults()),
        );
        must(wrong == 0, format!("{wrong} answers are not what they should be"));
        must(self.stuck == 0, format!("{} clients never got an answer", self.stuck));
        must(
            self.running == 0,
            format!("{} executions are said to run when none does", self.running),
        );
        must(
            self.complaints.is_empty(),
            format!("{} complaints in the log", self.complaints.len()),
        );
        let minutes = self.minutes();
        // Less than that is no soak.
        if let (Some(second), Some(last)) = (minutes.get(1), minutes.last())
            && minutes.len() >= 5
        {
            must(
                last.rss <= second.rss * 1.1,
                format!("memory went from {:.0} to {:.0} MiB", second.rss, last.rss),
            );
            for (what, then, now) in [
                ("descriptors", second.descriptors, last.descriptors),
                ("threads", second.threads, last.threads),
            ] {
                must(
                    now <= then * 1.1 + FEW,
                    format!("{what} went from {then:.0} to {now:.0}"),
                );
            }
        }
        let (before, after) = (Mean::of(&[self.first]), Mean::of(&[self.last]));
        must(
            after.descriptors <= before.descriptors + FEW,
            format!(
                "{} descriptors were open before and {} after",
                before.descriptors, after.descriptors
            ),
        );
        must(
            after.threads <= before.threads + FEW,
            format!("{} threads ran before and {} after", before.threads, after.threads),
        );
        broken
    }

    /// All of it.
    pub fn json(&self) -> Value {
        let mut requests = json!({});
        for ((kind, word), count) in self.tally.all() {
            requests[kind][word] = count.into();
        }
        let echo = |times: &Vec<Duration>| {
            let (p50, p99) = (Self::percentile(times, 50), Self::percentile(times, 99));
            json!({"count": times.len(), "p50Millis": p50, "p99Millis": p99})
        };
        json!({
            "seed": self.seed,
            "clients": self.clients,
            "minutes": self.load.as_secs_f64() / 60.0,
            "requests": requests,
            "total": self.tally.total(),
            "attacks": self.tally.attacks(),
            "wrong": self.tally.wrong().0,
            "wrongExamples": self.tally.wrong().1,
            "serverErrorsBut503": self.faults(),
            "echo": {"before": echo(&self.echo[0]), "during": echo(&self.echo[1]), "after": echo(&self.echo[2])},
            "before": Mean::of(&[self.first]).json(),
            "eachMinute": self.minutes().into_iter().map(Mean::json).collect::<Vec<_>>(),
            "after": Mean::of(&[self.last]).json(),
            "stuckClients": self.stuck,
            "executionsLeft": self.running,
            "complaints": self.complaints,
            "broken": self.broken(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28} what came of it", "request")?;
        let mut last = "";
        for ((kind, word), count) in self.tally.all() {
            let shown = if kind == last { "" } else { kind };
            writeln!(f, "{shown:<28} {count:>9} {word}")?;
            last = kind;
        }
        let (total, attacks) = (self.tally.total(), self.tally.attacks());
        writeln!(f, "{total} requests in {:?}, {attacks} of them attacks\n", self.load)?;
        writeln!(f, "{:<12} {:>9} {:>12} {:>8}", "", "RSS, MiB", "descriptors", "threads")?;
        let mut row = |name: &str, mean: &Mean| {
            writeln!(
                f,
                "{name:<12} {:>9.1} {:>12.1} {:>8.1}",
                mean.rss, mean.descriptors, mean.threads
            )
        };
        row("before", &Mean::of(&[self.first]))?;
        for (number, minute) in self.minutes().iter().enumerate() {
            row(&format!("minute {}", number + 1), minute)?;
        }
        row("after", &Mean::of(&[self.last]))?;
        writeln!(f, "\n{:<12} {:>9} {:>9} {:>9}", "echo", "count", "p50, ms", "p99, ms")?;
        for (name, times) in ["before", "during", "after"].into_iter().zip(&self.echo) {
            let (p50, p99) = (Self::percentile(times, 50), Self::percentile(times, 99));
            writeln!(f, "{name:<12} {:>9} {p50:>9.2} {p99:>9.2}", times.len())?;
        }
        for line in self.tally.wrong().1.iter().chain(&self.complaints) {
            writeln!(f, "  {line}")?;
        }
        let broken = self.broken();
        writeln!(
            f,
            "\n{}",
            if broken.is_empty() {
                "every promise was kept"
            } else {
                "BROKEN:"
            }
        )?;
        broken.iter().try_for_each(|promise| writeln!(f, "  {promise}"))
    }
}
