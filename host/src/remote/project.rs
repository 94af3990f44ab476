//! The folder of a worker on its way to a server: `manifest.json` and what it names, as a deployment says it.

use crate::api::settings::Limits;
use crate::manifest::{self, Manifest};
use crate::source::{self, Code};
use anyhow::{Context, anyhow, bail};
use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What `jf worker` makes of a secret is base64 of a nonce (12 bytes), a tag (16) and a salt (32) around it.
const SEALED_BYTES: usize = 12 + 16 + 32;

/// The settings that a manifest may have.
const SETTINGS: [&str; 5] = ["limits", "properties", "allowNet", "keepPayloads", "httpResponses"];

/// A folder that was checked.
pub struct Project {
    /// Its manifest.
    pub manifest: Manifest,
    /// The folder.
    folder: PathBuf,
    /// All that the manifest says.
    said: Map<String, Value>,
    /// The project that it belongs to.
    project_key: Option<String>,
}

impl Project {
    /// Reads the manifest in `folder`. `project` is what the command says of the project.
    pub fn read(folder: &Path, project: Option<&str>) -> anyhow::Result<Self> {
        let path = folder.join("manifest.json");
        let place = path.display();
        let text = fs::read(&path).map_err(|error| {
            anyhow!("cannot read {place}: {error}; expected the folder of a worker, as jf worker init makes it")
        })?;
        // What the server allows, the server says.
        let manifest = match manifest::parse(folder, &text, &Limits::default()) {
            Ok(manifest) => manifest,
            Err(faults) if faults.len() == 1 => bail!("{place}: {}", faults[0]),
            Err(faults) => bail!("{place} has {} mistakes:\n  {}", faults.len(), faults.join("\n  ")),
        };
        let said = serde_json::from_slice(&text).with_context(|| place.to_string())?;
        let project_key = match (manifest.project_key.as_deref(), project) {
            (Some(own), Some(asked)) if own != asked => {
                bail!("{place}: projectKey is {own:?}, and --project says {asked:?}; a worker is in one project");
            }
            (own, asked) => own.or(asked).map(str::to_owned),
        };
        Ok(Self {
            manifest,
            folder: folder.to_owned(),
            said,
            project_key,
        })
    }

    /// The worker's key.
    pub fn key(&self) -> &str {
        &self.manifest.name
    }

    /// The project that it belongs to.
    pub fn project_key(&self) -> Option<&str> {
        self.project_key.as_deref()
    }

    /// Its source or module, read. Errors and stacks name the file as the manifest does.
    pub fn code(&self) -> anyhow::Result<Code> {
        Ok(source::read(
            &self.manifest.source,
            &self.manifest.source_name,
            &self.folder,
        )?)
    }

    /// The file of the source, as somebody in this folder would open it.
    pub fn source_path(&self) -> PathBuf {
        self.path(&self.manifest.source_name)
    }

    /// An error whose diagnostics name files of the worker, by the paths that lead to them from here.
    pub fn placed(&self, error: &str) -> anyhow::Error {
        let line = |line: &str| match line.split_once("--> ") {
            Some((indent, place)) if indent.trim().is_empty() => {
                format!("{indent}--> {}", self.path(place).display())
            }
            _ => line.to_owned(),
        };
        anyhow::Error::msg(error.lines().map(line).collect::<Vec<_>>().join("\n"))
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.join(name);
        path.strip_prefix(".").map_or(path.clone(), Path::to_owned)
    }

    /// The names of the secrets that only the password of `jf worker` opens.
    pub fn sealed(&self) -> Vec<&str> {
        self.secrets()
            .filter(|(_, value)| is_sealed(value))
            .map(|(name, _)| name)
            .collect()
    }

    /// The body of a deployment without its code. Settings that the manifest leaves out are the defaults if it has any
    /// setting at all; `before` is the worker as the server has it, whose `keepPayloads` stays.
    pub fn body(&self, before: Option<&Value>) -> Map<String, Value> {
        let manifest = &self.manifest;
        let application = self.said.get("application").and_then(Value::as_str).unwrap_or_default();
        let mut body = json!({
            "key": manifest.name,
            "enabled": manifest.enabled,
            "action": {"application": application, "name": manifest.action},
            "projectKey": self.project_key.as_deref().unwrap_or_default(),
            "version": {"commitSha": "", "description": "", "versionNumber": ""},
        });
        for name in ["description", "debug", "shared", "filterCriteria"] {
            if let Some(value) = self.said(name) {
                body[name] = value.clone();
            }
        }
        let plain = self.secrets().filter(|(_, value)| !is_sealed(value));
        let secrets: Vec<Value> = plain.map(|(key, value)| json!({"key": key, "value": value})).collect();
        if !secrets.is_empty() {
            body["secrets"] = secrets.into();
        }
        let mut settings = Map::new();
        for name in SETTINGS {
            settings.extend(self.said(name).map(|value| (name.to_owned(), value.clone())));
        }
        if !settings.is_empty() {
            if let Some(keeps) = before.and_then(|before| before["settings"].get("keepPayloads")) {
                settings.entry("keepPayloads").or_insert_with(|| keeps.clone());
            }
            body["settings"] = settings.into();
        }
        match body {
            Value::Object(body) => body,
            // It was written as one above.
            _ => Map::new(),
        }
    }

