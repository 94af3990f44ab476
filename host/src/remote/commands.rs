//! The command line of the commands that ask a running server: what each takes, and examples.

use super::takes::{Takes, of_all, of_deploy, of_execute, of_login, of_project, of_run, settings};
use crate::cli::flag;
use crate::manifest::is_key;
use clap::builder::Str;
use clap::{Arg, ArgAction, Command, value_parser};
use std::path::PathBuf;

/// Said to each of them.
const WHERE: &str = "The server is --server, HOST_SERVER, server in host.toml, the first of host login, or \
                     http://127.0.0.1:8080.\nA token is better set as HOST_TOKEN, or kept by host login, than given as --token.";

/// All of them.
pub fn all() -> [Command; 11] {
    [
        deploy(),
        undeploy(),
        list(),
        execute(),
        logs(),
        history(),
        replay(),
        versions(),
        roll_back(),
        secret(),
        login(),
    ]
}

fn command(name: &'static str, about: &'static str, examples: &[&str], takes: Takes) -> Command {
    let examples: Vec<String> = examples.iter().map(|example| format!("  {example}\n")).collect();
    Command::new(name)
        .about(about)
        .after_help(format!("Examples:\n{}\n{WHERE}", examples.concat()))
        .args(settings(takes).map(flag))
}

fn deploy() -> Command {
    command(
        "deploy",
        "Make a worker of a server from its folder, or its new version",
        &[
            "host deploy                             of the folder here, with its manifest.json",
            "host deploy workers/echo --server prod  to a server of host login",
            "host deploy --output json               for a script: key, version and URL",
        ],
        of_deploy,
    )
    .arg(
        Arg::new("folder")
            .value_name("FOLDER")
            .value_parser(value_parser!(PathBuf))
            .default_value(".")
            .help("The folder of the worker"),
    )
    .arg(format())
}

fn undeploy() -> Command {
    command(
        "undeploy",
        "Delete a worker, with its versions, secrets and state",
        &["host undeploy echo", "host undeploy echo --server prod"],
        of_all,
    )
    .arg(key())
}

fn list() -> Command {
    command(
        "list",
        "List the workers that are deployed on a server",
        &["host list", "host list --project web", "host list --output json"],
        of_project,
    )
    .arg(format())
}

fn execute() -> Command {
    command(
        "execute",
        "Execute a worker of a server; exits 0 when it succeeds, 1 when it fails, 2 when the command is wrong",
        &[
            "host execute echo --payload '{\"foo\":\"bar\"}'",
            "host execute echo --payload @payload.json --output json",
            "jq .event log.json | host execute echo",
        ],
        of_execute,
    )
    .arg(key())
}

fn logs() -> Command {
    command(
        "logs",
        "Show what the executions of a worker logged",
        &[
            "host logs echo             the last executions, the newest at the end",
            "host logs echo --follow    those that end from now on, until Ctrl-C",
        ],
        of_project,
    )
    .arg(key())
    .arg(
        Arg::new("follow")
            .long("follow")
            .short('f')
            .action(ArgAction::SetTrue)
            .conflicts_with("limit")
            .help("Show executions as they end, from now on"),
    )
    .arg(limit("10"))
    .arg(format())
}

fn history() -> Command {
    command(
        "history",
        "List the executions of a worker, the newest first",
        &[
            "host history echo",
            "host history echo --status fail --limit 5",
            "host history echo --output json    with payloads, results and logs",
        ],
        of_project,
    )
    .arg(key())
    .arg(
        Arg::new("status")
            .long("status")
            .value_name("success|fail")
            .value_parser(["success", "fail"])
            .hide_possible_values(true)
            .help("Only those that ended so"),
    )
    .arg(limit("20"))
    .arg(format())
}

