//! The history of executions: what an entry is, and how it is read and dropped. `writer` writes it.

use super::sql::{args, run};
use super::{Error, Result, Store};
use serde::{Deserialize, Serialize};
use sqlx::Arguments;

/// Payload, result and logs of an entry together; what is longer is cut.
pub const MAX_ENTRY_BYTES: usize = 130 * 1024;

const CUT: &str = "…[truncated]";

/// One execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `X-Execution-Id`, up to 64 characters.
    pub execution: String,
    /// The worker's key.
    pub worker: String,
    /// Its project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The name of its action.
    pub action: String,
    /// The version that was executed; absent for code that was never saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// Whether `executionStatus` is STATUS_SUCCESS.
    pub success: bool,
    /// The outcome's code, such as `cpu_limit`.
    pub outcome: String,
    /// When it started.
    pub started: i64,
    /// When it ended.
    pub ended: i64,
    /// The subject of the token, or what else triggered it.
    pub triggered_by: String,
    /// Whether it was a test.
    pub test_run: bool,
    /// The trace that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// A JSON document, unless it was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// A JSON document, unless it was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Lines.
    pub logs: String,
    /// A JSON document.
    pub usage: String,
    /// Whether payload, result or logs were cut.
    pub truncated: bool,
}

/// Which entries to list. What is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of this worker.
    pub worker: Option<String>,
    /// Those of this project.
    pub project: Option<String>,
    /// Those that succeeded, or those that failed.
    pub success: Option<bool>,
    /// Tests, or all else.
    pub test_run: Option<bool>,
    /// Those that started at this time or later.
    pub from: Option<i64>,
    /// Those that started before this time.
    pub until: Option<i64>,
}

/// The place of an entry in the list; orders as the list does, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When it started.
    pub started: i64,
    /// Tells apart those that started together.
    pub id: i64,
}

impl Entry {
    /// As it is stored.
    pub(super) fn document(&self) -> Result<String> {
        // With keys, and quotes that are escaped.
        let mut json = Vec::with_capacity(self.bytes() * 5 / 4);
        serde_json::to_writer(&mut json, self).map_err(|error| Error::Invalid(error.to_string()))?;
        String::from_utf8(json).map_err(|error| Error::Invalid(error.to_string()))
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let texts = self.payload.iter().chain(&self.result).map(String::len).sum::<usize>();
        size_of::<Self>() + texts + self.logs.len() + self.usage.len()
    }

    /// Cuts payload, result and logs to the limit, the longest first.
    pub fn cut(&mut self) {
        let mut parts: Vec<&mut String> = self.payload.iter_mut().chain(&mut self.result).collect();
        parts.push(&mut self.logs);
        parts.sort_by_key(|part| part.len());
        let mut left = MAX_ENTRY_BYTES;
        for (index, count) in (1..=parts.len()).rev().enumerate() {
            let part = &mut *parts[index];
            let share = left / count;
            if part.len() > share {
                part.truncate(part.floor_char_boundary(share.saturating_sub(CUT.len())));
                part.push_str(CUT);
                self.truncated = true;
            }
            left -= part.len();
        }
    }
}

impl Store {
    /// Up to `limit` entries after `after`, newest first, with the place of each.
    pub async fn history(&self, filter: &Filter, after: Option<Cursor>, limit: u32) -> Result<Vec<(Cursor, Entry)>> {
        let (sql, numbers) = filter.sql(after, limit);
        let mut arguments = args![];
        for text in filter.worker.iter().chain(&filter.project) {
            arguments.add(text).map_err(sqlx::Error::Encode)?;
        }
        for number in numbers {
            arguments.add(number).map_err(sqlx::Error::Encode)?;
        }
        let rows: Vec<(i64, i64, String)> = self.all(sqlx::AssertSqlSafe(sql), arguments).await?;
        let place = |(started, id, entry): (i64, i64, String)| Ok((Cursor { started, id }, parse(&entry)?));
        rows.into_iter().map(place).collect()
    }

