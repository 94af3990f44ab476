//! The command line: made from the table of settings, and taken apart into one of the commands.

use crate::data::Data;
use crate::identity::scope::Role;
use crate::settings::commands::{Build, Output, Run, Serve, beside};
use crate::settings::quantity;
use crate::settings::sources::Sources;
use crate::settings::table::{self, Command, Setting};
use crate::store::OpenAs;
use crate::tokens::{self, Task};
use crate::{author, build, compiler, console, remote, run, serve};
use clap::{Arg, ArgAction, ArgGroup, ArgMatches, value_parser};
use clap_complete::Shell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// The worker ran and failed.
pub const FAILED: u8 = 1;

/// The command was wrong: a bad flag, a missing file, a bad payload, a source that does not build.
pub const WRONG: u8 = 2;

/// Runs the command that the arguments name, and says how it went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(WRONG)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    dispatch(&matches).unwrap_or_else(|error| {
        let text = format!("{error:#}");
        // The diagnostics of a source come as a compiler prints them.
        let prefix = if text.starts_with("error: ") { "" } else { "error: " };
        console::err(format_args!("{prefix}{text}"));
        ExitCode::from(WRONG)
    })
}

fn dispatch(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let argument = |matches: &ArgMatches, name| matches.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    match matches.subcommand() {
        Some(("build", matches)) => build::build(&Build::from(
            sources(matches, Command::Build),
            argument(matches, "entry"),
        )?),
        Some(("run", matches)) => run::run(&Run::from(sources(matches, Command::Run), argument(matches, "worker"))?),
        Some(("serve", matches)) => serve::serve(Serve::from(sources(matches, Command::Serve))?),
        Some(("token", matches)) => token(matches),
        Some(("completions", matches)) => completions(matches),
        Some(("rotate-key", matches)) => rotate_key(&beside(sources(matches, Command::Beside))?),
        Some((compiler::COMMAND, matches)) => compiler::run(
            matches.get_one("cpu").copied().unwrap_or_default(),
            matches.get_one("memory").copied().unwrap_or_default(),
            matches.get_one("confined").copied().unwrap_or(true),
            matches.get_one("folder").cloned(),
        ),
        Some((name, matches)) if author::cli::has(name) => author::cli::dispatch(name, matches),
        Some((name, matches)) => remote::cli::dispatch(name, matches),
        // clap refuses what is no subcommand.
        None => Ok(ExitCode::from(WRONG)),
    }
}

/// Prints the completions of a shell.
fn completions(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let shell = matches.get_one::<Shell>("shell").copied().unwrap_or(Shell::Bash);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "host", &mut script);
    console::out(&script)?;
    Ok(ExitCode::SUCCESS)
}

fn rotate_key(data: &Data) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let number = runtime.block_on(async {
        let store = data.open(OpenAs::Command).await?;
        anyhow::Ok(store.rotate_key().await?)
    })?;
    console::err(format_args!("{number} secrets are sealed with the new master key"));
    Ok(ExitCode::SUCCESS)
}

fn token(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    // clap refuses what is no subcommand.
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(ExitCode::from(WRONG));
    };
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let task = match name {
        "create" => Task::Create {
            subject: text("subject").unwrap_or_default(),
            role: match text("project-admin") {
                Some(key) => Role::ProjectAdmin(key),
                None if matches.get_flag("admin") => Role::Admin,
                None => Role::User,
            },
            expires: match text("expires") {
                None => None,
                Some(text) => match quantity::duration(&text) {
                    Ok(expires) => Some(expires),
                    Err(problem) => anyhow::bail!("--expires: {problem}, not {text:?}"),
                },
            },
        },
        "revoke" => Task::Revoke {
            id: text("id").unwrap_or_default(),
        },
        _ => Task::List,
    };
    let json = name != "revoke" && text("format").as_deref() == Some("json");
    let output = if json { Output::Json } else { Output::Value };
    tokens::run(&beside(sources(matches, Command::Beside))?, task, output)
}

/// The flags that were given, as texts; what they mean is decided in one place for all sources.
pub(crate) fn sources(matches: &ArgMatches, command: Command) -> Sources {
    given(matches, table::of(command))
}

/// The same of any settings.
pub(crate) fn given(matches: &ArgMatches, settings: impl Iterator<Item = &'static Setting>) -> Sources {
    let mut flags = BTreeMap::new();
    for setting in settings {
        let texts = if setting.value.is_empty() {
            matches.get_flag(setting.name).then(|| vec!["true".to_owned()])
        } else {
            matches.get_many(setting.name).map(|texts| texts.cloned().collect())
        };
        flags.extend(texts.map(|texts| (setting.name, texts)));
    }
    Sources::read(flags, |name| std::env::var_os(name))
}