fn replay() -> Command {
    command(
        "replay",
        "Run a worker here, once, with the payload of an execution on a server",
        &[
            "host replay 0198f3c2-5b7e-7a31-9c55-2f1f4be3a0d1               the worker of the folder here",
            "host replay 0198f3c2-5b7e-7a31-9c55-2f1f4be3a0d1 worker.ts --timeout 1m",
        ],
        |setting| of_all(setting) || of_run(setting),
    )
    .arg(
        Arg::new("execution")
            .required(true)
            .value_name("EXECUTION")
            .help("As host history lists it; X-Execution-Id of an answer"),
    )
    .arg(
        Arg::new("worker")
            .value_name("WORKER-FILE")
            .value_parser(value_parser!(PathBuf))
            .help("A source or a module [default: that of manifest.json here, if it is of the same worker]"),
    )
    .arg(
        Arg::new("key")
            .long("key")
            .value_name("KEY")
            .value_parser(worker_key)
            .help("The worker that was executed, which makes it quicker to find"),
    )
}

fn versions() -> Command {
    command(
        "versions",
        "List the versions of a worker, the newest first",
        &["host versions echo", "host versions echo --output json"],
        of_all,
    )
    .arg(key())
    .arg(format())
}

fn roll_back() -> Command {
    command(
        "rollback",
        "Make a copy of an older version the current one",
        &[
            "host rollback echo      of the version before the current one",
            "host rollback echo 7",
        ],
        of_all,
    )
    .arg(key())
    .arg(
        Arg::new("version")
            .value_name("VERSION")
            .value_parser(value_parser!(i64).range(1..))
            .help("As host versions lists it [default: the one before the current one]"),
    )
    .arg(format())
}

fn secret() -> Command {
    let name = || Arg::new("name").required(true).value_name("NAME").help("The secret");
    let put = command(
        "put",
        "Set a secret to what is typed, or piped to stdin; never an argument",
        &[
            "host secret put echo API_KEY                  asks, and does not show what is typed",
            "pass show api | host secret put echo API_KEY",
        ],
        of_all,
    );
    let list = command(
        "list",
        "List the names of the secrets; their values are never told",
        &["host secret list echo", "host secret list echo --output json"],
        of_all,
    );
    let delete = command(
        "delete",
        "Remove a secret",
        &[
            "host secret delete echo API_KEY",
            "host secret delete echo API_KEY --server prod",
        ],
        of_all,
    );
    Command::new("secret")
        .about("Set, list and remove the secrets of a worker")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            put.arg(key()).arg(name()),
            list.arg(key()).arg(format()),
            delete.arg(key()).arg(name()),
        ])
}

fn login() -> Command {
    Command::new("login")
        .about("Keep the address of a server and a token for it, checked, for the commands that ask a server")
        .after_help(
            "Examples:\n  \
               host login --server https://workers.example.com         asks for the token, and does not show it\n  \
               host login prod --server https://workers.example.com < token\n\n\
             They are kept in worker-host/servers.toml in $XDG_CONFIG_HOME or ~/.config, which only you can read.",
        )
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .help("What --server calls it from now on; the first is the default [default: the server's host name]"),
        )
        .args(settings(of_login).map(flag))
}

fn key() -> Arg {
    Arg::new("key")
        .required(true)
        .value_name("KEY")
        .value_parser(worker_key)
        .help("The worker, as its manifest names it")
}

fn worker_key(key: &str) -> Result<String, &'static str> {
    match is_key(key) {
        true => Ok(key.to_owned()),
        false => Err("expected at most 64 letters, digits, _, . and -, the first a letter or a digit"),
    }
}

fn format() -> Arg {
    Arg::new("format")
        .long("output")
        .value_name("text|json")
        .value_parser(["text", "json"])
        .hide_possible_values(true)
        .help("How it is printed [default: text]")
}

fn limit(default: impl Into<Str>) -> Arg {
    let default: Str = default.into();
    let help = format!("How many at most, up to 1000 [default: {default}]");
    Arg::new("limit")
        .long("limit")
        .value_name("N")
        .value_parser(value_parser!(u32).range(1..=1000))
        .default_value(default)
        .hide_default_value(true)
        .help(help)
}
