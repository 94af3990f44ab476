//! The load: connections that are kept, each of which sends one request after the other, and a look at every answer.

use crate::answer;
use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What every request sends.
pub const PAYLOAD: &str = r#"{"foo":"bar"}"#;
/// What the CPU worker's `sum` is.
const SUM: u64 = 36_193_285;
/// No answer may take longer; one that does is a wrong one.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which worker is asked.
#[derive(Clone, Copy, Debug)]
pub enum Worker {
    /// Returns what it was sent.
    Echo,
    /// `cpu()` of `peers/core.js`.
    Cpu,
}

/// A request, where it goes, and what has to come back.
#[derive(Clone, Debug)]
pub struct Job {
    address: SocketAddr,
    worker: Worker,
    request: Vec<u8>,
}

impl Job {
    /// A POST of the payload; `headers` end in CRLF each.
    pub fn new(address: SocketAddr, worker: Worker, path: &str, headers: &str) -> Self {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n{headers}\
             Content-Length: {}\r\n\r\n{PAYLOAD}",
            PAYLOAD.len()
        );
        Self {
            address,
            worker,
            request: request.into_bytes(),
        }
    }

    /// Asks once, on a connection of its own.
    pub async fn once(&self) -> anyhow::Result<()> {
        let mut wire = Wire::open(self.address).await?;
        tokio::time::timeout(PATIENCE, wire.ask(self, &mut Vec::new())).await?
    }

    /// Whether this answer is the right one.
    fn check(&self, status: u16, body: &[u8]) -> anyhow::Result<()> {
        let said = || format!("{status} {}", String::from_utf8_lossy(&body[..body.len().min(200)]));
        let json: Value = serde_json::from_slice(body).with_context(said)?;
        let right = match self.worker {
            Worker::Echo => json["data"] == json!({"foo": "bar"}),
            Worker::Cpu => json["data"]["sum"] == SUM,
        };
        ensure!(
            status == 200 && json["executionStatus"] == "STATUS_SUCCESS" && right,
            said()
        );
        Ok(())
    }
}

/// A connection, and what has arrived of the next answer.
struct Wire {
    stream: TcpStream,
    arrived: Vec<u8>,
}

impl Wire {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            arrived: Vec::with_capacity(16 << 10),
        })
    }

    /// Sends the request and checks the answer. `right` is the body of the last answer that was found right: one that
    /// equals it byte for byte is not parsed again.
    async fn ask(&mut self, job: &Job, right: &mut Vec<u8>) -> anyhow::Result<()> {
        self.stream.write_all(&job.request).await?;
        loop {
            let read = self.stream.read_buf(&mut self.arrived).await?;
            ensure!(read > 0, "the connection was closed");
            let Some(answer) = answer::parse(&self.arrived)? else {
                continue;
            };
            ensure!(answer.length == self.arrived.len(), "more than an answer");
            if answer.status != 200 || *answer.body != **right {
                job.check(answer.status, &answer.body)?;
                right.clear();
                right.extend_from_slice(&answer.body);
            }
            let closes = answer.closes;
            self.arrived.clear();
            if closes {
                *self = Self::open(job.address).await?;
            }
            return Ok(());
        }
    }
}

/// What one connection saw.
#[derive(Default)]
struct Tally {
    times: Vec<Duration>,
    wrong: usize,
    complaint: Option<String>,
}

impl Tally {
    fn wrong(&mut self, count: usize, why: impl FnOnce() -> String) {
        self.wrong += count;
        self.complaint.get_or_insert_with(why);
    }
}

/// What came of a load.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measured {
    /// Connections.
    pub connections: usize,
    /// Right answers a second.
    pub per_second: f64,
    /// Milliseconds in which half of the right answers were there.
    pub p50: f64,
    /// Milliseconds in which 99 % of them were.
    pub p99: f64,
    /// Answers that were wrong, late or missing.
    pub wrong: usize,
    /// What the first of them was.
    pub complaint: Option<String>,
    /// Share of its core that the load generator used. Near 1 it, and not the server, was the limit.
    pub generator: f64,
}

