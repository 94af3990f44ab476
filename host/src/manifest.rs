//! `manifest.json` of a worker's folder, in the format of the `jf worker` command line.

use crate::api::settings::{self, Limits};
use crate::network::allowed::{self, Allowed};
use crate::source;
use crate::suggest::did_you_mean;
use engine::Texts;
use serde_json::{Map, Value};
use std::path::{Component, Path, PathBuf};

/// The action of workers that are executed over HTTP.
pub const GENERIC_EVENT: &str = "GENERIC_EVENT";

/// Every action of the service we are compatible with; workers of the others are known here, but not executed.
pub const ACTIONS: &[&str] = &[
    GENERIC_EVENT,
    "SCHEDULED_EVENT",
    "AFTER_BUILD_INFO_SAVE",
    "AFTER_COPY",
    "AFTER_CREATE",
    "AFTER_DELETE",
    "AFTER_DOWNLOAD",
    "AFTER_MOVE",
    "AFTER_PROPERTY_CREATE",
    "AFTER_PROPERTY_DELETE",
    "BEFORE_COPY",
    "BEFORE_CREATE",
    "BEFORE_CREATE_TOKEN",
    "BEFORE_DELETE",
    "BEFORE_DOWNLOAD",
    "BEFORE_MOVE",
    "BEFORE_PROPERTY_CREATE",
    "BEFORE_PROPERTY_DELETE",
    "BEFORE_REMOTE_INFO",
    "BEFORE_REVOKE_TOKEN",
    "BEFORE_UPLOAD",
];

/// Every key that means something to us.
pub const KEYS: &[&str] = &[
    "name",
    "description",
    "sourceCodePath",
    "action",
    "application",
    "enabled",
    "debug",
    "projectKey",
    "secrets",
    "filterCriteria",
    "properties",
    "allowNet",
    "limits",
    "httpResponses",
    "keepPayloads",
    "shared",
    "version",
];

/// A manifest that was checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The worker's key.
    pub name: String,
    /// One of the known actions.
    pub action: String,
    /// Whether it may be executed; so it is unless the manifest says otherwise.
    pub enabled: bool,
    /// The project it belongs to.
    pub project_key: Option<String>,
    /// The source file, inside the worker's folder.
    pub source: PathBuf,
    /// The source file as the manifest names it, without `./`.
    pub source_name: String,
    /// `context.properties`.
    pub properties: Texts,
    /// What it may reach beside what the operator allows to all.
    pub allowed: Vec<Allowed>,
    /// What it asks for.
    pub limits: Limits,
    /// Whether it answers under `/worker/api/v2/http/` as well.
    pub http_responses: bool,
}

/// Whether `key` can name a worker: `[A-Za-z0-9][A-Za-z0-9_.-]{0,63}`.
pub fn is_key(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    key.len() <= 64 && key.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric()) && key.bytes().all(plain)
}

/// Checks the manifest `text` of the worker in `folder`; on failure says all that is wrong with it. `maxima` are what the
/// operator allows a worker to ask for.
/// Keys we do not know are left alone: other versions of the command line have more.
pub fn parse(folder: &Path, text: &[u8], maxima: &Limits) -> Result<Manifest, Vec<String>> {
    let object = match serde_json::from_slice(text) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(vec!["expected a JSON object".into()]),
        Err(error) => return Err(vec![format!("is not valid JSON: {error}")]),
    };
    let mut fields = Fields {
        object,
        faults: Vec::new(),
    };
    let name = fields.required("name", |name| {
        let expected = "expected at most 64 letters, digits, _, . and -, the first a letter or a digit";
        if is_key(name) {
            Ok(name.to_owned())
        } else {
            Err(format!("{expected}, not {name:?}"))
        }
    });
    let action = fields.required("action", |action| {
        let hint = did_you_mean(action, ACTIONS.iter().copied());
        if ACTIONS.contains(&action) {
            Ok(action.to_owned())
        } else {
            Err(format!("{action:?} is not known{hint}"))
        }
    });
    let source = fields.required("sourceCodePath", |path| inside(folder, path));
    let enabled = fields.switch("enabled").unwrap_or(true);
    let project_key = fields.text("projectKey").filter(|key| !key.is_empty());
    fields.text("description");
    fields.text("application");
    fields.switch("debug");
    fields.check("secrets", "an object of texts", |value| {
        value
            .as_object()
            .is_some_and(|secrets| secrets.values().all(Value::is_string))
    });
    fields.check("filterCriteria", "an object", Value::is_object);
    let properties = fields.texts("properties");
    let allowed = fields.hosts("allowNet");
    let limits = fields.limits("limits", maxima);
    let http_responses = fields.switch("httpResponses").unwrap_or(false);
    match (name, action, source) {
        (Some(name), Some(action), Some((source, source_name))) if fields.faults.is_empty() => Ok(Manifest {
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
        }),
        _ => Err(fields.faults),
    }
}

