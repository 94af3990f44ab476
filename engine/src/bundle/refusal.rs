//! Why something cannot be imported: the sentence, and what to do.

use std::path::{Component, Path};

use oxc_resolver::ResolveError;

use super::folder::{Folder, ROOT};
use crate::transform::modules::{NOT_THERE, ONLY_TYPES, TYPES, is_builtin};

#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub message: String,
    pub help: Option<String>,
    /// Whether it matters through which files the import was reached.
    pub chain: bool,
}

pub(super) fn plain(message: String) -> Refusal {
    Refusal {
        message,
        help: None,
        chain: false,
    }
}

fn chained(message: String) -> Refusal {
    Refusal {
        chain: true,
        ..plain(message)
    }
}

pub(super) fn outside(specifier: &str) -> Refusal {
    plain(format!(
        "cannot import '{specifier}': it lies outside of the worker's folder"
    ))
}

fn unreadable(path: &Path, reason: &str) -> Refusal {
    plain(format!("cannot read {}: {reason}", Folder::name(path)))
}

/// What needs no look at the folder.
pub(super) fn by_form(importer: &str, specifier: &str) -> Option<Refusal> {
    if specifier.starts_with("node:") {
        return Some(chained(format!("cannot import '{specifier}': {NOT_THERE}")));
    }
    let scheme = specifier.split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.contains(['/', '.']);
    if scheme.is_some_and(is_scheme) || specifier.starts_with("//") {
        let short: String = specifier.chars().take(60).collect();
        return Some(plain(format!(
            "cannot import '{short}': a worker imports files of its folder and npm packages"
        )));
    }
    if specifier.starts_with(['/', '\\']) {
        return Some(plain(format!(
            "cannot import '{specifier}': name the file relative to this one, as in './file'"
        )));
    }
    let relative = specifier.starts_with("./") || specifier.starts_with("../") || specifier == "..";
    let joined = Path::new(importer).parent()?.join(specifier);
    (relative && !Path::new(&normal(&joined)).starts_with(ROOT)).then(|| outside(specifier))
}

/// Why the resolver found nothing.
pub(super) fn of(folder: &Folder, importer: &str, specifier: &str, error: &ResolveError) -> Refusal {
    if let Some(link) = folder.take_stray() {
        let link = Folder::name(&link);
        return plain(format!(
            "cannot import '{specifier}': the link {link} leads out of the worker's folder"
        ));
    }
    if is_builtin(specifier) {
        return chained(format!("cannot import '{specifier}': {NOT_THERE}"));
    }
    if specifier == TYPES {
        return plain(format!("'{specifier}' {ONLY_TYPES}"));
    }
    match error {
        ResolveError::PackagePathNotExported { .. } => chained(format!(
            "cannot import '{specifier}': the package '{}' does not export it",
            package_of(specifier)
        )),
        ResolveError::TsconfigNotFound(path) => {
            let file = Folder::name(path);
            plain(format!("cannot find {file}, which tsconfig.json extends"))
        }
        ResolveError::TsconfigLoadFailed { path, source } => match source.as_ref() {
            ResolveError::Json(fault) => unreadable(path, &fault.message),
            fault => unreadable(path, &fault.to_string()),
        },
        ResolveError::Json(fault) => unreadable(&fault.path, &fault.message),
        ResolveError::NotFound(_) | ResolveError::ExtensionAlias(..) | ResolveError::MatchedAliasNotFound(..) => {
            missing(folder, importer, specifier)
        }
        error => {
            let reason = error.to_string().replace(&format!("{ROOT}/"), "");
            plain(format!("cannot import '{specifier}': {reason}"))
        }
    }
}

fn missing(folder: &Folder, importer: &str, specifier: &str) -> Refusal {
    if specifier.starts_with('.') {
        let near = alike(folder, importer, specifier);
        return Refusal {
            help: near.map(|name| format!("did you mean '{name}'?")),
            ..plain(format!("cannot find '{specifier}'"))
        };
    }
    let package = package_of(specifier);
    let mut installed = Path::new(importer)
        .ancestors()
        .skip(1)
        .map(|above| above.join("node_modules").join(package));
    if installed.any(|place| folder.real(&place).is_ok()) {
        return chained(format!(
            "cannot find '{specifier}': the package '{package}' has no such file"
        ));
    }
    Refusal {
        help: Some(format!("npm install {package}, in the worker's folder")),
        ..chained(format!("cannot find the package '{package}'"))
    }
}

