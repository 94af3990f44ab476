//! The commands as clap has them, and the settings as their table does, written as tables.

use clap::{Arg, Command};
use host::settings::table::SETTINGS;
use std::fmt::Write;

/// Every command with its arguments and flags. Flags that several commands take are told at each: who looks one up
/// should not have to look twice.
pub fn commands() -> String {
    let mut command = host::cli::command();
    command.build();
    let mut text = String::from("\n");
    write_command(&mut text, &mut command, "host");
    text
}

fn write_command(text: &mut String, command: &mut Command, name: &str) {
    let words = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string).unwrap_or_default();
    let about = words(command.get_about());
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let _ = writeln!(text, "## {name}\n\n{}.\n\n`{usage}`\n", plain(&about));
    let arguments: Vec<_> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    if !arguments.is_empty() {
        text.push_str("| | |\n| --- | --- |\n");
        for argument in arguments {
            let _ = writeln!(text, "| `{}` | {} |", spelling(argument), told(argument));
        }
        text.push('\n');
    }
    let after = words(command.get_after_help());
    if !after.is_empty() {
        let (prose, examples) = after.split_once("Examples:\n").unwrap_or((&after, ""));
        for paragraph in prose.lines().filter(|line| !line.is_empty()) {
            let _ = writeln!(text, "{}", plain(paragraph));
        }
        if !prose.is_empty() {
            text.push('\n');
        }
        let (examples, rest) = examples.split_once("\n\n").unwrap_or((examples, ""));
        if !examples.is_empty() {
            let _ = writeln!(text, "```text\n{}\n```\n", examples.trim_end());
        }
        if !rest.is_empty() {
            let _ = writeln!(text, "{}\n", plain(rest));
        }
    }
    for inner in command
        .get_subcommands_mut()
        .filter(|inner| !inner.is_hide_set() && inner.get_name() != "help")
    {
        let name = format!("{name} {}", inner.get_name());
        write_command(text, inner, &name);
    }
}

fn spelling(argument: &Arg) -> String {
    let short = argument
        .get_short()
        .map(|short| format!("-{short}, "))
        .unwrap_or_default();
    let long = argument.get_long().map(|long| format!("--{long}"));
    let value = argument
        .get_value_names()
        .filter(|_| argument.get_action().takes_values());
    let value = value.and_then(|names| names.first()).map(ToString::to_string);
    let spelled = match (long, value) {
        (Some(long), Some(value)) => format!("{short}{long} <{value}>"),
        (Some(long), None) => format!("{short}{long}"),
        (None, Some(value)) => value,
        (None, None) => argument.get_id().to_string(),
    };
    spelled.replace('|', "\\|")
}

fn told(argument: &Arg) -> String {
    let mut told = argument
        .get_help()
        .map(|help| plain(&help.to_string()))
        .unwrap_or_default();
    let defaults: Vec<_> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        let _ = write!(told, " [default: {}]", defaults.join(", "));
    }
    let possible = argument.get_possible_values();
    if !possible.is_empty() && argument.get_action().takes_values() {
        let names: Vec<_> = possible.iter().map(|value| value.get_name().to_owned()).collect();
        let _ = write!(told, " [one of: {}]", names.join(", "));
    }
    told
}

/// As a text of a table that HTML leaves alone.
pub fn plain(text: &str) -> String {
    text.replace('<', "&lt;")
        .replace('|', "\\|")
        .replace('*', "\\*")
        .replace('\n', " ")
}

/// Every setting: the flag, the variable, the key of the file are one name.
pub fn settings() -> String {
    let mut text = String::from("\n| key of `host.toml` | variable | value | what |\n| --- | --- | --- | --- |\n");
    for setting in SETTINGS {
        // The file cannot name itself.
        let key = if setting.name == "config" {
            String::new()
        } else {
            format!("`{}`", setting.name)
        };
        let value = match setting.value {
            "" => "a switch: `true` or `false`".to_owned(),
            value => format!("`{}`", value.replace('|', "\\|")),
        };
        let list = if setting.repeats { "; a list in the file" } else { "" };
        let _ = writeln!(
            text,
            "| {key} | `{}` | {value}{list} | {} |",
            setting.variable(),
            plain(setting.help)
        );
    }
    text
}
