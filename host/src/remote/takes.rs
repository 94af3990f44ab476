//! Which settings each of the commands takes that ask a running server.

use crate::settings::table::{Command, SETTINGS, Setting};

/// Whether a command takes a setting.
pub type Takes = fn(&Setting) -> bool;

/// Those of all, but for the project.
pub fn of_all(setting: &Setting) -> bool {
    setting.commands.contains(&Command::Remote) && setting.name != "project"
}

/// Those of all, and the project.
pub fn of_project(setting: &Setting) -> bool {
    setting.commands.contains(&Command::Remote)
}

/// Those of `host deploy`, which may have to build.
pub fn of_deploy(setting: &Setting) -> bool {
    of_project(setting) || matches!(setting.name, "cache" | "cache-size")
}

/// Those of `host execute`.
pub fn of_execute(setting: &Setting) -> bool {
    of_project(setting) || matches!(setting.name, "payload" | "output")
}

/// What `host replay` has of `host run`: all but where the payload comes from.
pub fn of_run(setting: &Setting) -> bool {
    setting.commands.contains(&Command::Run) && setting.name != "payload"
}

/// Those of `host login`, whose token is never an argument.
pub fn of_login(setting: &Setting) -> bool {
    matches!(setting.name, "config" | "server")
}

/// The settings that are taken.
pub fn settings(takes: Takes) -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(move |setting| takes(setting))
}
