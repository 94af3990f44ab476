//! The workers that a command is about: their folders, manifests and sources, as far as they can be read.

use crate::api::settings::Limits;
use crate::manifest::{self, Manifest};
use crate::source;
use anyhow::bail;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The file that tells the folder of a worker.
pub const MANIFEST: &str = "manifest.json";

/// The file with its cases.
pub const CASES: &str = "cases.json";

/// A manifest larger than this is refused, as the server does.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// Folders that hold nothing of the author's.
const FOREIGN: &[&str] = &["node_modules", "target", "dist", "coverage"];

/// One worker.
pub struct Project {
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest, or all that is wrong with it; nothing where there is none.
    pub manifest: Option<Result<Manifest, Vec<String>>>,
    /// The file of its source, and what it is called in the folder; nothing where it is not to be found.
    pub source: Option<(PathBuf, String)>,
    /// What of it is meant.
    pub part: Part,
}

/// What of a worker is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    Whole,
    /// Its cases alone.
    Cases,
    /// One file of tests, as it is called in the folder.
    Suite(String),
}

impl Project {
    /// The key, or the name of the folder.
    pub fn name(&self) -> String {
        match &self.manifest {
            Some(Ok(manifest)) => manifest.name.clone(),
            _ => {
                let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
                folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
            }
        }
    }

    /// The manifest, if it is right.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()?.as_ref().ok()
    }

    /// How a file of the folder is shown: as one would name it from here.
    pub fn shown(&self, file: &str) -> String {
        match self.folder.as_os_str() == "." {
            true => file.to_owned(),
            false => self.folder.join(file).display().to_string(),
        }
    }

    /// The files whose names end in `.{kind}.ts`, `.js`, `.mts` or `.mjs`, as they are called in the folder, in their order.
    pub fn files(&self, kind: &str) -> Vec<String> {
        let mut found = Vec::new();
        look(&self.folder, &mut |path| {
            if is_of_kind(path, kind)
                && let Ok(name) = path.strip_prefix(&self.folder)
                && let Some(name) = name.to_str()
            {
                found.push(name.to_owned());
            }
        });
        found.sort();
        found
    }
}

/// Calls `visit` with every file of a worker's folder that is the author's: not those of tools, nor of another worker in it.
pub fn look(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        // A link to a folder could lead around in a circle.
        let is_folder = entry.file_type().is_ok_and(|ty| ty.is_dir());
        if !is_folder {
            visit(&path);
        } else if !name.as_encoded_bytes().starts_with(b".")
            && FOREIGN.iter().all(|foreign| name != *foreign)
            && !path.join(MANIFEST).exists()
        {
            look(&path, visit);
        }
    }
}

/// The workers at `place`: a worker's folder, a folder of such folders, or a file of a worker. `maxima` are what a worker may
/// ask for.
pub fn find(place: &Path, maxima: &Limits) -> anyhow::Result<Vec<Project>> {
    let found = match fs::metadata(place) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("{}: there is no such file or folder", place.display())
        }
        Err(error) => bail!("{}: cannot be read: {error}", place.display()),
    };
    if !found.is_dir() {
        return Ok(vec![of_file(place, maxima)?]);
    }
    if place.join(MANIFEST).exists() {
        return Ok(vec![of_folder(place, maxima)]);
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(place)?.flatten().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.join(MANIFEST).exists());
    folders.sort();
    if folders.is_empty() {
        bail!(
            "{}: no worker is here: neither this folder nor one in it has a {MANIFEST}; make one with `host init`",
            place.display()
        );
    }
    Ok(folders.iter().map(|folder| of_folder(folder, maxima)).collect())
}

fn of_file(file: &Path, maxima: &Limits) -> anyhow::Result<Project> {
    let (folder, name) = source::place(file);
    let folder = from_here(folder);
    let mut project = of_folder(&folder, maxima);
    if is_of_kind(file, "test") {
        project.part = Part::Suite(name);
    } else if file.file_name().is_some_and(|name| name == CASES) {
        project.part = Part::Cases;
    } else if source::has_extension(file, source::ALL) {
        project.source = Some((file.to_owned(), name));
    } else if file.file_name().is_none_or(|name| name != MANIFEST) {
        bail!(
            "{}: expected a folder, or a file that ends in .{}",
            file.display(),
            source::ALL.join(", .")
        );
    }
    Ok(project)
}