    /// Drops entries that started before `before`, and all but the `keep` newest; gives their number. Little by little,
    /// so that nobody waits for it; the oldest go first.
    pub async fn drop_history(&self, before: i64, keep: u32) -> Result<u64> {
        const BATCH: i64 = 500;
        // A range of the index at a time, from where the last one ended: what was dropped a moment ago is not passed
        // again. `end` is the first place that stays.
        let border = "SELECT started, id FROM history WHERE (started, id) > ($1, $2) AND (started, id) < ($3, $4)
            ORDER BY started, id LIMIT 1 OFFSET $5";
        let drop = "DELETE FROM history WHERE (started, id) > ($1, $2) AND (started, id) < ($3, $4)";
        let end = self.oldest_kept(keep).await?.max((before, i64::MIN));
        let mut start = (i64::MIN, i64::MIN);
        let mut total = 0;
        loop {
            let arguments = args![start.0, start.1, end.0, end.1, BATCH];
            let next: Option<(i64, i64)> = self.optional(border, arguments).await?;
            let until = next.unwrap_or(end);
            let arguments = args![start.0, start.1, until.0, until.1];
            total += self.within(run(&self.0.write, drop, arguments)).await?;
            if next.is_none() {
                return Ok(total);
            }
            // The border itself is still there.
            start = (until.0, until.1 - 1);
            tokio::task::yield_now().await;
        }
    }

    /// The place after the newest entry that is too many when `keep` may stay; before all when there are no more.
    async fn oldest_kept(&self, keep: u32) -> Result<(i64, i64)> {
        // Numbers have gaps, so there are at most as many entries as numbers: most calls end here, without counting.
        let sql = "SELECT COALESCE((SELECT MAX(id) FROM history) - (SELECT MIN(id) FROM history), 0)";
        let (span,): (i64,) = self.optional(sql, args![]).await?.unwrap_or_default();
        if span < i64::from(keep) {
            return Ok((i64::MIN, i64::MIN));
        }
        // A walk over `keep` entries of the index.
        let sql = "SELECT started, id FROM history ORDER BY started DESC, id DESC LIMIT 1 OFFSET $1";
        let newest: Option<(i64, i64)> = self.optional(sql, args![i64::from(keep)]).await?;
        Ok(newest.map_or((i64::MIN, i64::MIN), |(started, id)| (started, id + 1)))
    }
}

impl Filter {
    /// The query, and the numbers to bind after the texts.
    pub(super) fn sql(&self, after: Option<Cursor>, limit: u32) -> (String, Vec<i64>) {
        let mut conditions = Vec::new();
        if self.worker.is_some() {
            conditions.push("worker =");
        }
        if self.project.is_some() {
            conditions.push("project =");
        }
        let mut numbers = Vec::new();
        let mut number = |condition, value: Option<i64>| {
            if let Some(value) = value {
                conditions.push(condition);
                numbers.push(value);
            }
        };
        number("started >=", self.from);
        number("started <", self.until);
        let numbered = conditions
            .iter()
            .zip(1..)
            .map(|(condition, n)| format!("{condition} ${n}"));
        let mut conditions: Vec<String> = numbered.collect();
        let mut next = conditions.len() + 1;
        // In the text and not as arguments: a partial index is only used for what a statement is known to say.
        let flags = [("success", self.success), ("test_run", self.test_run)];
        let flags = flags.iter().filter_map(|(column, flag)| Some((column, (*flag)?)));
        conditions.extend(flags.map(|(column, flag)| format!("{column} = {}", i64::from(flag))));
        if let Some(after) = after {
            conditions.push(format!("(started, id) < (${next}, ${})", next + 1));
            numbers.extend([after.started, after.id]);
            next += 2;
        }
        numbers.push(limit.into());
        let filter = if conditions.is_empty() {
            "1 = 1".to_owned()
        } else {
            conditions.join(" AND ")
        };
        let sql = format!(
            "SELECT started, id, entry FROM history WHERE {filter} ORDER BY started DESC, id DESC LIMIT ${next}"
        );
        (sql, numbers)
    }
}

fn parse(entry: &str) -> Result<Entry> {
    serde_json::from_str(entry).map_err(|error| Error::Corrupt(format!("an entry of the history: {error}")))
}
