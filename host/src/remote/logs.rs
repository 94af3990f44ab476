//! `host logs`: what the executions of a worker logged, the last ones or those to come.

use super::client::{Client, Content, part};
use super::entry::Entry;
use super::events::{Event, Events};
use super::history::{self, Asked};
use crate::console::{self, printable};
use crate::settings::commands::Output;
use anyhow::bail;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// For the head of an answer, which comes at once.
const HEAD: Duration = Duration::from_secs(30);
/// How long is waited before a server that went away is asked again, at first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// An answer that ends sooner was not ended by its time.
const SHORT: Duration = Duration::from_secs(10);

/// What `event: dropped` tells.
#[derive(Deserialize)]
struct Dropped {
    executions: u64,
}

/// Prints the last ones, the newest at the end.
pub async fn last(client: &Client, asked: &Asked<'_>, output: Output) -> anyhow::Result<()> {
    let body = history::ask(client, asked).await?.body;
    let mut entries: Vec<&RawValue> = serde_json::from_slice(&body)?;
    entries.reverse();
    if entries.is_empty() {
        console::err(format_args!("the history has no execution of {}", asked.key));
    }
    for entry in entries {
        if !print(entry.get(), output)? {
            break;
        }
    }
    Ok(())
}

/// Prints those that end from now on, until nobody reads it any more. The server ends each answer after some minutes; it is
/// asked again then, and when it has been away.
pub async fn follow(client: &Client, key: &str, output: Output) -> anyhow::Result<()> {
    let path = format!("v2/workers/{}/logs", part(key));
    let mut pause = Duration::ZERO;
    let (mut is_first, mut is_away) = (true, false);
    loop {
        let begun = Instant::now();
        let response = client.open(Method::GET, &path, Content::Nothing, HEAD).await;
        let problem = match response {
            Ok(response) if response.status() == StatusCode::OK => {
                if is_first {
                    console::err(format_args!("following {key}; end it with Ctrl-C"));
                } else if is_away {
                    console::err(format_args!("following {key} again"));
                }
                (is_first, is_away) = (false, false);
                let mut events = Events::new(client, response.into_body());
                match told(&mut events, output).await {
                    Ok(true) => None,
                    Ok(false) => return Ok(()),
                    Err(Broken::Server(error)) => Some(error),
                    Err(Broken::Output(error)) => return Err(error.into()),
                }
            }
            // One that was reached before may be starting again, and may have a place later.
            Ok(response) if !is_first && may_pass(response.status()) => Some(anyhow::anyhow!("{}", response.status())),
            Ok(response) => {
                let answer = client.succeeded(client.read(response).await?, Some(key)).await?;
                bail!("{} answers {}, and tells nothing", client.place.address, answer.status);
            }
            Err(error) if is_first => return Err(error),
            Err(error) => Some(error),
        };
        if let Some(problem) = problem.as_ref().filter(|_| !is_away) {
            console::err(printable(&format!("{problem}; trying again")));
            is_away = true;
        }
        if problem.is_none() && begun.elapsed() > SHORT {
            pause = Duration::ZERO;
        } else {
            pause = (pause * 2).clamp(AGAIN.0, AGAIN.1);
            sleep(pause).await;
        }
    }
}

enum Broken {
    /// It went away.
    Server(anyhow::Error),
    /// What is printed cannot be written.
    Output(std::io::Error),
}

/// Prints what is told until the server ends it; whether anybody still reads.
async fn told(events: &mut Events<'_>, output: Output) -> Result<bool, Broken> {
    while let Some(Event { name, data }) = events.next().await.map_err(Broken::Server)? {
        if name == "dropped" {
            let lost = serde_json::from_str(&data).map_or(0, |Dropped { executions }| executions);
            console::err(format_args!(
                "{lost} executions are not shown: they came faster than they were read"
            ));
        } else if name == "execution" && !print(&data, output).map_err(Broken::Output)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// One of them; whether anybody still reads.
fn print(entry: &str, output: Output) -> std::io::Result<bool> {
    if output == Output::Json {
        return console::offer(format!("{entry}\n").as_bytes());
    }
    match serde_json::from_str::<Entry>(entry) {
        Ok(entry) => console::offer(printable(&entry.text()).as_bytes()),
        Err(error) => {
            console::err(format_args!("an execution cannot be shown: {error}"));
            Ok(true)
        }
    }
}

fn may_pass(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}