    fn said(&self, name: &str) -> Option<&Value> {
        self.said.get(name).filter(|value| !value.is_null())
    }

    fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        let secrets = self.said.get("secrets").and_then(Value::as_object);
        let texts = secrets.into_iter().flatten();
        texts.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }
}

/// Whether this looks like a secret that `jf worker` has sealed. A plain one that does is left out with a sentence, rather
/// than a sealed one sent as if it were the secret.
fn is_sealed(value: &str) -> bool {
    let bytes = BASE64.decode(value.as_bytes());
    bytes.is_ok_and(|bytes| bytes.len() >= SEALED_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(manifest: &Value, asked: Option<&str>) -> anyhow::Result<Project> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("worker.ts"), "export default () => 1")?;
        fs::write(folder.path().join("manifest.json"), manifest.to_string())?;
        Project::read(folder.path(), asked)
    }

    fn manifest(more: &Value) -> Value {
        let mut manifest = json!({
            "name": "w", "description": "", "sourceCodePath": "./worker.ts", "action": "GENERIC_EVENT", "enabled": true,
            "debug": false, "projectKey": "", "secrets": {}, "application": "worker",
        });
        let more = more.as_object().unwrap().clone();
        manifest.as_object_mut().unwrap().extend(more);
        manifest
    }

    #[test]
    fn a_manifest_of_the_public_command_line_is_a_deployment() {
        let sealed = BASE64.encode(&[7; SEALED_BYTES]);
        let manifest =
            manifest(&json!({"secrets": {"sealed": sealed, "plain": "text", "short": BASE64.encode(&[7; 32])}}));
        let project = project(&manifest, None).unwrap();
        let expected = json!({
            "key": "w", "description": "", "enabled": true, "debug": false, "projectKey": "",
            "action": {"application": "worker", "name": "GENERIC_EVENT"},
            "version": {"commitSha": "", "description": "", "versionNumber": ""},
            "secrets": [{"key": "plain", "value": "text"}, {"key": "short", "value": BASE64.encode(&[7; 32])}],
        });
        assert_eq!(Value::from(project.body(None)), expected);
        assert_eq!(project.sealed(), ["sealed"]);
    }

    #[test]
    fn settings_are_sent_as_the_manifest_has_them() {
        let schedule = json!({"schedule": {"cron": "0 3 * * *"}});
        let said =
            json!({"limits": {"fuel": 7}, "allowNet": ["a.example"], "shared": true, "filterCriteria": schedule});
        let project = project(&manifest(&said), Some("p")).unwrap();
        let before = json!({"settings": {"keepPayloads": false, "properties": {"old": "1"}}});
        let body = Value::from(project.body(Some(&before)));
        assert_eq!(
            body["settings"],
            json!({"limits": {"fuel": 7}, "allowNet": ["a.example"], "keepPayloads": false})
        );
        assert_eq!(
            (&body["shared"], &body["filterCriteria"], &body["projectKey"]),
            (&json!(true), &schedule, &json!("p"))
        );
    }

    #[test]
    fn a_worker_is_in_one_project() {
        let own = manifest(&json!({"projectKey": "p"}));
        assert_eq!(project(&own, Some("p")).unwrap().project_key(), Some("p"));
        let problem = project(&own, Some("q")).map(|_| ()).unwrap_err().to_string();
        assert!(
            problem.contains("projectKey is \"p\", and --project says \"q\""),
            "{problem}"
        );
    }

    #[test]
    fn every_mistake_of_a_manifest_is_told() {
        let wrong = manifest(&json!({"name": "-", "enabled": 1}));
        let problem = project(&wrong, None).map(|_| ()).unwrap_err().to_string();
        assert!(problem.contains("manifest.json has 2 mistakes:\n  name: "), "{problem}");
        let problem = Project::read(Path::new("/nowhere"), None)
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(
            problem.starts_with("cannot read /nowhere/manifest.json: No such file"),
            "{problem}"
        );
    }

    #[test]
    fn diagnostics_lead_to_the_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("worker.ts"), "").unwrap();
        fs::write(folder.path().join("manifest.json"), manifest(&json!({})).to_string()).unwrap();
        let project = Project::read(folder.path(), None).unwrap();
        let text = "error: no --> here\n --> lib/a.ts:2:8\n  |\n2 | let a --> b\n   ";
        let expected = text.replace("lib/a.ts", &folder.path().join("lib/a.ts").display().to_string());
        assert_eq!(project.placed(text).to_string(), expected);
        let here = Project {
            folder: ".".into(),
            ..project
        };
        assert_eq!(here.placed(text).to_string(), text);
    }
}