/// The fields of a manifest, and what was wrong with those looked at so far. `null` is an absent field.
struct Fields {
    object: Map<String, Value>,
    faults: Vec<String>,
}

impl Fields {
    fn check(&mut self, name: &str, expected: &str, right: impl FnOnce(&Value) -> bool) -> Option<Value> {
        let value = self.object.remove(name).filter(|value| !value.is_null())?;
        if right(&value) {
            return Some(value);
        }
        self.faults.push(format!("{name}: expected {expected}"));
        None
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.check(name, "a text", Value::is_string)? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn switch(&mut self, name: &str) -> Option<bool> {
        self.check(name, "true or false", Value::is_boolean)?.as_bool()
    }

    fn texts(&mut self, name: &str) -> Texts {
        let texts = |object: &Map<String, Value>| {
            let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
            object.iter().map(text).collect::<Option<Texts>>()
        };
        let value = self.object.remove(name).filter(|value| !value.is_null());
        match value.map(|value| value.as_object().and_then(texts)) {
            None => Texts::new(),
            Some(Some(texts)) => texts,
            Some(None) => {
                self.faults.push(format!("{name}: expected an object of texts"));
                Texts::new()
            }
        }
    }

    fn hosts(&mut self, name: &str) -> Vec<Allowed> {
        let list = |value: &Value| value.as_array().is_some_and(|hosts| hosts.iter().all(Value::is_string));
        let value = self.check(name, "a list of hosts, such as [\"api.example.com\"]", list);
        let hosts = value
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let mut all = Vec::new();
        for host in hosts {
            match allowed::parse_list(host) {
                Ok(hosts) => all.extend(hosts),
                Err(problems) => self
                    .faults
                    .extend(problems.iter().map(|problem| format!("{name}: {problem}"))),
            }
        }
        all
    }

    fn limits(&mut self, name: &str, maxima: &Limits) -> Limits {
        let Some(value) = self.object.remove(name) else {
            return Limits::default();
        };
        settings::limits_of_manifest(value, maxima).unwrap_or_else(|mistakes| {
            self.faults.extend(mistakes);
            Limits::default()
        })
    }

    fn required<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let before = self.faults.len();
        match self.text(name).filter(|text| !text.is_empty()) {
            Some(text) => parse(&text)
                .map_err(|problem| self.faults.push(format!("{name}: {problem}")))
                .ok(),
            None => {
                if self.faults.len() == before {
                    self.faults.push(format!("{name}: is missing"));
                }
                None
            }
        }
    }
}

