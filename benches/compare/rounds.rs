//! The comparison itself: what is measured of each contestant, and in which order.
//!
//! Machines drift. So all take their turn in every round, in another order each time, and plain hyper opens and closes
//! the round: what they are compared with is hyper of their own round.

use crate::contestants::Contestant;
use crate::load::{Job, Measured, Worker, load};
use crate::machine::Machine;
use crate::places::Places;
use crate::process::Server;
use anyhow::ensure;
use serde::Serialize;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Load before anything is measured, for compilers and caches.
const WARM_UP: Duration = Duration::from_secs(1);
/// A server that takes longer to start does not.
const STARTED: Duration = Duration::from_secs(60);
/// Samples of a cold start.
const COLD: usize = 3;

/// Everything that was measured; this is `results.json`.
#[derive(Serialize)]
pub struct Record {
    /// Where.
    pub machine: Machine,
    /// Rounds.
    pub reps: usize,
    /// Seconds of each load.
    pub seconds: f64,
    /// Who took part, hyper first.
    pub entries: Vec<Entry>,
    /// Who did not, and why.
    pub left_out: Vec<String>,
    /// In the order in which they were made.
    pub visits: Vec<Visit>,
}

/// Somebody who took part.
#[derive(Serialize)]
pub struct Entry {
    #[serde(skip)]
    contestant: &'static Contestant,
    /// Its name.
    pub name: &'static str,
    /// What a request has to itself.
    pub isolation: &'static str,
    /// Whether the next request is kept from what one leaves behind.
    pub fresh: bool,
    /// Its version.
    pub version: String,
    /// Milliseconds from the start of the process to the first right answer.
    pub cold: Vec<f64>,
}

/// One turn of one contestant.
#[derive(Serialize)]
pub struct Visit {
    /// In which round, from 0.
    pub round: usize,
    /// Whose.
    pub name: &'static str,
    /// Before either worker; only its wrong answers count.
    pub warm_up: [Measured; 2],
    /// The echo, with [`CONNECTIONS`].
    pub echo: [Measured; 2],
    /// The CPU worker, on one connection.
    pub cpu: Measured,
    /// Resident KiB after the echo.
    pub rss: u64,
}

/// How many connections ask for an echo.
pub const CONNECTIONS: [usize; 2] = [8, 64];

/// Compares these contestants, the first of which is hyper.
pub async fn run(
    chosen: Vec<&'static Contestant>,
    places: &Places,
    reps: usize,
    time: Duration,
) -> anyhow::Result<Record> {
    let mut record = Record {
        machine: Machine::this()?,
        reps,
        seconds: time.as_secs_f64(),
        entries: Vec::new(),
        left_out: Vec::new(),
        visits: Vec::new(),
    };
    for contestant in chosen {
        match enter(contestant, places).await {
            Ok(entry) => record.entries.push(entry),
            Err(error) => record.leave_out(&error),
        }
    }
    ensure!(
        record.entries.first().is_some_and(|entry| entry.name == "hyper"),
        "no hyper, no comparison"
    );
    for round in 0..reps {
        for turn in order(round, record.entries.len()) {
            let entry = &record.entries[turn];
            match visit(entry.contestant, places, round, time).await {
                Ok(visit) => {
                    eprintln!("round {}/{reps}  {visit}", round + 1);
                    record.visits.push(visit);
                }
                Err(error) => record.leave_out(&error.context(format!("{}, round {}", entry.name, round + 1))),
            }
        }
    }
    Ok(record)
}

impl Record {
    fn leave_out(&mut self, error: &anyhow::Error) {
        eprintln!("{error:#}");
        self.left_out.push(format!("{error:#}"));
    }
}

/// The order of a round with so many contestants: 0 at both ends, the others begin with another one each time and go
/// forwards and backwards by turns, so that nobody always follows the same one.
fn order(round: usize, count: usize) -> Vec<usize> {
    let mut others: Vec<usize> = (1..count).collect();
    if !others.is_empty() {
        let first = round % others.len();
        others.rotate_left(first);
    }
    if round % 2 == 1 {
        others.reverse();
    }
    [&[0], &*others, &[0]].concat()
}

