//! What the measurements say: medians, ratios within a round, and the table.

use crate::rounds::{CONNECTIONS, Record, Visit};
use std::fmt::Write;

/// The load generator's share of its core from which on it may have been the limit.
const BUSY: f64 = 0.95;

/// One contestant's line; every figure is the median of its rounds.
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What a request has to itself.
    pub isolation: &'static str,
    /// Whether the next request is kept from what one leaves behind.
    pub fresh: bool,
    /// Echoes a second, with [`CONNECTIONS`].
    pub per_second: [f64; 2],
    /// The same as a share of what hyper did in the same round.
    pub ratio: [f64; 2],
    /// Milliseconds of an echo with the most connections.
    p50: f64,
    p99: f64,
    cpu: f64,
    cold: f64,
    rss: f64,
    wrong: usize,
    /// Best round less worst round with the most connections, as a share of the median.
    spread: f64,
    /// Whether the load generator may have been the limit.
    generator_bound: bool,
}

/// A line for everybody who was measured: hyper, then the others from fast to slow.
pub fn rows(record: &Record) -> Vec<Row> {
    let mut rows: Vec<Row> = record
        .entries
        .iter()
        .filter_map(|entry| {
            let visits: Vec<&Visit> = record.visits.iter().filter(|visit| visit.name == entry.name).collect();
            let of = |value: &dyn Fn(&Visit) -> f64| median(visits.iter().map(|visit| value(visit)));
            let [few, many] = [0, 1].map(|load| of(&|visit| visit.echo[load].per_second));
            let ratio =
                [0, 1].map(|load| of(&|visit| visit.echo[load].per_second / baseline(record, visit.round, load)));
            let speeds = || visits.iter().map(|visit| visit.echo[1].per_second);
            Some(Row {
                name: entry.name,
                isolation: entry.isolation,
                fresh: entry.fresh,
                per_second: [few, many],
                ratio,
                p50: of(&|visit| visit.echo[1].p50),
                p99: of(&|visit| visit.echo[1].p99),
                cpu: of(&|visit| visit.cpu.p50),
                cold: median(entry.cold.iter().copied()),
                rss: of(&|visit| visit.rss as f64 / 1024.0),
                wrong: visits.iter().map(|visit| visit.wrong()).sum(),
                spread: (speeds().reduce(f64::max)? - speeds().reduce(f64::min)?) / many,
                generator_bound: [0, 1]
                    .iter()
                    .any(|load| of(&|visit| visit.echo[*load].generator) > BUSY),
            })
        })
        .collect();
    // Stable, and hyper is the first of the entries.
    rows.sort_by(|a, b| {
        let place = |row: &Row| {
            if row.name == "hyper" {
                f64::INFINITY
            } else {
                row.per_second[1]
            }
        };
        place(b).total_cmp(&place(a))
    });
    rows
}

/// What hyper did in a round: the mean of its beginning and its end.
fn baseline(record: &Record, round: usize, load: usize) -> f64 {
    let visits = record
        .visits
        .iter()
        .filter(|visit| visit.round == round && visit.name == "hyper");
    let speeds: Vec<f64> = visits.map(|visit| visit.echo[load].per_second).collect();
    speeds.iter().sum::<f64>() / speeds.len() as f64
}

/// The middle one, or the mean of the two in the middle.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// The table in Markdown, with what has to be known to read it.
pub fn markdown(record: &Record, rows: &[Row]) -> String {
    let [few, many] = CONNECTIONS;
    let mut text = format!(
        "| runtime | isolation per request | req/s, {few} connections | req/s, {many} connections | p50 ms | p99 ms \
         | CPU worker ms | cold start ms | memory MiB | wrong answers | spread |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
    );
    for row in rows {
        let speed = |load: usize| format!("{} ({})", grouped(row.per_second[load]), percent(row.ratio[load]));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.2} | {:.2} | {:.2} | {:.0} | {:.0} | {} | {} |",
            if row.fresh {
                format!("**{}**", row.name)
            } else {
                row.name.to_owned()
            },
            row.isolation,
            speed(0),
            speed(1),
            row.p50,
            row.p99,
            row.cpu,
            row.cold,
            row.rss,
            row.wrong,
            percent(row.spread),
        );
    }
    let _ = writeln!(
        text,
        "\nBold: a fresh sandbox for every request. In brackets: share of plain hyper in the same round. p50 and p99: at \
         {many} connections. CPU worker: p50 on one connection. Cold start: from the process to the first right answer, \
         not the first on this machine. Memory: resident, after the echoes. Spread: best less worst round at {many} \
         connections. Medians of {} rounds, {} s per load; the server on one core, the load generator on another.",
        record.reps, record.seconds
    );
    let bound: Vec<&str> = rows
        .iter()
        .filter(|row| row.generator_bound)
        .map(|row| row.name)
        .collect();
    if !bound.is_empty() {
        let _ = writeln!(
            text,
            "\nThe load generator had no time left, so these may be faster: {}.",
            bound.join(", ")
        );
    }
    let _ = writeln!(text, "\n{}.\n", record.machine);
    for entry in &record.entries {
        let _ = writeln!(text, "- {}: {}", entry.name, entry.version);
    }
    for left_out in &record.left_out {
        let _ = writeln!(text, "- {left_out}");
    }
    text
}

/// A whole number with commas between thousands.
pub fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as percents; small ones with a decimal.
pub fn percent(share: f64) -> String {
    let percents = share * 100.0;
    if percents < 10.0 {
        format!("{percents:.1} %")
    } else {
        format!("{percents:.0} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median(std::iter::empty()).is_nan());
    }

    #[test]
    fn numbers_are_written_to_be_read() {
        assert_eq!(
            [1.0, 999.6, 28_510.0, 1_234_567.0].map(grouped),
            ["1", "1,000", "28,510", "1,234,567"]
        );
        assert_eq!([1.0, 0.137, 0.0029].map(percent), ["100 %", "14 %", "0.3 %"]);
    }
}