/// The file that `path` names, if it is inside `folder` with all links followed; and its plain name.
pub(crate) fn inside(folder: &Path, path: &str) -> Result<(PathBuf, String), String> {
    let relative = Path::new(path);
    if !relative
        .components()
        .all(|part| matches!(part, Component::CurDir | Component::Normal(_)))
    {
        return Err(format!("expected a path inside the worker's folder, not {path:?}"));
    }
    if !source::has_extension(relative, source::ALL) {
        return Err(format!(
            "expected a file that ends in .{}, not {path:?}",
            source::ALL.join(", .")
        ));
    }
    let missing = |error: std::io::Error| format!("{path:?} cannot be read: {error}");
    let file = folder.join(relative).canonicalize().map_err(missing)?;
    if !file.starts_with(folder.canonicalize().map_err(missing)?) {
        return Err(format!("{path:?} is a link that leaves the worker's folder"));
    }
    let plain: PathBuf = relative
        .components()
        .filter(|part| *part != Component::CurDir)
        .collect();
    Ok((file, plain.to_string_lossy().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("w")).unwrap();
        std::fs::write(folder.path().join("w/worker.ts"), "").unwrap();
        std::fs::write(folder.path().join("outside.ts"), "").unwrap();
        std::os::unix::fs::symlink("../outside.ts", folder.path().join("w/link.ts")).unwrap();
        folder
    }

    fn parsed(text: &str) -> Result<Manifest, Vec<String>> {
        let maxima = Limits {
            fuel: Some(1000),
            ..Limits::default()
        };
        parse(&folder().path().join("w"), text.as_bytes(), &maxima)
    }

    #[test]
    fn a_manifest_of_the_command_line_is_accepted() {
        let manifest = parsed(
            r#"{"name":"my-worker","description":"Run a script on GENERIC_EVENT","secrets":{"a":"b"},"properties":{},
                "sourceCodePath":"./worker.ts","action":"GENERIC_EVENT","enabled":false,"debug":false,
                "projectKey":"","application":"worker","version":{"number":"1"}}"#,
        )
        .unwrap();
        assert_eq!(manifest.name, "my-worker");
        assert_eq!(
            (manifest.enabled, manifest.project_key, manifest.source_name.as_str()),
            (false, None, "worker.ts")
        );
        let brief = parsed(
            r#"{"name":"a","sourceCodePath":"worker.ts","action":"AFTER_CREATE","projectKey":"p","secrets":null}"#,
        );
        let brief = brief.unwrap();
        assert_eq!((brief.enabled, brief.project_key.as_deref()), (true, Some("p")));
        assert_eq!(brief.limits, Limits::default());
        let limited = r#"{"name":"a","sourceCodePath":"worker.ts","action":"GENERIC_EVENT","limits":{"fuel":1000}}"#;
        assert_eq!(parsed(limited).unwrap().limits.fuel, Some(1000));
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let faults = parsed(
            r#"{"name":"../x","sourceCodePath":"gone.ts","action":"GENERIC_EVNT","enabled":"yes","debug":1,
                "projectKey":7,"description":[],"secrets":{"a":1},"filterCriteria":"x","application":true,
                "properties":{"a":1},"allowNet":["http://x","a b"],"httpResponses":1,
                "limits":{"fuel":1001,"feul":1,"logLines":-1}}"#,
        )
        .unwrap_err();
        let expected = [
            "name: expected at most 64",
            "action: \"GENERIC_EVNT\" is not known (did you mean GENERIC_EVENT?)",
            "sourceCodePath: \"gone.ts\" cannot be read",
            "enabled: expected true or false",
            "projectKey: expected a text",
            "description: expected a text",
            "application: expected a text",
            "debug: expected true or false",
            "secrets: expected an object of texts",
            "filterCriteria: expected an object",
            "properties: expected an object of texts",
            "allowNet: \"http://x\" is not a host",
            "allowNet: \"a b\" is not a host",
            "limits.fuel: 1001 is more than the 1000 that this host allows",
            "limits.logLines: expected a whole number of at least 0, not -1",
            "limits.feul: is not a setting (did you mean fuel?)",
            "httpResponses: expected true or false",
        ];
        assert_eq!(faults.len(), expected.len(), "{faults:?}");
        for (fault, expected) in faults.iter().zip(expected) {
            assert!(fault.starts_with(expected), "{fault}");
        }
        assert_eq!(
            parsed("{}").unwrap_err(),
            ["name: is missing", "action: is missing", "sourceCodePath: is missing"]
        );
        assert_eq!(parsed("[]").unwrap_err(), ["expected a JSON object"]);
        assert!(parsed("{").unwrap_err()[0].contains("line 1 column 1"));
    }

    #[test]
    fn a_source_does_not_leave_its_folder() {
        for path in [
            "../outside.ts",
            "/etc/passwd.ts",
            "./a/../../outside.ts",
            "link.ts",
            "worker.py",
            "..",
            ".",
        ] {
            let text = serde_json::json!({"name": "a", "action": GENERIC_EVENT, "sourceCodePath": path}).to_string();
            let faults = parsed(&text).unwrap_err();
            assert!(
                faults.len() == 1 && faults[0].starts_with("sourceCodePath: "),
                "{path}: {faults:?}"
            );
        }
    }

    #[test]
    fn keys() {
        for key in ["a", "7", "my-worker", "a.b_c-D", &"x".repeat(64)] {
            assert!(is_key(key), "{key}");
        }
        for key in [
            "",
            ".",
            "..",
            "-a",
            "_a",
            "a/b",
            "../",
            "a\0",
            "a\"",
            "a b",
            "\u{e9}",
            "a\n",
            &"x".repeat(65),
        ] {
            assert!(!is_key(key), "{key:?}");
        }
    }
}
