//! The host beside what one would run instead: the same two workers, an echo and some work for the CPU, on every runtime
//! that is installed, against plain hyper as the limit.
//!
//! ```sh
//! bash benches/compare/setup.sh                                                      # installs the others
//! cargo build --release -p host && cargo run --release -p benches --example compare -- --out results
//! ```
//!
//! The server has one core and the load generator, which checks every answer, another. Nothing else should run. Prints
//! the table; `--out` keeps it, a chart, and every measurement.

mod answer;
mod chart;
mod contestants;
mod load;
mod machine;
mod places;
mod plain;
mod process;
mod report;
mod rounds;

use anyhow::{Context, bail, ensure};
use contestants::{CONTESTANTS, Contestant};
use places::Places;
use rounds::Record;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "usage: compare [--peers NAME,…] [--reps N] [--seconds N] [--out FOLDER] [--host PATH]";

/// What was asked for.
struct Options {
    /// Hyper is the first.
    chosen: Vec<&'static Contestant>,
    reps: usize,
    seconds: f64,
    out: Option<PathBuf>,
    host: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    // One thread, also for plain hyper: a second could only take the one core away from the first.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, port] = &*arguments
        && command == "serve-plain"
    {
        return runtime.block_on(plain::serve(port.parse()?));
    }
    let options = options(arguments)?;
    runtime.block_on(compare(options))
}

async fn compare(options: Options) -> anyhow::Result<()> {
    process::pin(process::OWN_CORE)?;
    let places = Places::new(options.host)?;
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // A server ends with its value, so whatever ends this future ends the server too.
    let record = tokio::select! {
        record = rounds::run(options.chosen, &places, options.reps, Duration::from_secs_f64(options.seconds)) => record?,
        _ = interrupt.recv() => bail!("interrupted"),
        _ = terminate.recv() => bail!("terminated"),
    };
    let rows = report::rows(&record);
    let table = report::markdown(&record, &rows);
    print!("{table}");
    match options.out {
        Some(folder) => keep(&folder, &record, &table, &chart::svg(&rows)?),
        None => Ok(()),
    }
}

fn keep(folder: &Path, record: &Record, table: &str, chart: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("results.json"), serde_json::to_vec_pretty(record)?)?;
    std::fs::write(folder.join("table.md"), table)?;
    std::fs::write(folder.join("chart.svg"), chart)?;
    Ok(())
}

fn options(arguments: Vec<String>) -> anyhow::Result<Options> {
    let mut options = Options {
        chosen: CONTESTANTS.iter().collect(),
        reps: 5,
        seconds: 3.0,
        out: None,
        host: None,
    };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let value = arguments.next().context(USAGE)?;
        match &*argument {
            "--peers" => options.chosen = chosen(&value)?,
            "--reps" => options.reps = value.parse().context(USAGE)?,
            "--seconds" => options.seconds = value.parse().context(USAGE)?,
            "--out" => options.out = Some(value.into()),
            "--host" => options.host = Some(value.into()),
            _ => bail!(USAGE),
        }
    }
    ensure!(options.reps > 0 && options.seconds > 0.0, USAGE);
    Ok(options)
}

/// Those that were named; hyper always takes part.
fn chosen(names: &str) -> anyhow::Result<Vec<&'static Contestant>> {
    let names: Vec<&str> = names.split(',').collect();
    let known: Vec<&str> = CONTESTANTS.iter().map(|contestant| contestant.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        bail!("{unknown:?} is none of {}", known.join(", "));
    }
    let chosen = |contestant: &&Contestant| contestant.name == "hyper" || names.contains(&contestant.name);
    Ok(CONTESTANTS.iter().filter(chosen).collect())
}