/// A file beside the missing one with nearly its name.
fn alike(folder: &Folder, importer: &str, specifier: &str) -> Option<String> {
    let (place, wanted) = specifier.rsplit_once('/')?;
    let listed = normal(&Path::new(importer).parent()?.join(place));
    let stem = |name: &str| name.split('.').next().unwrap_or(name).to_lowercase();
    let names = folder.list(Path::new(&listed)).into_iter();
    let files = names.filter(|name| !name.starts_with('.') && Path::new(name).extension().is_some());
    let (steps, name) = files.map(|name| (distance(&stem(&name), &stem(wanted)), name)).min()?;
    (steps <= 2 && steps * 2 <= wanted.len()).then(|| format!("{place}/{name}"))
}

/// A path without `.` and `..`; what would be above everything keeps its `..` and so is nowhere.
fn normal(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str().unwrap_or("\u{FFFD}")),
            Component::ParentDir if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            Component::ParentDir => parts.push(".."),
            _ => {}
        }
    }
    format!("/{}", parts.join("/"))
}

fn package_of(specifier: &str) -> &str {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier
        .match_indices('/')
        .nth(parts - 1)
        .map_or(specifier.len(), |(at, _)| at);
    &specifier[..end]
}

/// How many letters to change, add or leave out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, letter) in a.chars().take(64).enumerate() {
        let mut corner = line;
        row[0] = line + 1;
        for (column, other) in b.iter().enumerate() {
            let changed = corner + usize::from(letter != *other);
            corner = row[column + 1];
            row[column + 1] = changed.min(corner + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{distance, normal, package_of};
    use crate::bundle::tests::faults;

    const USE_X: (&str, &str) = ("worker.ts", "import x from 'x'; export default x");

    #[test]
    fn what_cannot_be_imported_is_told_with_the_reason() {
        for (import, files, reason) in [
            ("./a", &[][..], "cannot find './a'"),
            (
                "../a",
                &[],
                "cannot import '../a': it lies outside of the worker's folder",
            ),
            (
                "../../etc/passwd",
                &[("etc/passwd", "")],
                "cannot import '../../etc/passwd': it lies outside of the worker's folder",
            ),
            (
                "./../../../worker/b",
                &[("b.ts", "")],
                "cannot import './../../../worker/b': it lies outside of the worker's folder",
            ),
            (
                "/etc/passwd",
                &[],
                "cannot import '/etc/passwd': name the file relative to this one, as in './file'",
            ),
            (
                "/worker/b",
                &[("b.ts", "")],
                "cannot import '/worker/b': name the file relative to this one, as in './file'",
            ),
            (
                "file:///etc/passwd",
                &[],
                "cannot import 'file:///etc/passwd': a worker imports files of its folder and npm packages",
            ),
            (
                "https://a.example/b.js",
                &[],
                "cannot import 'https://a.example/b.js': a worker imports files of its folder and npm packages",
            ),
            (
                "//a.example/b.js",
                &[],
                "cannot import '//a.example/b.js': a worker imports files of its folder and npm packages",
            ),
            (
                "data:text/javascript,1",
                &[],
                "cannot import 'data:text/javascript,1': a worker imports files of its folder and npm packages",
            ),
            (
                "./a",
                &[("a.ts", "-> /etc/hostname")],
                "cannot import './a': the link a.ts leads out of the worker's folder",
            ),
            (
                "a",
                &[("node_modules/a", "-> /usr/lib")],
                "cannot import 'a': the link node_modules/a leads out of the worker's folder",
            ),
            (
                "./a.txt",
                &[("a.txt", "")],
                "cannot import './a.txt': a worker can import TypeScript, JavaScript and JSON",
            ),
            ("a", &[], "cannot find the package 'a'"),
            ("@s/a/b", &[], "cannot find the package '@s/a'"),
            (
                "a/b",
                &[("node_modules/a/index.js", "")],
                "cannot find 'a/b': the package 'a' has no such file",
            ),
            (
                "a/b",
                &[("node_modules/a/package.json", r#"{"exports": "./c.js"}"#)],
                "cannot import 'a/b': the package 'a' does not export it",
            ),
            (
                "jfrog-workers",
                &[],
                "'jfrog-workers' has only types, nothing that could be imported when the worker runs",
            ),
            (
                "fs",
                &[],
                "cannot import 'fs': Node.js built-in modules are not there in a worker",
            ),
            (
                "node:fs/promises",
                &[],
                "cannot import 'node:fs/promises': Node.js built-in modules are not there in a worker",
            ),
            (
                "./a",
                &[("tsconfig.json", "{"), ("a.ts", "")],
                "cannot read tsconfig.json: ",
            ),
            (
                "~/a",
                &[("tsconfig.json", r#"{"extends": "./gone.json"}"#)],
                "cannot find gone.json, which tsconfig.json extends",
            ),
            (
                "~/a",
                &[("tsconfig.json", r#"{"compilerOptions": {"paths": {"~/*": ["../*"]}}}"#)],
                "cannot find the package '~'",
            ),
            (
                "./a",
                &[("a/package.json", r#"{"main": "../../../../etc/passwd"}"#)],
                "cannot find './a'",
            ),
        ] {
            let worker = format!("import x from '{import}';\nexport default x");
            let files: Vec<_> = [("worker.ts", worker.as_str())]
                .into_iter()
                .chain(files.iter().copied())
                .collect();
            let found = faults(&files);
            assert!(
                found.len() == 1 && found[0].starts_with(&format!("worker.ts:1:15: {reason}")),
                "{found:?} {reason}"
            );
        }
    }

    #[test]
    fn the_way_to_what_is_missing_is_told() {
        let x = (
            "node_modules/x/index.js",
            "exports.a = 1;\nmodule.exports = require('y')",
        );
        for (y, told) in [
            (
                "require('fs')",
                "node_modules/y/index.js:1:9: cannot import 'fs': Node.js built-in modules are not there in a worker \
                 (worker.ts → node_modules/x/index.js → node_modules/y/index.js → fs)",
            ),
            (
                "import 'z/a'",
                "node_modules/y/index.js:1:8: cannot find the package 'z' \
                 (worker.ts → node_modules/x/index.js → node_modules/y/index.js → z/a)",
            ),
        ] {
            assert_eq!(faults(&[USE_X, x, ("node_modules/y/index.js", y)]), [told]);
        }
    }

    #[test]
    fn near_names_are_offered() {
        for (import, help) in [
            ("./lib/Util", "did you mean './lib/util.ts'?"),
            ("./lib/utli", "did you mean './lib/util.ts'?"),
            ("./lib/util.jsx", "did you mean './lib/util.ts'?"),
            ("a", "npm install a, in the worker's folder"),
            ("./lib/other", ""),
        ] {
            let worker = format!("import x from '{import}'; export default x");
            let files = [("worker.ts", worker.as_str()), ("lib/util.ts", "")];
            let rendered = crate::bundle::tests::try_bundle(&files)
                .map(|it| it.code)
                .unwrap_err()
                .remove(0)
                .rendered;
            assert!(
                rendered.contains(help) && rendered.contains("help") != help.is_empty(),
                "{rendered}"
            );
        }
    }

    #[test]
    fn names_are_taken_apart() {
        for (specifier, package) in [
            ("a", "a"),
            ("a/b/c", "a"),
            ("@s/a", "@s/a"),
            ("@s/a/b", "@s/a"),
            ("@s", "@s"),
        ] {
            assert_eq!(package_of(specifier), package);
        }
        for (path, expected) in [("/a/./b/../c", "/a/c"), ("/a/../..", "/.."), ("/..", "/.."), ("/", "/")] {
            assert_eq!(normal(Path::new(path)), expected);
        }
        for (a, b, steps) in [("", "", 0), ("ab", "ba", 2), ("util", "utils", 1), ("", "abc", 3)] {
            assert_eq!((distance(a, b), distance(b, a)), (steps, steps));
        }
    }
}