/// Finds and starts a contestant: once uncounted, so that it is on no disk for the first time, then for its cold starts.
async fn enter(contestant: &'static Contestant, places: &Places) -> anyhow::Result<Entry> {
    let version = contestant.find(places)?;
    let failed = |error: anyhow::Error| error.context(format!("{} is left out: it does not start", contestant.name));
    start(contestant, places).await.map_err(failed)?;
    let mut cold = Vec::new();
    for _ in 0..COLD {
        cold.push(start(contestant, places).await.map_err(failed)?.took.as_secs_f64() * 1000.0);
    }
    eprintln!("{:<24} {version}, cold starts {cold:.0?} ms", contestant.name);
    Ok(Entry {
        contestant,
        name: contestant.name,
        isolation: contestant.isolation,
        fresh: contestant.fresh,
        version,
        cold,
    })
}

/// A server that answers.
struct Started {
    server: Server,
    echo: Job,
    cpu: Job,
    took: Duration,
}

async fn start(contestant: &Contestant, places: &Places) -> anyhow::Result<Started> {
    // Given back before the server asks for it; on a machine that is measured nobody takes it in between.
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let (echo, cpu) = (contestant.job(port, Worker::Echo), contestant.job(port, Worker::Cpu));
    let begun = Instant::now();
    let server = Server::start(contestant.command(places, port)?)?;
    while let Err(error) = echo.once().await {
        ensure!(!server.has_ended(), "it has ended: {}", server.said());
        ensure!(
            begun.elapsed() < STARTED,
            "no right answer: {error:#}; it says: {}",
            server.said()
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let took = begun.elapsed();
    Ok(Started {
        server,
        echo,
        cpu,
        took,
    })
}

async fn visit(contestant: &Contestant, places: &Places, round: usize, time: Duration) -> anyhow::Result<Visit> {
    let Started { server, echo, cpu, .. } = start(contestant, places).await?;
    let [few, many] = CONNECTIONS;
    let warm = load(&echo, few, WARM_UP).await?;
    let echo = [load(&echo, few, time).await?, load(&echo, many, time).await?];
    let rss = server.rss();
    let warm_up = [warm, load(&cpu, 1, WARM_UP).await?];
    let cpu = load(&cpu, 1, time).await?;
    ensure!(!server.has_ended(), "it has ended: {}", server.said());
    Ok(Visit {
        round,
        name: contestant.name,
        warm_up,
        echo,
        cpu,
        rss,
    })
}

impl Visit {
    /// Answers that were not the right one.
    pub fn wrong(&self) -> usize {
        self.loads().map(|load| load.wrong).sum()
    }

    fn loads(&self) -> impl Iterator<Item = &Measured> {
        self.warm_up.iter().chain(&self.echo).chain([&self.cpu])
    }
}

impl std::fmt::Display for Visit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "{:<24}", self.name)?;
        for echo in &self.echo {
            let Measured {
                connections,
                per_second,
                p50,
                p99,
                ..
            } = echo;
            write!(
                formatter,
                "{connections:>3}: {per_second:>7.0}/s {p50:>6.2} {p99:>6.2} ms  "
            )?;
        }
        write!(formatter, "cpu {:>6.2} ms  {:>4} MiB", self.cpu.p50, self.rss / 1024)?;
        if let Some(complaint) = self.loads().find_map(|load| load.complaint.as_ref()) {
            write!(formatter, "  {} WRONG: {complaint}", self.wrong())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn everybody_has_a_turn_and_hyper_two() {
        assert_eq!(order(0, 4), [0, 1, 2, 3, 0]);
        assert_eq!(order(1, 4), [0, 1, 3, 2, 0]);
        assert_eq!(order(2, 4), [0, 3, 1, 2, 0]);
        assert_eq!(order(3, 4), [0, 3, 2, 1, 0]);
        assert_eq!(order(3, 1), [0, 0]);
    }
}