/// The whole command line, as clap takes it apart; the book is written from it.
pub fn command() -> clap::Command {
    let path = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .required(true)
            .value_parser(value_parser!(PathBuf))
            .help(help)
    };
    let build = clap::Command::new("build")
        .about("Build a TypeScript or JavaScript file into a WebAssembly module")
        .arg(path("entry", "The file whose default export is the worker"))
        .args(table::of(Command::Build).map(flag));
    let run = clap::Command::new("run")
        .about("Run a worker once; exits 0 when it succeeds, 1 when it fails, 2 when the command is wrong")
        .arg(path("worker", "A module (.wasm) or a source (.ts, .js, .mts, .mjs)"))
        .after_help("Of a limit that is DEFAULT..MAXIMUM, as a server takes it, the default counts.")
        .args(table::of(Command::Run).map(flag));
    let serve = clap::Command::new("serve")
        .about("Run workers behind POST /worker/api/v1/execute/{key}")
        .after_help(
            "A limit is what a worker gets; as DEFAULT..MAXIMUM (--memory 64MiB..256MiB) a worker that asks for more, in \
             its settings or its manifest, gets that up to the maximum.\n\
             The admin token is taken from HOST_ADMIN_TOKEN, or made and kept in the data folder.",
        )
        .args(table::of(Command::Serve).map(flag));
    clap::Command::new("host")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Builds small TypeScript workers into WebAssembly and runs each request in a fresh sandbox")
        .after_help(
            "Every flag is also an environment variable (--max-executions is HOST_MAX_EXECUTIONS) and a key of \
             host.toml (max-executions = 100). A flag comes before the environment, and that before the file.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        // In the order of an author's day, then an operator's.
        .subcommands(author::cli::commands())
        .subcommands([run, build])
        .subcommands(remote::cli::commands())
        .subcommands([
            serve,
            token_command(),
            rotate_command(),
            completions_command(),
            child_command(),
        ])
}

/// For the server's own children, with the limits it wants them to take.
fn child_command() -> clap::Command {
    clap::Command::new(compiler::COMMAND)
        .hide(true)
        .arg(Arg::new("cpu").required(true).value_parser(value_parser!(u64)))
        .arg(Arg::new("memory").required(true).value_parser(value_parser!(usize)))
        .arg(Arg::new("confined").required(true).value_parser(value_parser!(bool)))
        .arg(Arg::new("folder").value_parser(value_parser!(PathBuf)))
}

fn completions_command() -> clap::Command {
    clap::Command::new("completions")
        .about("Print what makes a shell complete this program's commands and flags")
        .arg(Arg::new("shell").required(true).value_parser(value_parser!(Shell)))
        .after_help(
            "Examples:\n  \
             source <(host completions bash)                                    # for this shell\n  \
             host completions zsh > ~/.zfunc/_host\n  \
             host completions fish > ~/.config/fish/completions/host.fish",
        )
}

fn token_command() -> clap::Command {
    let settings = || table::of(Command::Beside).map(flag);
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let output = || {
        text("format", "text|json", "How it is printed [default: text]")
            .long("output")
            .value_parser(["text", "json"])
    };
    let create = clap::Command::new("create")
        .about("Make a token and print it, the only time it can be seen")
        .arg(text("subject", "NAME", "Who will present it; shown in the history").required(true))
        .arg(
            Arg::new("admin")
                .long("admin")
                .action(ArgAction::SetTrue)
                .help("May do everything"),
        )
        .arg(text(
            "project-admin",
            "KEY",
            "May do everything with the workers of this project",
        ))
        .arg(
            Arg::new("user")
                .long("user")
                .action(ArgAction::SetTrue)
                .help("May execute shared workers"),
        )
        .group(
            ArgGroup::new("role")
                .args(["admin", "project-admin", "user"])
                .required(true),
        )
        .arg(text(
            "expires",
            "DURATION",
            "How long it is valid, such as 12h or 30d [default: for ever]",
        ))
        .arg(output())
        .args(settings());
    let list = clap::Command::new("list")
        .about("List all tokens, without their texts")
        .arg(output())
        .args(settings());
    let revoke = clap::Command::new("revoke")
        .about("Revoke a token; a running server refuses it within a second")
        .arg(Arg::new("id").required(true).value_name("ID").help("As it is listed"))
        .args(settings());
    clap::Command::new("token")
        .about("Make, list and revoke the tokens of a server")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([create, list, revoke])
}

fn rotate_command() -> clap::Command {
    clap::Command::new("rotate-key")
        .about("Seal the secrets of all workers with another master key")
        .after_help(
            "The new key is HOST_MASTER_KEY, or the one in the data folder; the one before is HOST_PREVIOUS_MASTER_KEY. Give \
             both to every server first, then rotate, then take the old one away.",
        )
        .args(table::of(Command::Beside).map(flag))
}

/// A setting as a flag.
pub(crate) fn flag(setting: &table::Setting) -> Arg {
    let flag = Arg::new(setting.name).long(setting.name).help(setting.help);
    let flag = setting.short.into_iter().fold(flag, Arg::short);
    if setting.value.is_empty() {
        flag.action(ArgAction::SetTrue)
    } else {
        let action = if setting.repeats {
            ArgAction::Append
        } else {
            ArgAction::Set
        };
        // -1 is a payload, and for all else a mistake that is told with the others.
        flag.action(action)
            .value_name(setting.value)
            .allow_negative_numbers(true)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
