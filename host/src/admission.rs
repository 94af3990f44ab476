//! Whether an execution may begin: so many a second of one caller and of one worker, and a pause for a worker that fails
//! again and again. All of it is off unless the operator switches it on, counted by each host for itself, and forgotten
//! when it ends.

use engine::Outcome;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures after which a worker pauses, and the time in which they count (documented for the service whose API this is).
const FAILURES: usize = 10;
const WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

/// The first pause; each failure after it doubles it, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// More doublings than it takes from the first pause to the longest.
const DOUBLINGS: usize = 12;

/// Callers that are remembered before those that have paused for a second are forgotten.
const MANY_CALLERS: usize = 10_000;

/// What the operator wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// Executions a second of one caller; 0 is any number.
    pub caller_rate: u32,
    /// Executions a second of one worker; 0 is any number.
    pub worker_rate: u32,
    /// Whether workers that fail pause.
    pub back_off: bool,
}

/// Why an execution may not begin yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// There have been too many; one more may begin after this time.
    TooMany(Duration),
    /// The worker pauses for this time.
    Pauses(Duration),
}

/// The door to executions.
pub struct Admission {
    rules: Rules,
    callers: Mutex<HashMap<String, Rate>>,
}

/// What is remembered of one worker. A save begins anew: it may have mended what failed.
#[derive(Default)]
pub struct Conduct(Mutex<Past>);

#[derive(Default)]
struct Past {
    rate: Rate,
    failures: VecDeque<Instant>,
}

/// When the next one would be due if they came evenly (the generic cell rate algorithm of ITU-T I.371).
#[derive(Clone, Copy, Default)]
struct Rate(Option<Instant>);

impl Admission {
    /// A door with these rules.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            callers: Mutex::default(),
        }
    }

    /// Lets one execution of this caller in, or says why not. Callers are told apart by the subject of their token, so that
    /// more tokens are no way around it.
    pub fn caller(&self, subject: &str, now: Instant) -> Result<(), Wait> {
        if self.rules.caller_rate == 0 {
            return Ok(());
        }
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rate) = callers.get_mut(subject) {
            return rate.take(self.rules.caller_rate, now);
        }
        if callers.len() >= MANY_CALLERS {
            callers.retain(|_, rate| rate.0.is_some_and(|due| due > now));
        }
        callers
            .entry(subject.to_owned())
            .or_default()
            .take(self.rules.caller_rate, now)
    }

    /// Lets one execution of this worker in, or says why not.
    pub fn worker(&self, conduct: &Conduct, now: Instant) -> Result<(), Wait> {
        if let Some(pause) = self.pause(conduct, now) {
            return Err(Wait::Pauses(pause));
        }
        match self.rules.worker_rate {
            0 => Ok(()),
            rate => conduct.past().rate.take(rate, now),
        }
    }

    /// How long the worker still pauses, if it does.
    pub fn pause(&self, conduct: &Conduct, now: Instant) -> Option<Duration> {
        self.rules.back_off.then(|| conduct.past().pause(now)).flatten()
    }

    /// Remembers how an execution of this worker ended. That the worker says itself that it failed is no failure of it.
    pub fn ended(&self, conduct: &Conduct, outcome: &Outcome, now: Instant) {
        // The caller left, or somebody stopped it.
        if !self.rules.back_off || *outcome == Outcome::Cancelled {
            return;
        }
        let failures = &mut conduct.past().failures;
        if outcome.is_success() {
            failures.clear();
        } else {
            failures.push_back(now);
            let surplus = failures.len().saturating_sub(FAILURES + DOUBLINGS);
            failures.drain(..surplus);
        }
    }
}

impl Conduct {
    fn past(&self) -> std::sync::MutexGuard<'_, Past> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Past {
    /// What is left of the pause: it counts from the last failure.
    fn pause(&mut self, now: Instant) -> Option<Duration> {
        self.failures.retain(|failure| now.duration_since(*failure) < WITHIN);
        let doublings = self.failures.len().checked_sub(FAILURES)?;
        let pause = (FIRST_PAUSE * (1 << doublings.min(DOUBLINGS))).min(LONGEST_PAUSE);
        let left = pause.saturating_sub(now.duration_since(*self.failures.back()?));
        (!left.is_zero()).then_some(left)
    }
}

