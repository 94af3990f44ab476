//! What a worker with one writer was, when, and whether what others saw of it agrees: each saw what was so at one
//! moment between its question and its answer, and nobody saw the past after somebody had seen what followed.

use std::time::Instant;

/// The values of a worker in their order. It begins without one.
#[derive(Default)]
pub struct Timeline {
    writes: Vec<Write>,
    /// Whether the last of them may not have happened.
    doubtful: bool,
}

struct Write {
    start: Instant,
    /// Nothing as long as it may still happen.
    end: Option<Instant>,
    value: Option<String>,
}

/// What an execution returned; nothing if there was no worker.
#[derive(Debug)]
pub struct Read {
    pub start: Instant,
    pub end: Instant,
    pub value: Option<String>,
}

impl Timeline {
    /// An acknowledged write.
    pub fn wrote(&mut self, start: Instant, end: Instant, value: Option<String>) {
        let end = Some(end);
        self.writes.push(Write { start, end, value });
    }

    /// The last, which got no answer.
    pub fn doubted(&mut self, start: Instant, value: Option<String>) {
        self.doubtful = true;
        let end = None;
        self.writes.push(Write { start, end, value });
    }

    /// From then on it has happened or it has not.
    pub fn doubt_ends(&mut self, now: Instant) {
        if let Some(last) = self.writes.last_mut().filter(|_| self.doubtful) {
            last.end = Some(now);
        }
    }

    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether there is an order of events in which all of these were right. Value 0 is the beginning, value `n` that
    /// of the write before it; each read is given the earliest value that it can have seen, which leaves the most room
    /// to those after it.
    pub fn check<'a>(&self, reads: impl IntoIterator<Item = &'a Read>) -> Result<(), String> {
        let mut reads: Vec<&Read> = reads.into_iter().collect();
        reads.sort_by_key(|read| read.start);
        let mut seen: Vec<(Instant, usize)> = Vec::new();
        for read in reads {
            let before = seen.iter().filter(|(end, _)| *end < read.start);
            let floor = before.map(|(_, index)| *index).max().unwrap_or_default();
            let index = (floor..=self.writes.len()).find(|index| self.can_be(*index, read));
            let index =
                index.ok_or_else(|| format!("{read:?} cannot be, after value {floor} of {:?}", self.values()))?;
            seen.push((read.end, index));
        }
        Ok(())
    }

    fn can_be(&self, index: usize, read: &Read) -> bool {
        let write = index.checked_sub(1).map(|before| &self.writes[before]);
        let value = write.and_then(|write| write.value.as_ref());
        let begun = write.is_none_or(|write| write.start <= read.end);
        let last = self.doubtful && index + 1 == self.writes.len();
        let followed = self
            .writes
            .get(index)
            .and_then(|next| next.end)
            .is_some_and(|end| end < read.start);
        value == read.value.as_ref() && begun && (!followed || last)
    }

    fn values(&self) -> Vec<Option<&String>> {
        self.writes.iter().map(|write| write.value.as_ref()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Reads, as (start, end, value), of a worker that became `a` from 10 to 20, `b` from 30 to 40, and nothing from 50
    /// on without an answer.
    fn check(reads: &[(u64, u64, &str)]) -> bool {
        let zero = Instant::now();
        let at = |millis| zero + Duration::from_millis(millis);
        let mut timeline = Timeline::default();
        timeline.wrote(at(10), at(20), Some("a".into()));
        timeline.wrote(at(30), at(40), Some("b".into()));
        timeline.doubted(at(50), None);
        timeline.doubt_ends(at(60));
        let read = |(start, end, value): &(u64, u64, &str)| Read {
            start: at(*start),
            end: at(*end),
            value: (!value.is_empty()).then(|| (*value).to_owned()),
        };
        let reads: Vec<Read> = reads.iter().map(read).collect();
        timeline.check(&reads).is_ok()
    }

    #[test]
    fn what_can_be() {
        assert!(check(&[
            (0, 9, ""),
            (11, 15, ""),
            (12, 14, "a"),
            (35, 45, "b"),
            (70, 80, "b")
        ]));
        assert!(check(&[(31, 39, "b"), (32, 38, "a"), (70, 80, "")]), "at the same time");
        assert!(check(&[(51, 52, "b"), (55, 58, "")]));
    }

    #[test]
    fn what_cannot() {
        for reads in [
            &[(0, 9, "a")][..],
            &[(21, 22, "")],
            &[(15, 16, "b")],
            &[(41, 42, "a")],
            &[(12, 13, "a"), (14, 15, "")],
            &[(31, 32, "b"), (33, 34, "a")],
            &[(70, 80, ""), (81, 82, "b")],
            &[(45, 49, "")],
        ] {
            assert!(!check(reads), "{reads:?}");
        }
    }
}
