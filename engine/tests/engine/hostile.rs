//! Attacks on the sandbox. One helper, then data: a case is the code of an attacker and the outcomes it may have. After each
//! the next execution is as if nothing had happened.

mod cpu;
mod data;
mod isolation;
mod memory;
mod modules;
mod wasi;

use crate::fixture::{output, run, run_with, wat, worker};
use engine::{Execution, Limits, Worker};
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Runs its payload as the body of a handler, so that a case costs no build.
async fn any() -> &'static Worker {
    static ANY: OnceCell<Worker> = OnceCell::const_new();
    let source = "const Handler: any = Object.getPrototypeOf(async () => {}).constructor;\n\
        export default (context: any, body: string) => new Handler('context', body)(context)";
    ANY.get_or_init(|| worker(source)).await
}

/// Fuel for some hundredths of a second; much wall time, so that it does not decide on a busy machine.
fn limits() -> Limits {
    Limits {
        fuel: 100_000_000,
        timeout: Duration::from_secs(60),
        ..Limits::default()
    }
}

/// Runs this JavaScript. It gets twenty times the fuel, so that it comes to an end if it has one.
async fn javascript(body: &str) -> Execution {
    let more = Limits {
        fuel: 2_000_000_000,
        ..limits()
    };
    run_with(any().await, &serde_json::to_string(body).unwrap(), more).await
}

/// Runs the bodies of handlers; each must end with one of the codes, which are divided by `|`.
async fn attack(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (body, expected) in cases {
        let execution = match *expected {
            "cpu_limit" => run_with(any().await, &serde_json::to_string(body).unwrap(), limits()).await,
            _ => javascript(body).await,
        };
        wrong.extend(ended(body, &execution, expected));
        is_well().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs modules whose fields these are; each must end with one of the codes.
async fn attack_with_modules(cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (fields, expected) in cases {
        let worker = wat(&format!("(module {fields})"));
        wrong.extend(ended(fields, &run_with(&worker, "", limits()).await, expected));
        is_well().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the end of an attack.
fn ended(attack: &str, execution: &Execution, expected: &str) -> Option<String> {
    let code = execution.outcome.code();
    let leaves = !execution.output.is_empty() || !execution.state_changes.is_empty();
    let right = expected.split('|').any(|one| one == code) && (code == "success" || !leaves);
    (!right).then(|| format!("{attack}: {:.300}", format!("{:?}", execution.outcome)))
}

/// The next execution is right.
async fn is_well() {
    static ECHO: OnceCell<Worker> = OnceCell::const_new();
    let echo = ECHO.get_or_init(|| worker("export default async (context: any, data: any) => data"));
    assert_eq!(output(&run(echo.await, "[1]").await), "[1]");
}

/// Also gives the longest time for which it held its thread, as the thread's own clock has it: what else runs on the machine
/// does not count.
async fn longest_hold<T>(execution: impl Future<Output = T>) -> (T, Duration) {
    let now = || Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime)).unwrap();
    let mut execution = pin!(execution);
    let mut longest = Duration::ZERO;
    let value = poll_fn(|task| {
        let before = now();
        let polled = execution.as_mut().poll(task);
        longest = longest.max(now() - before);
        polled
    })
    .await;
    (value, longest)
}
