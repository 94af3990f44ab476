//! `host init`: the folder of a new worker, from a template.

use super::template::Template;
use super::types;
use crate::{console, manifest};
use anyhow::{Context, bail};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

/// The key, and the folder, of a worker that nobody names.
pub const DEFAULT_NAME: &str = "worker";

/// Writes the project into the folder `name`, which is its key, and says what to do next.
pub fn init(name: &str, template: &str) -> anyhow::Result<ExitCode> {
    if !manifest::is_key(name) {
        bail!(
            "NAME: expected at most 64 letters, digits, _, . and -, the first a letter or a digit, not {name:?}: it is the \
             worker's key, and the folder that is made here"
        );
    }
    let template = Template::find(template).with_context(|| format!("there is no template {template:?}"))?;
    let folder = Path::new(name);
    let in_the_way = in_the_way(folder, template)?;
    if !in_the_way.is_empty() {
        bail!(
            "{name}: these are in the way; move them, or take another name:\n  {}",
            in_the_way.join("\n  ")
        );
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {name}"))?;
    let mut written = Vec::new();
    for (path, text) in template.files(name) {
        if let Some(parent) = folder.join(path).parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
        }
        fs::write(folder.join(path), text).with_context(|| format!("cannot write {}", folder.join(path).display()))?;
        written.push(path.to_owned());
    }
    if template.has_types {
        types::write(folder)?;
        written.push(format!("{}/", types::FOLDER));
    }
    for path in &written {
        console::out(format!("{}\n", folder.join(path).display()).as_bytes())?;
    }
    console::err(next(name, template));
    Ok(ExitCode::SUCCESS)
}

/// What of the template is there already.
fn in_the_way(folder: &Path, template: &Template) -> anyhow::Result<Vec<String>> {
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => bail!("{}: is a file; take another name", folder.display()),
        Ok(_) => {}
        Err(_) => return Ok(Vec::new()),
    }
    let types = template.has_types.then(|| types::FOLDER.to_owned());
    let paths = template.files("").map(|(path, _)| path.to_owned()).chain(types);
    let is_there = |path: &String| fs::symlink_metadata(folder.join(path)).is_ok();
    Ok(paths
        .filter(is_there)
        .map(|path| folder.join(path).display().to_string())
        .collect())
}

fn next(name: &str, template: &Template) -> String {
    let lines = template.next.iter().map(|(command, purpose)| {
        let command = command.replace("{{source}}", template.source());
        format!("  {command:<50} # {purpose}")
    });
    let lines: Vec<_> = std::iter::once(format!("  cd {name}")).chain(lines).collect();
    format!("a worker in {}; next:\n{}", template.name, lines.join("\n"))
}
