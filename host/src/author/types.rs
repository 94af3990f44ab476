//! `host types`: the type declarations of workers, written into a project so that `tsc` and editors find them, and no others.
//!
//! They lie in [`FOLDER`], not in `node_modules`, which npm thinks is its own. The tsconfig.json of a project leads there.

use super::project;
use crate::console;
use anyhow::{Context, bail};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where they lie in a project.
pub const FOLDER: &str = ".worker/types";

macro_rules! package {
    ($($file:literal),* $(,)?) => {
        &[$((concat!("jfrog-workers/", $file), include_str!(concat!("../../../guest-sdk/js/", $file)))),*]
    };
}

/// The package for authors.
const PACKAGE: &[(&str, &str)] = package![
    "index.d.ts",
    "index.d.cts",
    "testing.d.ts",
    "testing.d.cts",
    "globals.d.ts",
    "globals/base.d.ts",
    "globals/console.d.ts",
    "globals/crypto.d.ts",
    "globals/encoding.d.ts",
    "globals/events.d.ts",
    "globals/fetch.d.ts",
    "globals/files.d.ts",
    "globals/streams.d.ts",
    "globals/timers.d.ts",
    "globals/transforms.d.ts",
    "globals/url.d.ts",
    "globals/writable.d.ts",
    "types/context.d.cts",
    "types/crypto.d.cts",
    "types/http.d.cts",
    "types/platform-http.d.cts",
    "types/state.d.cts",
    "types/testing.d.cts",
];

/// What is ours alone.
const OWN: &[(&str, &str)] = &[
    ("worker.d.ts", include_str!("../../templates/types/worker.d.ts")),
    ("node-test.d.ts", include_str!("../../templates/types/node-test.d.ts")),
    (
        "node-assert.d.ts",
        include_str!("../../templates/types/node-assert.d.ts"),
    ),
    (
        "jfrog-workers/types/axios.d.cts",
        include_str!("../../templates/types/axios.d.cts"),
    ),
];

/// The package has the types of axios from npm, which is not there unless somebody installs it.
const AXIOS: (&str, &str) = ("from \"axios\"", "from \"./axios.cjs\"");

/// Every file by its path in [`FOLDER`].
pub fn files() -> impl Iterator<Item = (&'static str, String)> {
    let package = PACKAGE
        .iter()
        .map(|(path, text)| (*path, text.replace(AXIOS.0, AXIOS.1)));
    package.chain(OWN.iter().map(|(path, text)| (*path, (*text).to_owned())))
}

/// Writes them into the project in `folder`, and tells which were others.
pub fn types(folder: &Path) -> anyhow::Result<ExitCode> {
    if !folder.is_dir() {
        bail!("{}: expected the folder of a worker", folder.display());
    }
    let changed = write(folder)?;
    let place = folder.join(FOLDER);
    for path in &changed {
        console::out(format!("{}\n", path.display()).as_bytes())?;
    }
    console::err(match changed.len() {
        0 => format!(
            "{}: all {} files are as they should be",
            place.display(),
            files().count()
        ),
        number => format!(
            "{}: {number} of {} files were written",
            place.display(),
            files().count()
        ),
    });
    let tsconfig = folder.join("tsconfig.json");
    if !fs::read_to_string(&tsconfig).is_ok_and(|text| text.contains(FOLDER)) {
        console::err(format_args!(
            "{} does not lead there yet; it needs\n{}",
            tsconfig.display(),
            include_str!("../../templates/types/tsconfig.txt").trim_end()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes what is not there, or is another; gives the paths of those. A declaration that no longer belongs there goes.
pub fn write(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let place = folder.join(FOLDER);
    let mut changed = Vec::new();
    for (path, text) in files() {
        let path = place.join(path);
        let before = fs::read(&path);
        if before.as_ref().is_ok_and(|before| before == text.as_bytes()) {
            continue;
        }
        if let Err(error) = before
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
        let written = fs::create_dir_all(path.parent().unwrap_or(&place)).and_then(|()| fs::write(&path, &text));
        written.with_context(|| format!("cannot write {}", path.display()))?;
        changed.push(path);
    }
    let mut old = Vec::new();
    project::look(&place, &mut |path| {
        let is_ours = files().any(|(known, _)| path.strip_prefix(&place).is_ok_and(|path| path == Path::new(known)));
        let is_declaration = path
            .to_str()
            .is_some_and(|path| path.ends_with(".d.ts") || path.ends_with(".d.cts"));
        if !is_ours && is_declaration {
            old.push(path.to_owned());
        }
    });
    for path in old {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        changed.push(path);
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_of_the_package_is_there() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk/js");
        let known: Vec<_> = PACKAGE
            .iter()
            .map(|(path, _)| package.join(&path["jfrog-workers/".len()..]))
            .collect();
        let mut found = 0;
        for folder in ["", "globals", "types"] {
            for entry in fs::read_dir(package.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.to_str().unwrap();
                if name.ends_with(".d.ts") || name.ends_with(".d.cts") {
                    found += 1;
                    assert!(
                        known.contains(&package.join(folder).join(path.file_name().unwrap())),
                        "{name}"
                    );
                }
            }
        }
        assert_eq!(found, PACKAGE.len());
        let (_, context) = files().find(|(path, _)| path.ends_with("context.d.cts")).unwrap();
        assert!(context.contains(AXIOS.1) && !context.contains(AXIOS.0), "{context}");
    }

    #[test]
    fn only_what_is_another_is_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(write(folder.path()).unwrap().len(), files().count());
        assert_eq!(write(folder.path()).unwrap(), [] as [PathBuf; 0]);
        let place = folder.path().join(FOLDER);
        let (edited, old) = (
            place.join("jfrog-workers/index.d.ts"),
            place.join("jfrog-workers/types/old.d.cts"),
        );
        fs::write(&edited, "mine").unwrap();
        fs::write(&old, "").unwrap();
        fs::write(place.join("notes.txt"), "").unwrap();
        assert_eq!(write(folder.path()).unwrap(), [edited, old.clone()]);
        assert!(!old.exists() && place.join("notes.txt").exists());
    }
}
