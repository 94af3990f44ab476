//! When a scheduled worker runs: a cron pattern of five fields, in a time zone.
//!
//! When clocks change, a pattern with fixed minutes and hours (`30 2 * * *`) runs exactly once that day: a time that
//! the clock jumps over is made up for right after the jump, and of a time that comes twice the first one counts. A
//! pattern with `*` or a step in its minutes or hours (`*/15 * * * *`) follows the clock: what is jumped over is left
//! out, and what comes twice runs twice.

use chrono::{DateTime, TimeZone};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde_json::json;

/// A pattern longer than this many bytes is refused.
const MAX_CRON_BYTES: usize = 256;

/// A schedule that runs at some time.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// As it was written.
    pub cron: String,
    /// The IANA name; UTC when none was given.
    pub timezone: Tz,
    pattern: Cron,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.cron, self.timezone) == (&other.cron, other.timezone)
    }
}

impl Eq for Schedule {}

impl Schedule {
    /// Reads a pattern and the name of a zone, which is UTC when absent or empty. On failure says what is wrong with
    /// `cron` and with `timezone`.
    pub fn parse(cron: &str, timezone: Option<&str>) -> Result<Self, Vec<String>> {
        let pattern = pattern(cron).map_err(|what| format!("cron: {what}"));
        let timezone = zone(timezone.unwrap_or_default()).map_err(|what| format!("timezone: {what}"));
        match (pattern, timezone) {
            (Ok(pattern), Ok(timezone)) => Ok(Self {
                cron: cron.to_owned(),
                timezone,
                pattern,
            }),
            (pattern, timezone) => Err(pattern.err().into_iter().chain(timezone.err()).collect()),
        }
    }

    /// What [`Schedule::document`] wrote; nothing if it is none.
    pub fn read(document: &str) -> Option<Self> {
        let document: serde_json::Value = serde_json::from_str(document).ok()?;
        let schedule = &document["schedule"];
        Self::parse(schedule["cron"].as_str()?, schedule["timezone"].as_str()).ok()
    }

    /// The first time after `unix_ms` at which it runs, both in milliseconds since 1970; the given time itself does not
    /// count. `None` when the pattern does not come again within the calendar we know.
    pub fn next_after(&self, unix_ms: i64) -> Option<i64> {
        let now = self.timezone.timestamp_millis_opt(unix_ms).single()?;
        self.next(&now).map(|next| next.timestamp_millis())
    }

    /// What the store keeps: `{"schedule":{"cron":…,"timezone":…}}`.
    pub fn document(&self) -> String {
        json!({"schedule": {"cron": self.cron, "timezone": self.timezone.name()}}).to_string()
    }

    fn next(&self, after: &DateTime<Tz>) -> Option<DateTime<Tz>> {
        self.pattern.find_next_occurrence(after, false).ok()
    }
}

fn pattern(cron: &str) -> Result<Cron, String> {
    let expected =
        "expected five fields: minute, hour, day of the month, month, day of the week, as in \"0 3 * * 1-5\"";
    if cron.len() > MAX_CRON_BYTES {
        return Err(format!("has {} bytes, {expected}", cron.len()));
    }
    // Also refuses @daily and its kin, which the service does not know.
    if cron.split_whitespace().count() != 5 || !cron.is_ascii() {
        return Err(format!("{cron:?} is not a pattern, {expected}"));
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed);
    let pattern = parser
        .build()
        .parse(cron)
        .map_err(|error| format!("{cron:?} is not a pattern ({error}), {expected}"))?;
    // The 30th of February. From 1970, so that the answer does not depend on today.
    let begin = DateTime::UNIX_EPOCH;
    match pattern.find_next_occurrence(&begin, false) {
        Ok(_) => Ok(pattern),
        Err(_) => Err(format!("{cron:?} never comes, expected a time that does")),
    }
}

