//! Takes the command line of the commands that ask a running server apart, and does what it says.

use super::client::Client;
use super::history::Asked;
use super::place::Place;
use super::takes::{self, Takes, of_all, of_deploy, of_execute, of_login, of_project, of_run};
use super::{deploy, execute, history, login, logs, replay, secrets, versions, workers};
use crate::cli::{WRONG, given};
use crate::run;
use crate::settings::commands::{Output, Run};
use crate::settings::remote::{self, Remote};
use clap::ArgMatches;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub use super::commands::all as commands;

/// Runs the command of this name.
pub fn dispatch(name: &str, matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match name {
        "replay" => return replay(matches, &runtime),
        "execute" => {
            let (remote, settings) = remote::execute(given(matches, takes::settings(of_execute)))?;
            let client = client(&remote)?;
            let executing = execute::execute(&client, key(matches), remote.project.as_deref(), &settings);
            return runtime.block_on(executing);
        }
        "deploy" => {
            let (remote, cache) = remote::deploy(given(matches, takes::settings(of_deploy)))?;
            let folder = matches
                .get_one::<PathBuf>("folder")
                .map_or(Path::new("."), PathBuf::as_path);
            let project = remote.project.as_deref();
            let client = client(&remote)?;
            runtime.block_on(deploy::deploy(&client, folder, project, &cache, output(matches)))?;
        }
        "login" => {
            let name = matches.get_one::<String>("name").map(String::as_str);
            runtime.block_on(login::login(&settings(matches, of_login)?, name))?;
        }
        "secret" => match matches.subcommand() {
            Some((name, matches)) => runtime.block_on(secret(name, matches))?,
            // clap refuses what is no subcommand.
            None => return Ok(ExitCode::from(WRONG)),
        },
        name => runtime.block_on(simple(name, matches))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Those that print what one request answers.
async fn simple(name: &str, matches: &ArgMatches) -> anyhow::Result<()> {
    let takes: Takes = match name {
        "list" | "logs" | "history" => of_project,
        _ => of_all,
    };
    let remote = settings(matches, takes)?;
    let project = remote.project.as_deref();
    let client = client(&remote)?;
    let asked = |status| Asked {
        key: key(matches),
        status,
        limit: matches.get_one("limit").copied().unwrap_or(10),
        project,
    };
    match name {
        "undeploy" => workers::undeploy(&client, key(matches)).await,
        "list" => workers::list(&client, project, output(matches)).await,
        "logs" if matches.get_flag("follow") => logs::follow(&client, key(matches), output(matches)).await,
        "logs" => logs::last(&client, &asked(None), output(matches)).await,
        "history" => {
            let status = matches.get_one::<String>("status").map(|status| match status.as_str() {
                "success" => "STATUS_SUCCESS",
                _ => "STATUS_FAIL",
            });
            history::history(&client, &asked(status), output(matches)).await
        }
        "versions" => versions::versions(&client, key(matches), output(matches)).await,
        _ => {
            let number = matches.get_one("version").copied();
            versions::roll_back(&client, key(matches), number, output(matches)).await
        }
    }
}

async fn secret(command: &str, matches: &ArgMatches) -> anyhow::Result<()> {
    let client = client(&settings(matches, of_all)?)?;
    let name = || matches.get_one::<String>("name").map_or("", String::as_str);
    match command {
        "put" => secrets::put(&client, key(matches), name()).await,
        "list" => secrets::list(&client, key(matches), output(matches)).await,
        _ => secrets::delete(&client, key(matches), name()).await,
    }
}

fn replay(matches: &ArgMatches, runtime: &tokio::runtime::Runtime) -> anyhow::Result<ExitCode> {
    let client = client(&settings(matches, of_all)?)?;
    let id = matches.get_one::<String>("execution").map_or("", String::as_str);
    let key = matches.get_one::<String>("key").map(String::as_str);
    let entry = runtime.block_on(replay::recorded(&client, id, key))?;
    let file = replay::file(matches.get_one::<PathBuf>("worker").map(PathBuf::as_path), &entry)?;
    let run = Run::from(given(matches, takes::settings(of_run)), file)?;
    let payload = run::checked(replay::payload(&entry)?, run.limits.payload_bytes)?;
    run::once(&run, payload)
}

fn settings(matches: &ArgMatches, takes: Takes) -> anyhow::Result<Remote> {
    Ok(remote::remote(given(matches, takes::settings(takes)))?)
}

fn client(remote: &Remote) -> anyhow::Result<Client> {
    Ok(Client::new(Place::of(remote)?))
}

/// clap has checked it.
fn key(matches: &ArgMatches) -> &str {
    matches.get_one::<String>("key").map_or("", String::as_str)
}

fn output(matches: &ArgMatches) -> Output {
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => Output::Json,
        _ => Output::Value,
    }
}
