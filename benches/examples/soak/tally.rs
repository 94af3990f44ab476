//! What was sent and what came of it, counted by all clients together.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Examples of wrong answers that are remembered.
const REMEMBERED: usize = 20;

/// The counts.
#[derive(Default)]
pub struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    /// By kind and by what came of it.
    all: BTreeMap<(&'static str, String), u64>,
    attacks: u64,
    wrong: u64,
    examples: Vec<String>,
}

impl Tally {
    fn locked(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request; `wrong` says what should have been.
    pub fn count(&self, attack: bool, kind: &'static str, outcome: &str, wrong: Option<String>) {
        let mut counts = self.locked();
        counts.attacks += u64::from(attack);
        *counts.all.entry((kind, outcome.to_owned())).or_default() += 1;
        if let Some(wrong) = wrong {
            counts.wrong += 1;
            if counts.examples.len() < REMEMBERED {
                counts.examples.push(format!("{kind}: {wrong}"));
            }
        }
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.locked().all.values().sum()
    }

    /// Those that were attacks.
    pub fn attacks(&self) -> u64 {
        self.locked().attacks
    }

    /// Answers that were not what they should have been, and some of them.
    pub fn wrong(&self) -> (u64, Vec<String>) {
        let counts = self.locked();
        (counts.wrong, counts.examples.clone())
    }

    /// The counts.
    pub fn all(&self) -> BTreeMap<(&'static str, String), u64> {
        self.locked().all.clone()
    }
}

/// Numbers that look random and are the same for the same seed (xorshift64*).
pub struct Random(pub u64);

impl Random {
    /// The next.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// One below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap_or_default() % end
    }

    /// True for one of so many.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}
