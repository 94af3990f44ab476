//! `host run`: one worker, one payload, one execution.

use crate::cli::FAILED;
use crate::context::Gate;
use crate::excerpt::excerpt;
use crate::settings::commands::{Output, PayloadFrom, Run};
use crate::source::Code;
use crate::{answer, build, console, source};
use anyhow::Context;
use bytes::Bytes;
use engine::{Execution, Level, Limits, Outcome, Payload, PayloadError, Request, Thrown};
use std::fmt::Write;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

/// Said of a worker that returned a value and failed nevertheless.
pub const SAYS_FAILED: &str = "the worker returned an executionStatus that says it failed";

/// Runs the worker once and prints what became of it.
pub fn run(settings: &Run) -> anyhow::Result<ExitCode> {
    // The payload first: it is checked in no time, a source takes longer.
    let most = settings.limits.payload_bytes;
    let payload = checked(payload(&settings.payload, most)?, most)?;
    once(settings, payload)
}

/// The same with a payload from elsewhere.
pub fn once(settings: &Run, payload: Payload) -> anyhow::Result<ExitCode> {
    let (folder, name) = source::place(&settings.worker);
    let code = source::read(&settings.worker, &name, &folder)?;
    // What a module was made of may have changed since.
    let is_source = matches!(code, Code::Source(_));
    let engine = build::engine(&settings.cache, &settings.limits)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (execution, worker) = runtime.block_on(async {
        let worker = source::load(&engine, code).await?;
        let gate = Gate::new(settings.outside.clone());
        let context = gate.context(Vec::new(), settings.properties.clone(), settings.secrets.clone());
        let request = Request {
            payload,
            environment: Vec::new(),
            limits: settings.limits.clone(),
            grants: gate.grants(&context, 0),
        };
        // Nothing cancels it but the end of the process.
        let execution = engine.run(&worker, request, std::future::pending()).await?;
        anyhow::Ok((execution, worker))
    })?;
    let printed = match settings.output {
        Output::Value => value(&execution, is_source.then_some(&*folder)),
        Output::Json => json(&execution),
    };
    if let Some(hint) = hint(&execution, &settings.limits) {
        console::err(hint);
    }
    // Unmapping gigabytes of address space takes a millisecond; the end of the process does it in any case.
    std::mem::forget((worker, engine, runtime));
    printed.context("cannot write the result")?;
    Ok(if answer::succeeded(&execution) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// The bytes of a payload, still to be checked: of more than `most`, what shows that there are more.
pub fn payload(from: &PayloadFrom, most: usize) -> anyhow::Result<Vec<u8>> {
    let read = |from: &mut dyn Read| read(from, most);
    Ok(match from {
        PayloadFrom::Text(text) => text.clone().into_bytes(),
        PayloadFrom::File(path) => std::fs::File::open(path)
            .and_then(|mut file| read(&mut file))
            .with_context(|| format!("cannot read the payload from {}", path.display()))?,
        PayloadFrom::StdinIfPiped if std::io::stdin().is_terminal() => Vec::new(),
        PayloadFrom::Stdin | PayloadFrom::StdinIfPiped => {
            read(&mut std::io::stdin().lock()).context("cannot read the payload from stdin")?
        }
    })
}

/// A document of at most so many bytes.
pub fn checked(bytes: Vec<u8>, most: usize) -> anyhow::Result<Payload> {
    Payload::parse(Bytes::from(bytes), most).map_err(|error| match error {
        // What was read of it is cut, so its size is not known.
        PayloadError::TooLarge { .. } => {
            anyhow::anyhow!("the payload has more than the {most} bytes allowed; raise the limit with --payload-size")
        }
        error => error.into(),
    })
}

/// Reads no more than what shows that it is too much.
fn read(from: &mut dyn Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The returned value on stdout; logs and failure on stderr.
fn value(execution: &Execution, folder: Option<&Path>) -> std::io::Result<()> {
    for line in execution.logs.lines() {
        console::err(format_args!("[{:<5}] - {}", level(line.level), line.message));
    }
    if !execution.outcome.is_success() {
        let outcome = &execution.outcome;
        console::err(console::printable(&failure_in(
            folder,
            outcome.message(),
            outcome.thrown(),
        )));
        return Ok(());
    }
    if !answer::succeeded(execution) {
        console::err(SAYS_FAILED);
    }
    let value = execution.output.trim_ascii();
    if value.is_empty() {
        Ok(())
    } else {
        console::out(&[value, b"\n"].concat())
    }
}

fn json(execution: &Execution) -> std::io::Result<()> {
    let mut document = answer::document(execution);
    document.push(b'\n');
    console::out(&document)
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warn",
        Level::Info => "info",
        Level::Debug => "debug",
    }
}

/// The sentence, the stack, and the same of each cause.
pub fn failure(message: String, thrown: Option<&Thrown>) -> String {
    failure_in(None, message, thrown)
}

/// The same with the author's line in `folder`.
pub fn failure_in(folder: Option<&Path>, message: String, thrown: Option<&Thrown>) -> String {
    let (mut text, mut next) = (message, thrown);
    while let Some(Thrown { stack, cause, .. }) = next {
        if let Some(excerpt) = folder.and_then(|folder| excerpt(folder, stack)) {
            let _ = write!(text, "\n{excerpt}");
        }
        for frame in stack {
            let _ = write!(text, "\n    {frame}");
        }
        next = cause.as_deref();
        if let Some(Thrown { name, message, .. }) = next {
            let _ = write!(text, "\ncaused by {name}: {message}");
        }
    }
    text
}

/// Which limit ended it, or cut its log, and the flag that raises it.
pub(crate) fn hint(execution: &Execution, limits: &Limits) -> Option<String> {
    let usage = &execution.usage;
    let (limit, flag) = match execution.outcome {
        // Two limits share this outcome. Fuel may end a moment short of its limit, time never does.
        Outcome::CpuLimit if usage.cpu >= limits.cpu => {
            let limit = format!("{:?} on a CPU, and it used {:.1?}", limits.cpu, usage.cpu);
            (limit, "--cpu")
        }
        Outcome::CpuLimit => {
            let limit = format!("{} units of fuel, and it used {}", limits.fuel, usage.fuel);
            (limit, "--fuel")
        }
        Outcome::TimeLimit => {
            let limit = format!("{:?}, and it took {:.1?}", limits.timeout, usage.wall);
            (limit, "--timeout")
        }
        Outcome::MemoryLimit => {
            let (limit, had) = (limits.memory_bytes, usage.peak_memory_bytes);
            (
                format!("{limit} bytes of memory, and it had {had} when it wanted more"),
                "--memory",
            )
        }
        Outcome::OutputTooLarge => (format!("{} bytes of JSON", limits.output_bytes), "--output-size"),
        Outcome::HostCallLimit => (format!("{} host calls", limits.host_calls), "--host-calls"),
        _ if execution.logs.is_cut() => {
            let Limits {
                log_bytes, log_lines, ..
            } = limits;
            let limit = format!("{log_bytes} bytes of log and {log_lines} lines");
            (limit, "--log-size or --log-lines")
        }
        _ => return None,
    };
    Some(format!("the limit is {limit}; raise it with {flag}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_failure_shows_every_cause() {
        let inner = Thrown {
            name: "TypeError".into(),
            message: "inner".into(),
            stack: vec!["at g".into()],
            cause: None,
        };
        let outer = Thrown {
            name: "Error".into(),
            message: "outer".into(),
            stack: vec!["at f".into()],
            cause: Some(Box::new(inner)),
        };
        let text = failure("Error: outer".into(), Some(&outer));
        assert_eq!(text, "Error: outer\n    at f\ncaused by TypeError: inner\n    at g");
    }

    #[test]
    fn limits_name_their_flag() {
        let hint = |outcome, cpu| {
            let usage = engine::Usage {
                cpu,
                ..engine::Usage::default()
            };
            let execution = Execution {
                outcome,
                output: Bytes::new(),
                logs: engine::Logs::default(),
                state_changes: engine::StateChanges::default(),
                usage,
            };
            hint(&execution, &Limits::default()).unwrap_or_default()
        };
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(2));
        assert_eq!(
            hint(Outcome::TimeLimit, short),
            "the limit is 5s, and it took 0.0ns; raise it with --timeout"
        );
        assert_eq!(
            hint(Outcome::CpuLimit, long),
            "the limit is 2s on a CPU, and it used 2.0s; raise it with --cpu"
        );
        assert!(hint(Outcome::CpuLimit, short).ends_with("--fuel"));
        assert!(hint(Outcome::MemoryLimit, long).ends_with("--memory"));
        assert!(hint(Outcome::OutputTooLarge, short).ends_with("1048576 bytes of JSON; raise it with --output-size"));
        assert!(hint(Outcome::HostCallLimit, short).ends_with("10000 host calls; raise it with --host-calls"));
        assert_eq!(hint(Outcome::Unsettled, short), "");
    }
}
