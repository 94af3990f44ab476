//! Writes history in batches, off the way of requests: recording an entry takes a lock and no more. When the database
//! does not keep up, the oldest entries that wait are dropped, and counted.

use super::history::Entry;
use super::{Error, Result, Store, within};
use sqlx::AnyPool;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Entries that wait, in number and in bytes.
const MAX_WAITING: usize = 20_000;
const MAX_WAITING_BYTES: usize = 64 << 20;
/// Entries of one transaction.
const BATCH: usize = 2048;
const BATCH_BYTES: usize = 4 << 20;
/// How long the first entry waits for others.
const GATHER: Duration = Duration::from_millis(50);
/// How often the log tells of lost entries.
const TELL: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(500);

/// What became of the entries recorded here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// In the database.
    pub written: u64,
    /// Lost.
    pub dropped: u64,
    /// Still to be written.
    pub waiting: u64,
}

pub(super) struct Writer {
    queue: Arc<Queue>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
    closing: AtomicBool,
    written: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Taken by the writer and not written yet.
    under_way: usize,
}

impl Store {
    /// Records an entry: without waiting, and without a promise. It is cut to the limit.
    pub fn record(&self, mut entry: Entry) {
        entry.cut();
        self.0.history.queue.push(entry);
    }

    /// What became of the entries so far.
    pub fn history_counters(&self) -> Counters {
        let queue = &self.0.history.queue;
        let waiting = queue.locked();
        Counters {
            written: queue.written.load(Ordering::Relaxed),
            dropped: queue.dropped.load(Ordering::Relaxed),
            waiting: (waiting.entries.len() + waiting.under_way) as u64,
        }
    }
}

impl Writer {
    pub(super) fn start(pool: AnyPool, parameters: Parameters, timeout: Duration) -> Self {
        let queue = Arc::new(Queue::default());
        let statements = ROWS.map(|rows| statement(rows, parameters));
        let task = tokio::spawn(run(queue.clone(), pool, statements, timeout));
        Self {
            queue,
            task: Mutex::new(Some(task)),
        }
    }