/// As one would name it from the folder that we are in, if it lies there.
fn from_here(folder: PathBuf) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    match folder.strip_prefix(here) {
        Ok(inside) if inside.as_os_str().is_empty() => ".".into(),
        Ok(inside) => inside.to_owned(),
        Err(_) => folder,
    }
}

fn of_folder(folder: &Path, maxima: &Limits) -> Project {
    let text = match fs::metadata(folder.join(MANIFEST)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Ok(found) if found.is_file() && found.len() <= MAX_MANIFEST_BYTES => Some(fs::read(folder.join(MANIFEST))),
        Ok(_) => Some(Err(std::io::Error::other(format!(
            "expected a file of at most {MAX_MANIFEST_BYTES} bytes"
        )))),
        Err(error) => Some(Err(error)),
    };
    let (manifest, source) = match text {
        None => (None, None),
        Some(Err(error)) => (Some(Err(vec![format!("cannot be read: {error}")])), None),
        Some(Ok(text)) => {
            let parsed = manifest::parse(folder, &text, maxima);
            let source = match &parsed {
                Ok(manifest) => Some((manifest.source.clone(), manifest.source_name.clone())),
                Err(_) => source_of(folder, &text),
            };
            (Some(parsed), source)
        }
    };
    Project {
        folder: folder.to_owned(),
        manifest,
        source,
        part: Part::Whole,
    }
}

/// The source that a faulty manifest names all the same.
fn source_of(folder: &Path, manifest: &[u8]) -> Option<(PathBuf, String)> {
    let manifest: Value = serde_json::from_slice(manifest).ok()?;
    manifest::inside(folder, manifest.get("sourceCodePath")?.as_str()?).ok()
}

fn is_of_kind(file: &Path, kind: &str) -> bool {
    source::has_extension(file, source::SCRIPTS)
        && file
            .file_stem()
            .is_some_and(|stem| source::has_extension(Path::new(stem), &[kind]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            (
                "a/manifest.json",
                r#"{"name":"one","action":"GENERIC_EVENT","sourceCodePath":"worker.ts"}"#,
            ),
            ("a/worker.ts", ""),
            ("a/worker.test.ts", ""),
            ("a/lib/b.test.mjs", ""),
            ("a/lib/b.spec.ts", ""),
            ("a/lib/test.ts", ""),
            ("a/node_modules/p/p.test.js", ""),
            ("a/.worker/x.test.js", ""),
            ("a/inner/manifest.json", "{}"),
            ("a/inner/x.test.ts", ""),
            (
                "b/manifest.json",
                r#"{"name":"../x","action":"GENERIC_EVENT","sourceCodePath":"./w.js"}"#,
            ),
            ("b/w.js", ""),
            ("alone.ts", ""),
            ("notes.txt", ""),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_place_is_one_worker_or_several() {
        let folder = folder();
        let find = |place: &str| find(&folder.path().join(place), &Limits::default());
        let names = |place: &str| find(place).unwrap().iter().map(Project::name).collect::<Vec<_>>();
        assert_eq!(names(""), ["one", "b"]);
        assert_eq!(names("a"), ["one"]);
        let faulty = find("b").unwrap().remove(0);
        assert!(faulty.manifest().is_none() && faulty.source.unwrap().1 == "w.js");
        for (place, problem) in [
            ("gone", "there is no such file"),
            ("a/lib", "no worker is here"),
            ("notes.txt", "expected a folder, or a file that ends in .wasm, .ts"),
        ] {
            let error = find(place).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn a_file_is_a_part_of_its_worker() {
        let folder = folder();
        let find = |place: &str| find(&folder.path().join(place), &Limits::default()).unwrap().remove(0);
        let suite = find("a/lib/b.test.mjs");
        assert_eq!(
            (suite.name(), suite.part),
            ("one".to_owned(), Part::Suite("lib/b.test.mjs".into()))
        );
        assert_eq!(find("a/worker.ts").name(), "one");
        let alone = find("alone.ts");
        assert!(alone.manifest.is_none() && alone.source.unwrap().1 == "alone.ts");
    }

    #[test]
    fn files_are_those_of_the_author() {
        let folder = folder();
        let project = find(&folder.path().join("a"), &Limits::default()).unwrap().remove(0);
        assert_eq!(project.files("test"), ["lib/b.test.mjs", "worker.test.ts"]);
        assert_eq!(project.files("spec"), ["lib/b.spec.ts"]);
    }
}
