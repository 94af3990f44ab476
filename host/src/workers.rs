//! The workers of a folder: every sub-folder with a manifest, read, built and loaded before the first request.

use crate::api::settings::Limits;
use crate::context::{Context, Gate};
use crate::manifest::{self, GENERIC_EVENT, Manifest};
use crate::source;
use engine::{Engine, Texts, Worker};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// A manifest larger than this is refused.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// The workers, by key. They do not change while the host runs.
#[derive(Default)]
pub struct Workers(HashMap<String, (PathBuf, Entry)>);

/// One worker.
pub struct Entry {
    /// The project it belongs to.
    pub project_key: Option<String>,
    /// What it asks for.
    pub limits: Limits,
    /// Whether it answers under `/worker/api/v2/http/` as well.
    pub http_responses: bool,
    /// What can be done with it.
    pub state: State,
}

/// What can be done with a worker.
pub enum State {
    /// It can be executed.
    Ready(Worker, Context),
    /// The operator has switched it off.
    Disabled,
    /// It is for another event, named here.
    OtherAction(String),
}

/// Everything that is wrong with a folder of workers.
#[derive(Debug, thiserror::Error)]
#[error("these workers cannot be served:\n  {}", .0.join("\n  "))]
pub struct Faults(Vec<String>);

impl Workers {
    /// Each with its key and its folder.
    pub fn into_entries(self) -> impl Iterator<Item = (String, PathBuf, Entry)> {
        self.0.into_iter().map(|(key, (place, entry))| (key, place, entry))
    }
}

/// How many workers are built at the same time: as many as there are cores.
pub fn builds_at_once() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Loads every worker of `folder`, several at once; on failure says everything that is wrong with all of them. `maxima`
/// are what the operator allows a worker to ask for.
pub async fn load(folder: &Path, engine: &Engine, gate: &Gate, maxima: &Limits) -> Result<Workers, Faults> {
    let mut faults = Vec::new();
    let manifests = manifests(folder, maxima, &mut faults);
    let mut entries = HashMap::new();
    let mut building = JoinSet::new();
    let turns = Arc::new(Semaphore::new(builds_at_once()));
    for (
        place,
        Manifest {
            name,
            action,
            enabled,
            project_key,
            source,
            source_name,
            properties,
            allowed,
            limits,
            http_responses,
        },
    ) in manifests
    {
        if enabled && action == GENERIC_EVENT {
            let (engine, turns) = (engine.clone(), turns.clone());
            // A manifest of the command line has its secrets encrypted with a password that is not here.
            let context = gate.context(allowed, properties, Texts::new());
            building.spawn(async move {
                // Nobody closes the semaphore; if somebody did, all would build at once.
                let _turn = turns.acquire_owned().await;
                // A thread of its own: compiling takes long, and the host is answering probes meanwhile.
                let runtime = tokio::runtime::Handle::current();
                let folder = place.clone();
                let built = tokio::task::spawn_blocking(move || {
                    let code = source::read(&source, &source_name, &folder)?;
                    runtime.block_on(source::load(&engine, code))
                });
                let entry = move |state| Entry {
                    project_key,
                    limits,
                    http_responses,
                    state,
                };
                (place, name, entry, context, built.await)
            });
        } else {
            // What cannot be executed is not compiled either: a draft that is switched off may be broken.
            let state = if action == GENERIC_EVENT {
                State::Disabled
            } else {
                State::OtherAction(action)
            };
            let entry = Entry {
                project_key,
                limits,
                http_responses,
                state,
            };
            entries.insert(name, (place, entry));
        }
    }
    while let Some(built) = building.join_next().await {
        match built {
            Ok((place, name, entry, context, Ok(Ok(worker)))) => {
                entries.insert(name, (place, entry(State::Ready(worker, context))));
            }
            Ok((place, .., Ok(Err(fault)))) => faults.push(indented(&place, &fault)),
            Ok((place, .., Err(panic))) => faults.push(indented(&place, &panic)),
            Err(panic) => faults.push(format!("{}: {panic}", folder.display())),
        }
    }
    if faults.is_empty() {
        return Ok(Workers(entries));
    }
    faults.sort();
    Err(Faults(faults))
}

/// The place and the fault, which may have lines of its own.
fn indented(place: &Path, fault: &dyn std::fmt::Display) -> String {
    let text = fault.to_string();
    let separator = if text.contains('\n') { ":\n    " } else { ": " };
    format!(
        "{}{separator}{}",
        place.display(),
        text.trim_end().replace('\n', "\n    ")
    )
}