/// Loads the server for so long.
pub async fn load(job: &Job, connections: usize, time: Duration) -> anyhow::Result<Measured> {
    let job = Arc::new(job.clone());
    let mut wires = Vec::new();
    for _ in 0..connections {
        wires.push(Wire::open(job.address).await?);
    }
    let (begun, busy) = (Instant::now(), own_cpu_time());
    let end = begun + time;
    let mut tasks = JoinSet::new();
    for wire in wires {
        tasks.spawn(converse(job.clone(), wire, end));
    }
    tokio::time::sleep_until(end).await;
    let generator = (own_cpu_time() - busy).as_secs_f64() / begun.elapsed().as_secs_f64();
    let mut all = Tally::default();
    while let Ok(Some(tally)) = tokio::time::timeout_at(end + PATIENCE, tasks.join_next()).await {
        let tally = tally?;
        all.times.extend(tally.times);
        if let Some(complaint) = tally.complaint {
            all.wrong(tally.wrong, || complaint);
        }
    }
    if !tasks.is_empty() {
        all.wrong(tasks.len(), || format!("no answer within {PATIENCE:?}"));
    }
    all.times.sort_unstable();
    Ok(Measured {
        connections,
        per_second: all.times.len() as f64 / time.as_secs_f64(),
        p50: percentile(&all.times, 50),
        p99: percentile(&all.times, 99),
        wrong: all.wrong,
        complaint: all.complaint,
        generator,
    })
}

/// One connection's requests. The last one is waited for but not counted: it is answered after the end.
async fn converse(job: Arc<Job>, wire: Wire, end: Instant) -> Tally {
    let (mut tally, mut right) = (Tally::default(), Vec::new());
    let mut wire = Some(wire);
    let mut now = Instant::now();
    while now < end {
        let begun = now;
        let asked = ask(&job, &mut wire, &mut right).await;
        now = Instant::now();
        match asked {
            Ok(()) if now < end => tally.times.push(now - begun),
            Ok(()) => {}
            Err(error) => {
                tally.wrong(1, || format!("{error:#}"));
                wire = None;
                // A server that refuses everything shall not be asked a million times.
                tokio::time::sleep(Duration::from_millis(1)).await;
                now = Instant::now();
            }
        }
    }
    tally
}

/// Asks on this connection, or on a new one if it was given up.
async fn ask(job: &Job, wire: &mut Option<Wire>, right: &mut Vec<u8>) -> anyhow::Result<()> {
    let wire = match wire {
        Some(wire) => wire,
        None => wire.insert(Wire::open(job.address).await?),
    };
    wire.ask(job, right).await
}

/// Milliseconds within which so many percent of the times lie, which are sorted.
fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted
        .get(rank - 1)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

/// CPU time of this thread, on which all of the load generator runs.
fn own_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), 100.0);
        assert_eq!(percentile(&times, 99), 198.0);
        assert_eq!(percentile(&times[..1], 99), 1.0);
        assert!(percentile(&[], 50).is_nan());
    }

    #[test]
    fn only_the_right_answer_is_right() {
        let job = |worker| Job::new(([127, 0, 0, 1], 1).into(), worker, "/", "");
        let right = |worker, status, body: &str| job(worker).check(status, body.as_bytes()).is_ok();
        let echo = r#"{"data":{"foo":"bar"},"executionStatus":"STATUS_SUCCESS"}"#;
        assert!(right(Worker::Echo, 200, echo));
        assert!(!right(Worker::Echo, 500, echo));
        assert!(!right(Worker::Echo, 200, &echo.replace("bar", "baz")));
        assert!(!right(Worker::Echo, 200, &echo.replace("SUCCESS", "FAIL")));
        assert!(!right(Worker::Echo, 200, ""));
        let cpu = r#"{"executionStatus":"STATUS_SUCCESS","data":{"fib":75025,"sum":36193285}}"#;
        assert!(right(Worker::Cpu, 200, cpu));
        assert!(!right(Worker::Cpu, 200, &cpu.replace("285", "286")));
        assert!(!right(Worker::Cpu, 200, echo));
    }

    #[tokio::test]
    async fn a_server_that_hangs_up_gives_wrong_answers() -> anyhow::Result<()> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let job = Job::new(listener.local_addr()?, Worker::Echo, "/", "");
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let measured = load(&job, 2, Duration::from_millis(50)).await?;
        assert!(measured.wrong >= 2 && measured.per_second == 0.0, "{measured:?}");
        Ok(())
    }
}
