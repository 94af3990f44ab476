//! The commands of an author: a project from `host init`, through its tests and its mistakes.

#[path = "author/project.rs"]
mod project;
#[path = "author/suite.rs"]
mod suite;
#[path = "author/tools.rs"]
mod tools;

use super::program::{Done, Folder};
use std::fs;
use std::path::{Path, PathBuf};

/// A project as `host init` writes it, in `greeter`.
fn project(template: &str) -> Folder {
    let folder = Folder::new(&[]);
    let done = folder.run(&["init", "greeter", "--template", template]);
    assert_eq!(done.code, 0, "{done:?}");
    folder
}

/// Replaces a text in a file of a folder.
fn edit(folder: &Folder, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(folder.path(name)).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    folder.write(name, text.replace(from, to));
}

/// Checks the exit code, and that all of `parts` are told, in this order.
fn tells(done: &Done, code: i32, parts: &[&str]) {
    assert_eq!(done.code, code, "{}\n{}", done.stdout, done.stderr);
    let mut rest = done.stdout.as_str();
    for part in parts {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part} is not where it should be in\n{}", done.stdout));
        rest = &rest[at + part.len()..];
    }
}

/// What `npm ci` brings to the package for authors; nothing where nobody ran it.
pub fn installed() -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk/js");
    if package.join("node_modules/.bin/tsc").exists() {
        return Some(package.canonicalize().unwrap());
    }
    // What cargo alone cannot bring.
    assert!(std::env::var_os("CI").is_none(), "{}: run npm ci", package.display());
    eprintln!("SKIPPED: {} has no node_modules; run npm ci there", package.display());
    None
}