    /// Writes what waits.
    pub(super) async fn close(&self, patience: Duration) {
        self.queue.closing.store(true, Ordering::Release);
        self.queue.arrived.notify_one();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return };
        if tokio::time::timeout(patience, &mut task).await.is_err() {
            task.abort();
            let _ = task.await;
            let waiting = self.queue.locked();
            let lost = waiting.entries.len() + waiting.under_way;
            tracing::warn!(lost, "the history could not be written in time");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

impl Queue {
    fn locked(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, entry: Entry) {
        let mut waiting = self.locked();
        waiting.bytes += entry.bytes();
        waiting.entries.push_back(entry);
        self.shorten(&mut waiting);
        let wake = waiting.entries.len() == 1 || waiting.entries.len() == BATCH;
        drop(waiting);
        if wake {
            self.arrived.notify_one();
        }
    }

    /// Completes when a batch is full, or there is no more time to gather one. A word of before counts for nothing: one
    /// entry that came while the last batch was written must not make the next one small.
    async fn full(&self) {
        while self.locked().entries.len() < BATCH && !self.closing.load(Ordering::Acquire) {
            self.arrived.notified().await;
        }
    }

    fn shorten(&self, waiting: &mut Waiting) {
        while waiting.entries.len() > MAX_WAITING || waiting.bytes > MAX_WAITING_BYTES {
            let Some(oldest) = waiting.entries.pop_front() else {
                break;
            };
            waiting.bytes -= oldest.bytes();
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn take(&self) -> Vec<Entry> {
        let mut waiting = self.locked();
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some(entry) = waiting.entries.pop_front() else {
                break;
            };
            bytes += entry.bytes();
            batch.push(entry);
        }
        waiting.bytes -= bytes;
        waiting.under_way = batch.len();
        batch
    }

    /// Puts back what could not be written.
    fn put_back(&self, batch: Vec<Entry>) {
        let mut waiting = self.locked();
        waiting.under_way = 0;
        for entry in batch.into_iter().rev() {
            waiting.bytes += entry.bytes();
            waiting.entries.push_front(entry);
        }
        self.shorten(&mut waiting);
    }

    fn done(&self, written: u64, dropped: u64) {
        self.written.fetch_add(written, Ordering::Relaxed);
        self.dropped.fetch_add(dropped, Ordering::Relaxed);
        self.locked().under_way = 0;
    }
}

async fn run(queue: Arc<Queue>, pool: AnyPool, statements: Statements, timeout: Duration) {
    let mut down = false;
    let (mut told, mut last) = (0, None::<Instant>);
    loop {
        let dropped = queue.dropped.load(Ordering::Relaxed);
        if dropped > told && !down && last.is_none_or(|last| last.elapsed() >= TELL) {
            tracing::warn!(
                dropped = dropped - told,
                "the database does not keep up: the oldest entries of the history are lost"
            );
            (told, last) = (dropped, Some(Instant::now()));
        }
        let waiting = queue.locked().entries.len();
        let closing = queue.closing.load(Ordering::Acquire);
        match waiting {
            0 if closing => return,
            0 => {
                queue.arrived.notified().await;
                continue;
            }
            1..BATCH if !closing => {
                let _ = tokio::time::timeout(GATHER, queue.full()).await;
            }
            _ => {}
        }
        let batch = queue.take();
        let count = batch.len() as u64;
        match within(timeout, insert(&pool, &statements, &batch)).await {
            Ok(()) => {
                queue.done(count, 0);
                if std::mem::take(&mut down) {
                    tracing::info!("the history is written again");
                }
            }
            Err(error @ Error::Unavailable(_)) => {
                queue.put_back(batch);
                if !std::mem::replace(&mut down, true) {
                    tracing::warn!(%error, "the history waits");
                }
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => {
                // One of them is at fault; it must not take the others with it.
                let mut dropped = 0;
                for entry in &batch {
                    if within(timeout, insert(&pool, &statements, std::slice::from_ref(entry)))
                        .await
                        .is_err()
                    {
                        dropped += 1;
                    }
                }
                tracing::error!(%error, dropped, "entries of the history were refused");
                queue.done(count - dropped, dropped);
            }
        }
    }
}

/// Inserts so many entries at once, the most first: three texts in all, so that they stay prepared.
const ROWS: [usize; 3] = [128, 16, 1];
const COLUMNS: usize = 7;

/// The text for each of [`ROWS`].
type Statements = [Arc<str>; ROWS.len()];

/// How a database wants its parameters written.
#[derive(Clone, Copy)]
pub(super) enum Parameters {
    /// `$1`, `$2`: PostgreSQL.
    Numbered,
    /// `?`: SQLite takes the others too, but looks for each in a list.
    InOrder,
}

/// In one transaction. What is there already is left alone, so that a batch can be tried again.
async fn insert(pool: &AnyPool, statements: &Statements, mut batch: &[Entry]) -> Result<()> {
    let mut transaction = pool.begin().await?;
    for (rows, statement) in ROWS.iter().zip(statements) {
        while let Some((entries, rest)) = batch.split_at_checked(*rows) {
            let mut query = sqlx::query(sqlx::AssertSqlSafe(statement.clone()));
            for entry in entries {
                let document = entry.document()?;
                query = query
                    .bind(&entry.execution)
                    .bind(&entry.worker)
                    .bind(&entry.project)
                    .bind(i64::from(entry.success))
                    .bind(i64::from(entry.test_run))
                    .bind(entry.started)
                    .bind(document);
            }
            query.execute(&mut *transaction).await?;
            batch = rest;
        }
    }
    transaction.commit().await?;
    Ok(())
}

fn statement(rows: usize, parameters: Parameters) -> Arc<str> {
    let parameter = |number: usize| match parameters {
        Parameters::Numbered => format!("${}", number + 1),
        Parameters::InOrder => "?".to_owned(),
    };
    let row = |row: usize| {
        let all: Vec<String> = (row * COLUMNS..(row + 1) * COLUMNS).map(parameter).collect();
        format!("({})", all.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    let columns = "execution, worker, project, success, test_run, started, entry";
    let rows = rows.join(", ");
    format!("INSERT INTO history ({columns}) VALUES {rows} ON CONFLICT (execution) DO NOTHING").into()
}
