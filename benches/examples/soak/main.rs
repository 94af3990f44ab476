//! A soak: the real binary under full load, half of it attacks, until the time is up; then a table of what it answered
//! and of what it held on to. Exits with 1 when a promise was broken.
//!
//! ```sh
//! cargo build --release -p host && cargo run --release -p benches --example soak -- --minutes 15
//! ```

mod attacks;
mod client;
mod hostile;
mod process;
mod report;
mod tally;
mod workers;

use anyhow::Context;
use client::Client;
use process::Host;
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tally::{Random, Tally};

const USAGE: &str =
    "usage: soak [--minutes N] [--clients N] [--seed N] [--host PATH] [--json FILE] [-- FLAGS OF host serve]";

/// What was asked for.
struct Options {
    minutes: f64,
    /// Connections that send one request after the other.
    clients: u64,
    seed: u64,
    host: PathBuf,
    json: Option<PathBuf>,
    more: Vec<String>,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = options()?;
    // The machine's cores are the host's: what sends requests gets along with one thread of its own.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let report = runtime.block_on(soak(&options))?;
    print!("{report}");
    let json = serde_json::to_string(&report.json())?;
    match &options.json {
        Some(file) => std::fs::write(file, json)?,
        None => println!("{json}"),
    }
    Ok(if report.broken().is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn soak(options: &Options) -> anyhow::Result<Report> {
    let load = Duration::from_secs_f64(options.minutes * 60.0);
    let quiet = Duration::from_secs(if options.minutes < 5.0 { 5 } else { 20 });
    let host = Arc::new(Host::start(&options.host, &options.more).context("the host does not start")?);
    eprintln!("seed {}, host {} at {}", options.seed, host.id(), host.address);
    workers::deploy(host.address).await?;
    let tally = Arc::new(Tally::default());
    // Once through, so that what is made at first is there.
    let mut first = Client::new(host.address, tally.clone(), Random(options.seed | 1));
    for _ in 0..50 {
        first.honest().await;
    }
    let before = echo(&host, quiet, &AtomicBool::new(false)).await;
    let first_sample = host.sample()?;
    let mut samples = Vec::new();
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..options.clients {
        let mut client = Client::new(host.address, tally.clone(), Random((options.seed ^ number << 32) | 1));
        let over = over.clone();
        clients.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                if client.random.one_in(2) {
                    client.attack().await;
                } else {
                    client.honest().await;
                }
            }
        });
    }
    let probe = {
        let (host, over) = (host.clone(), over.clone());
        tokio::spawn(async move { echo(&host, load, &over).await })
    };
    let begun = Instant::now();
    let mut told = 0;
    while begun.elapsed() < load {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let sample = host.sample()?;
        let minute = usize::try_from(begun.elapsed().as_secs() / 60)?;
        if minute > told {
            told = minute;
            eprintln!("minute {minute}: {sample:?}, {} requests", tally.total());
        }
        samples.push((minute, sample));
    }
    over.store(true, Ordering::Relaxed);
    let during = probe.await?;
    // Nobody waits longer than the longest attack.
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(30), clients.join_next()).await {}
    let stuck = clients.len();
    drop(clients);
    // What was given up has its time to end: connections, threads that nobody needs.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let after = echo(&host, quiet, &AtomicBool::new(false)).await;
    let last = host.sample()?;
    let running = workers::running(host.address).await?;
    Ok(Report {
        seed: options.seed,
        clients: options.clients,
        load,
        tally,
        echo: [before, during, after],
        first: first_sample,
        samples,
        last,
        stuck,
        running,
        complaints: host.complaints(),
        alive: host.is_alive(),
    })
}

/// Times of an echo fifty times a second, for so long.
async fn echo(host: &Host, time: Duration, over: &AtomicBool) -> Vec<Duration> {
    let mut client = Client::new(host.address, Arc::default(), Random(1));
    let (begun, mut times) = (Instant::now(), Vec::new());
    let mut turns = tokio::time::interval(Duration::from_millis(20));
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while begun.elapsed() < time && !over.load(Ordering::Relaxed) {
        turns.tick().await;
        let begun = Instant::now();
        if client.echo().await {
            times.push(begun.elapsed());
        }
    }
    times.sort();
    times
}

fn options() -> anyhow::Result<Options> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let mut options = Options {
        minutes: 15.0,
        clients: 48,
        seed: u64::from(now.subsec_nanos()),
        host: process::built()?,
        json: None,
        more: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            options.more.extend(arguments);
            break;
        }
        let value = arguments.next().context(USAGE)?;
        match argument.as_str() {
            "--minutes" => options.minutes = value.parse().context(USAGE)?,
            "--clients" => options.clients = value.parse().context(USAGE)?,
            "--seed" => options.seed = value.parse().context(USAGE)?,
            "--host" => options.host = std::path::absolute(value)?,
            "--json" => options.json = Some(value.into()),
            _ => anyhow::bail!(USAGE),
        }
    }
    Ok(options)
}