impl Rate {
    /// Takes one of so many a second: as many at once as there are in a second, then evenly.
    fn take(&mut self, per_second: u32, now: Instant) -> Result<(), Wait> {
        let second = Duration::from_secs(1);
        let interval = second / per_second;
        let due = self.0.map_or(now, |due| due.max(now));
        let early = (due - now).saturating_sub(second - interval);
        if !early.is_zero() {
            return Err(Wait::TooMany(early));
        }
        self.0 = Some(due + interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn rates_obeyed_and_violated() {
        let start = Instant::now();
        for (per_second, others) in [(1, false), (4, false), (4, true)] {
            let admission = Admission::new(Rules {
                caller_rate: per_second,
                worker_rate: per_second,
                back_off: false,
            });
            let conduct = Conduct::default();
            let take = |after: f64| {
                let now = start + seconds(after);
                if others {
                    admission.caller("bob", now).ok();
                }
                let (caller, worker) = (admission.caller("alice", now), admission.worker(&conduct, now));
                assert_eq!(caller, worker);
                caller
            };
            for _ in 0..per_second {
                take(0.0).unwrap();
            }
            let interval = 1.0 / f64::from(per_second);
            assert_eq!(take(0.0), Err(Wait::TooMany(seconds(interval))));
            assert_eq!(take(interval / 2.0), Err(Wait::TooMany(seconds(interval / 2.0))));
            take(interval).unwrap();
            take(interval).unwrap_err();
            // After a rest it is as in the beginning.
            (0..per_second).for_each(|_| take(9.0).unwrap());
            take(9.0).unwrap_err();
        }
    }

    #[test]
    fn no_rules_let_everybody_in() {
        let (admission, conduct, now) = (Admission::new(Rules::default()), Conduct::default(), Instant::now());
        for _ in 0..100 {
            admission.ended(&conduct, &Outcome::CpuLimit, now);
            admission.caller("alice", now).unwrap();
            admission.worker(&conduct, now).unwrap();
        }
    }

    #[test]
    fn who_rests_is_forgotten() {
        let admission = Admission::new(Rules {
            caller_rate: 1,
            ..Rules::default()
        });
        let start = Instant::now();
        for number in 0..MANY_CALLERS {
            admission.caller(&number.to_string(), start).unwrap();
        }
        admission.caller("alice", start + seconds(1.5)).unwrap();
        assert_eq!(admission.callers.lock().unwrap().len(), 1);
    }

    fn backing_off() -> Admission {
        Admission::new(Rules {
            back_off: true,
            ..Rules::default()
        })
    }

    #[test]
    fn who_fails_pauses_longer_and_longer() {
        let admission = backing_off();
        let conduct = Conduct::default();
        let mut now = Instant::now();
        for _ in 0..FAILURES {
            admission.worker(&conduct, now).unwrap();
            admission.ended(&conduct, &Outcome::CpuLimit, now);
        }
        // 1, 2, 4, … 2048 and then an hour for ever.
        for pause in (0..20).map(|n| f64::from(1_u32 << n).min(3600.0)) {
            assert_eq!(admission.worker(&conduct, now), Err(Wait::Pauses(seconds(pause))));
            now += seconds(pause);
            admission.worker(&conduct, now).unwrap();
            admission.ended(&conduct, &Outcome::CpuLimit, now);
        }
    }

    #[test]
    fn a_success_or_a_day_and_all_is_forgotten() {
        let admission = backing_off();
        let start = Instant::now();
        // Nine failures, then something that is none, then more failures: does it pause?
        let pauses = |between: &Outcome, after: Duration, more: usize| {
            let conduct = Conduct::default();
            (1..FAILURES).for_each(|_| admission.ended(&conduct, &Outcome::CpuLimit, start));
            admission.ended(&conduct, between, start);
            admission.worker(&conduct, start).unwrap();
            (0..more).for_each(|_| admission.ended(&conduct, &Outcome::CpuLimit, start + after));
            admission.worker(&conduct, start + after).is_err()
        };
        assert!(pauses(&Outcome::Cancelled, seconds(1.0), 1));
        assert!(pauses(&Outcome::Cancelled, WITHIN - seconds(1.0), 1));
        assert!(!pauses(&Outcome::Cancelled, WITHIN, FAILURES - 1));
        assert!(!pauses(&Outcome::Success, seconds(1.0), FAILURES - 1));
        assert!(pauses(&Outcome::Success, seconds(1.0), FAILURES));
    }
}