/// The manifests that are right, each with its folder; what is wrong with the others goes to `faults`.
fn manifests(folder: &Path, maxima: &Limits, faults: &mut Vec<String>) -> Vec<(PathBuf, Manifest)> {
    let mut found = Vec::new();
    let mut places: HashMap<String, PathBuf> = HashMap::new();
    for place in subfolders(folder, faults) {
        let file = place.join("manifest.json");
        let text = match fs::metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Ok(metadata) if metadata.is_file() && metadata.len() <= MAX_MANIFEST_BYTES => fs::read(&file),
            Ok(_) => Err(std::io::Error::other(format!(
                "expected a file of at most {MAX_MANIFEST_BYTES} bytes"
            ))),
            Err(error) => Err(error),
        };
        let parsed = match text {
            Ok(text) => manifest::parse(&place, &text, maxima),
            Err(error) => Err(vec![error.to_string()]),
        };
        match parsed {
            Err(wrong) => faults.extend(wrong.iter().map(|wrong| format!("{}: {wrong}", file.display()))),
            Ok(manifest) => match places.insert(manifest.name.clone(), file.clone()) {
                Some(other) => faults.push(format!(
                    "{}: name: {:?} is also the name in {}",
                    file.display(),
                    manifest.name,
                    other.display()
                )),
                None => found.push((place, manifest)),
            },
        }
    }
    if found.is_empty() && faults.is_empty() && folder.join("manifest.json").exists() {
        let parent = folder
            .canonicalize()
            .ok()
            .and_then(|folder| folder.parent().map(Path::to_owned));
        let hint = parent
            .map(|parent| format!(", {}", parent.display()))
            .unwrap_or_default();
        faults.push(format!(
            "{}: is the folder of one worker; name the folder around it{hint}",
            folder.display()
        ));
    }
    found
}

/// In the order of their names, so that faults are always told in the same order. Hidden folders belong to tools.
fn subfolders(folder: &Path, faults: &mut Vec<String>) -> Vec<PathBuf> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut folders: Vec<PathBuf> = match listed {
        Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
        Err(error) => {
            faults.push(format!("{}: cannot be read: {error}", folder.display()));
            Vec::new()
        }
    };
    let hidden = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    folders.retain(|path| path.is_dir() && !hidden(path));
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(folder: &Path, name: &str, manifest: &str) {
        let folder = folder.join(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("worker.ts"), "export default () => 1").unwrap();
        fs::write(folder.join("manifest.json"), manifest).unwrap();
    }

    #[test]
    fn all_faults_of_all_folders() {
        let folder = tempfile::tempdir().unwrap();
        let good = r#"{"name":"echo","action":"GENERIC_EVENT","sourceCodePath":"worker.ts"}"#;
        for (name, manifest) in [
            ("a", good),
            ("b", good),
            ("c", "{}"),
            ("d", "nope"),
            (".hidden", "nope"),
        ] {
            worker(folder.path(), name, manifest);
        }
        fs::create_dir(folder.path().join("no-worker")).unwrap();
        fs::create_dir_all(folder.path().join("e/manifest.json")).unwrap();
        fs::write(folder.path().join("README.md"), "").unwrap();
        let mut faults = Vec::new();
        let found = manifests(folder.path(), &Limits::default(), &mut faults);
        assert_eq!(
            found
                .iter()
                .map(|(_, manifest)| manifest.name.as_str())
                .collect::<Vec<_>>(),
            ["echo"]
        );
        let root = folder.path().display();
        assert_eq!(faults.len(), 6, "{faults:?}");
        assert_eq!(
            faults[0],
            format!("{root}/b/manifest.json: name: \"echo\" is also the name in {root}/a/manifest.json")
        );
        assert!(faults[4].starts_with(&format!("{root}/d/manifest.json: is not valid JSON")));
        assert!(faults[5].starts_with(&format!("{root}/e/manifest.json: expected a file")));
    }

    #[test]
    fn the_folder_of_one_worker_is_recognised() {
        let folder = tempfile::tempdir().unwrap();
        worker(folder.path(), "a", "{}");
        let mut faults = Vec::new();
        assert!(manifests(&folder.path().join("a"), &Limits::default(), &mut faults).is_empty());
        assert!(faults[0].contains("is the folder of one worker"), "{faults:?}");
    }
}
