//! Lets each alert through once per window, and counts those it holds back. What it let through is in its state.
//!
//! An example of the crate in guest-sdk/rust, and built with it: `guest-sdk/rust/build.sh guest-sdk/rust
//! workers/alert-throttle/worker.wasm --example alert-throttle`. Its tests are `cargo test` there.

use serde::{Deserialize, Serialize};
use worker::{Context, Error, Result};

#[derive(Deserialize)]
struct Batch {
    #[serde(default = "five_minutes", rename = "windowSeconds")]
    window: u64,
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
struct Alert {
    key: String,
    /// Seconds of the sender's clock.
    at: u64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Decision {
    key: String,
    send: bool,
    /// How many of its kind were held back before this one.
    #[serde(rename = "heldBack")]
    held_back: u32,
}

/// The state of one kind of alert: when it was let through, and how many were held back since.
struct Last {
    at: u64,
    held_back: u32,
}

/// The state has room for so many kinds; the one let through longest ago goes.
const MAX_KINDS: usize = 10;

fn five_minutes() -> u64 {
    300
}

fn handle(context: Context, batch: Batch) -> Result<Vec<Decision>> {
    check(&batch)?;
    batch
        .alerts
        .into_iter()
        .map(|alert| decide(&context, batch.window, alert))
        .collect()
}

/// Names every fault at once.
fn check(batch: &Batch) -> Result<(), Error> {
    let wrong = |alert: &&Alert| !(1..=40).contains(&alert.key.encode_utf16().count());
    let faults: Vec<String> = batch
        .alerts
        .iter()
        .filter(wrong)
        .map(|alert| format!("{:?} needs 1 to 40 characters", alert.key))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        "AlertError",
        format!("The alerts cannot be judged: {}.", faults.join("; ")),
    ))
}

fn decide(context: &Context, window: u64, Alert { key, at }: Alert) -> Result<Decision> {
    let state = context.state();
    let last = state.get(&key)?.map(|text| Last::parse(&text)).transpose()?;
    let (send, next) = match &last {
        Some(last) if at < last.at.saturating_add(window) => (
            false,
            Last {
                at: last.at,
                held_back: last.held_back + 1,
            },
        ),
        _ => (true, Last { at, held_back: 0 }),
    };
    if last.is_none() {
        make_room(context)?;
    }
    state.set(&key, format_args!("{} {}", next.at, next.held_back))?;
    let held_back = if send {
        last.map_or(0, |last| last.held_back)
    } else {
        next.held_back - 1
    };
    if !send {
        worker::info!("held back {key}, {} since {}", next.held_back, next.at);
    }
    Ok(Decision { key, send, held_back })
}

fn make_room(context: &Context) -> Result<()> {
    let kinds = context.state().all()?;
    if kinds.len() < MAX_KINDS {
        return Ok(());
    }
    let mut oldest = Vec::new();
    for (key, text) in kinds {
        oldest.push((Last::parse(&text)?.at, key));
    }
    if let Some((at, key)) = oldest.into_iter().min() {
        worker::warn!("forgot {key}, let through at {at}: there is room for {MAX_KINDS} kinds");
        context.state().delete(&key)?;
    }
    Ok(())
}

impl Last {
    fn parse(text: &str) -> Result<Self, Error> {
        let numbers = text.split_once(' ');
        let parsed = numbers.and_then(|(at, held_back)| Some((at.parse().ok()?, held_back.parse().ok()?)));
        let (at, held_back) = parsed.ok_or_else(|| Error::new("StateError", format!("the state has {text:?}")))?;
        Ok(Self { at, held_back })
    }
}

worker::main!(handle);

#[cfg(test)]
mod tests {
    use super::*;
    use worker::testing::Mock;

    fn decisions(mock: &Mock, window: u64, alerts: &[(&str, u64)]) -> Result<Vec<(bool, u32)>> {
        let alert = |&(key, at): &(&str, u64)| Alert {
            key: key.to_owned(),
            at,
        };
        let batch = Batch {
            window,
            alerts: alerts.iter().map(alert).collect(),
        };
        let decided = handle(mock.context(), batch)?;
        Ok(decided
            .iter()
            .map(|decision| (decision.send, decision.held_back))
            .collect())
    }

    #[test]
    fn an_alert_is_let_through_once_per_window() {
        let mock = Mock::new();
        let alerts = [("disk", 0), ("disk", 99), ("cpu", 99), ("disk", 100), ("disk", 101)];
        let decided = decisions(&mock, 100, &alerts).unwrap();
        assert_eq!(decided, [(true, 0), (false, 0), (true, 0), (true, 1), (false, 0)]);
        assert_eq!(mock.state_after()["disk"], "100 1");
        assert_eq!(mock.logs()[0].1, "held back disk, 1 since 0");
    }

    #[test]
    fn what_an_earlier_execution_let_through_counts() {
        let mock = Mock::new().state("disk", "50 7");
        assert_eq!(decisions(&mock, 10, &[("disk", 55)]).unwrap(), [(false, 7)]);
        assert_eq!(decisions(&mock, 10, &[("disk", 60)]).unwrap(), [(true, 8)]);
        let mock = Mock::new().state("disk", "x");
        assert_eq!(
            decisions(&mock, 10, &[("disk", 55)]).unwrap_err().to_string(),
            "the state has \"x\""
        );
    }

    #[test]
    fn the_oldest_makes_room() {
        let mock = (0..MAX_KINDS).fold(Mock::new(), |mock, n| {
            mock.state(&format!("k{n}"), format!("{} 0", 100 + n))
        });
        decisions(&mock, 10, &[("new", 5)]).unwrap();
        let kinds = mock.state_after();
        assert_eq!(
            (kinds.len(), kinds.contains_key("k0"), kinds["new"].as_str()),
            (MAX_KINDS, false, "5 0")
        );
    }
}