fn zone(name: &str) -> Result<Tz, String> {
    match name {
        "" => Ok(Tz::UTC),
        name => name.parse().map_err(|_| {
            let shown = super::fields::quoted(name);
            format!("{shown} is not the name of a time zone, expected one such as \"Europe/Berlin\" or \"UTC\"")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next `count` times after `after`, as they are written in UTC.
    fn times(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(cron, Some(zone)).unwrap();
        let mut at = DateTime::parse_from_rfc3339(after).unwrap().timestamp_millis();
        let mut next = || {
            at = schedule.next_after(at).unwrap();
            let time = DateTime::from_timestamp_millis(at).unwrap();
            format!("{time:?}")[5..16].to_owned()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn times_come_in_their_zone() {
        for (cron, zone, after, expected) in [
            ("0 3 * * 1-5", "", "2026-11-20T03:00:00Z", "11-23T03:00 11-24T03:00"),
            (
                "0 3 * * *",
                "Asia/Kathmandu",
                "2026-11-20T03:00:00Z",
                "11-20T21:15 11-21T21:15",
            ),
            ("59 23 31 12 *", "UTC", "2026-11-20T00:00:00.999Z", "12-31T23:59"),
            ("0 0 29 2 *", "UTC", "2097-01-01T00:00:00Z", "02-29T00:00"),
            // The service's patterns are vixie's: either day will do.
            ("0 0 13 * FRI", "UTC", "2026-11-12T00:00:00Z", "11-13T00:00 11-20T00:00"),
            ("0 0 * * 7", "UTC", "2026-11-20T00:00:00Z", "11-22T00:00"),
        ] {
            let expected: Vec<_> = expected.split(' ').collect();
            assert_eq!(times(cron, zone, after, expected.len()), expected, "{cron}");
        }
    }

    #[test]
    fn clocks_that_change_are_obeyed() {
        for (cron, after, expected) in [
            // Berlin jumps from 2:00 to 3:00 at 01:00 UTC on 29 March 2026: fixed times run right after.
            (
                "30 2 * * *",
                "2026-03-28T00:00:00Z",
                "03-28T01:30 03-29T01:00 03-30T00:30",
            ),
            // Those with a star leave out what does not exist.
            ("*/30 2 * * *", "2026-03-28T12:00:00Z", "03-30T00:00 03-30T00:30"),
            (
                "0 * * * *",
                "2026-03-28T23:30:00Z",
                "03-29T00:00 03-29T01:00 03-29T02:00",
            ),
            // It falls back from 3:00 to 2:00 at 01:00 UTC on 25 October 2026: fixed times run once.
            ("30 2 * * *", "2026-10-24T12:00:00Z", "10-25T00:30 10-26T01:30"),
            // Those with a star run in both hours.
            (
                "*/30 * * * *",
                "2026-10-24T23:45:00Z",
                "10-25T00:00 10-25T00:30 10-25T01:00 10-25T01:30 10-25T02:00",
            ),
        ] {
            let expected: Vec<_> = expected.split(' ').collect();
            assert_eq!(
                times(cron, "Europe/Berlin", after, expected.len()),
                expected,
                "{cron} after {after}"
            );
        }
    }

    #[test]
    fn mistakes_are_told() {
        let long = "*".repeat(100_000);
        for cron in [
            "",
            "* * * *",
            "* * * * * *",
            "@daily",
            "60 * * * *",
            "a b c d e",
            "0 0 30 2 *",
            "\0 * * * *",
            "* * * * 9",
            "é * * * *",
            "1-0 * * * *",
            "*/0 * * * *",
            &long,
        ] {
            let mistakes = Schedule::parse(cron, None).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].starts_with("cron: "), "{mistakes:?}");
            assert!(mistakes[0].len() < 500, "{mistakes:?}");
        }
        let both = Schedule::parse("x", Some("Mars/Olympus")).unwrap_err();
        assert!(both[0].starts_with("cron: ") && both[1].starts_with("timezone: \"Mars/Olympus\""));
        for zone in ["CEST", "europe/berlin ", "\0", "UTC+1"] {
            assert!(Schedule::parse("* * * * *", Some(zone)).is_err(), "{zone}");
        }
    }

    #[test]
    fn times_outside_the_calendar_are_none() {
        let schedule = Schedule::parse("* * * * *", None).unwrap();
        assert_eq!(schedule.next_after(i64::MAX), None);
        assert_eq!(schedule.next_after(i64::MIN), None);
        assert_eq!(schedule.next_after(0), Some(60_000));
        assert_eq!(schedule.next_after(59_999), Some(60_000));
        assert_eq!(
            schedule.document(),
            r#"{"schedule":{"cron":"* * * * *","timezone":"UTC"}}"#
        );
    }
}
