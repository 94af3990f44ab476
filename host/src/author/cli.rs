//! The command lines of an author, and which function each of them means.

use super::{check, dev, doctor, init, inspect, template, test, types};
use crate::cli::{WRONG, flag, given, sources};
use crate::settings::author::{Author, Dev, Doctor};
use crate::settings::table::{self, Command, Setting};
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::path::PathBuf;
use std::process::ExitCode;

const NAMES: [&str; 7] = ["init", "dev", "types", "check", "test", "inspect", "doctor"];

/// Whether `name` is one of these commands.
pub fn has(name: &str) -> bool {
    NAMES.contains(&name)
}

/// All of them.
pub fn commands() -> [clap::Command; NAMES.len()] {
    [init(), dev(), types(), check(), test(), inspect(), doctor()]
}

/// Runs the one of this name.
pub fn dispatch(name: &str, matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let place = || path("place").unwrap_or_else(|| ".".into());
    match name {
        "init" => init::init(
            &text("name").unwrap_or_else(|| init::DEFAULT_NAME.into()),
            &text("template").unwrap_or_default(),
        ),
        "dev" => dev::dev(Dev::from(given(matches, dev_settings()))?, &place()),
        "types" => types::types(&place()),
        "check" => check::check(&Author::from(sources(matches, Command::Check))?, &place()),
        "test" => {
            let options = test::Options {
                place: place(),
                watch: matches.get_flag("watch"),
                update: matches.get_flag("update"),
                junit: path("junit"),
                filter: text("filter"),
            };
            test::test(&Author::from(sources(matches, Command::Test))?, &options)
        }
        "inspect" => inspect::inspect(&place(), text("output").as_deref() == Some("json")),
        "doctor" => doctor::doctor(&Doctor::from(|| sources(matches, Command::Doctor))),
        _ => Ok(ExitCode::from(WRONG)),
    }
}

fn place(value: &'static str, help: &'static str) -> Arg {
    Arg::new("place")
        .value_name(value)
        .value_parser(value_parser!(PathBuf))
        .help(help)
}

fn init() -> clap::Command {
    clap::Command::new("init")
        .about("Make the folder of a new worker, with types, cases and a test")
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .help("The worker's key and its folder [default: worker]"),
        )
        .arg(
            Arg::new("template")
                .long("template")
                .value_name("NAME")
                .default_value(template::ALL[0].name)
                .value_parser(template::ALL.map(|template| template.name))
                .help("What it is written in"),
        )
        .after_help(
            "Examples:\n  \
             host init                                        # a TypeScript worker in ./worker\n  \
             host init greeter --template javascript\n  \
             host init greeter && cd greeter && host test     # and it passes",
        )
}

fn dev_settings() -> impl Iterator<Item = &'static Setting> {
    table::of(Command::Dev).chain(table::of(Command::Test))
}

fn dev() -> clap::Command {
    clap::Command::new("dev")
        .about("Serve workers while they are written: every change is built at once, every execution shown")
        .arg(place(
            "FOLDER|FILE",
            "A worker's folder, a folder of such folders, or a source [default: this folder]",
        ))
        .args(dev_settings().map(flag))
        .after_help(
            "While a worker does not build, what was built before is served. State is kept until the command ends. Programs\n\
             of this machine need no token; a page in a browser needs any.\n\n\
             Examples:\n  \
             host dev\n  \
             host dev greeter --secret KEY=TEXT --allow-net api.example.com\n  \
             curl -XPOST localhost:8080/worker/api/v1/execute/greeter --data '{\"name\":\"you\"}'",
        )
}

fn types() -> clap::Command {
    clap::Command::new("types")
        .about("Write the type declarations of workers into a project, or bring them up to date")
        .arg(place("FOLDER", "The worker's folder [default: this one]"))
        .after_help(
            "They go to .worker/types, and are found through tsconfig.json as `host init` writes it.\n\n\
             Examples:\n  \
             host types               # after a new version of this program\n  \
             host types greeter",
        )
}

fn check() -> clap::Command {
    clap::Command::new("check")
        .about("Tell everything that is wrong with a worker before it is deployed")
        .arg(place(
            "FOLDER|FILE",
            "A worker's folder, a folder of such folders, or a source [default: this folder]",
        ))
        .args(table::of(Command::Check).map(flag))
        .after_help(
            "Checks the manifest, whether the source builds, cases.json, and the types when tsc is installed.\n\
             Exits 0 when all is well, 1 when something is wrong with the worker, 2 when the command is wrong.\n\n\
             Examples:\n  \
             host check\n  \
             host check workers                         # every worker in it\n  \
             host check greeter --memory 64MiB..256MiB  # as a host that allows more memory",
        )
}

fn test() -> clap::Command {
    let switch =
        |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    clap::Command::new("test")
        .about("Run a worker's cases and its own tests, each in a fresh sandbox")
        .arg(place(
            "FOLDER|FILE",
            "A worker's folder, a folder of such folders, a source, or one file of tests [default: this folder]",
        ))
        .arg(switch("watch", "Run again whenever a file changes, until it is interrupted").conflicts_with("update"))
        .arg(switch("update", "Write into cases.json what the worker answers now"))
        .arg(
            Arg::new("junit")
                .long("junit")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write the results as JUnit XML, too"),
        )
        .arg(
            Arg::new("filter")
                .long("filter")
                .value_name("TEXT")
                .help("Only cases and tests with this text in their names"),
        )
        .args(table::of(Command::Test).map(flag))
        .after_help(
            "Cases are cases.json: a list of {name, payload, data | failure, logs, secrets, properties, state}. Tests are\n\
             files called *.test.ts, .js, .mts or .mjs, which use node:test, node:assert and jfrog-workers/testing.\n\
             Exits 0 when all passed, 1 when one failed, 2 when the command is wrong.\n\n\
             Examples:\n  \
             host test --watch\n  \
             host test greeter --filter name --update\n  \
             host test workers --junit results.xml",
        )
}

fn inspect() -> clap::Command {
    clap::Command::new("inspect")
        .about("Show what is in a module: imports, exports, sizes, memory, the files it was made of")
        .arg(place("WORKER.wasm", "The module").required(true))
        .arg(
            Arg::new("output")
                .long("output")
                .value_name("text|json")
                .value_parser(["text", "json"])
                .help("How it is printed [default: text]"),
        )
        .after_help(
            "Examples:\n  \
             host build worker.ts && host inspect worker.wasm\n  \
             host inspect worker.wasm --output json",
        )
}

fn doctor() -> clap::Command {
    clap::Command::new("doctor")
        .about("Tell what of this machine and this installation works, and what to do about the rest")
        .args(table::of(Command::Doctor).map(flag))
        .after_help(
            "Exits 1 when something fails. A warning is something that works, but could work better.\n\n\
             Examples:\n  \
             host doctor\n  \
             host doctor --config /etc/host.toml --data /var/lib/host",
        )
}
