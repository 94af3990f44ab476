//! Finds the text of a setting, flag before environment before file, and collects every mistake on the way.

use super::range::{self, Range};
use super::table::{SETTINGS, Setting};
use crate::suggest::did_you_mean;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The settings file that is read when none is named.
const DEFAULT_FILE: &str = "host.toml";

/// The texts of settings by their names; several only where a setting repeats.
pub type Texts = BTreeMap<&'static str, Vec<String>>;

/// Where settings come from, and what was wrong with them so far.
pub struct Sources {
    flags: Texts,
    environment: fn(&str) -> Option<OsString>,
    file: PathBuf,
    keys: Texts,
    faults: Vec<String>,
}

/// Every mistake in the settings.
#[derive(Debug, thiserror::Error)]
#[error("the settings have {}:\n  {}", mistakes(.0.len()), .0.join("\n  "))]
pub struct Mistakes(Vec<String>);

fn mistakes(number: usize) -> String {
    if number == 1 {
        "a mistake".into()
    } else {
        format!("{number} mistakes")
    }
}

impl Sources {
    /// Reads the settings file, if there is one. `environment` looks up a variable.
    pub fn read(flags: Texts, environment: fn(&str) -> Option<OsString>) -> Self {
        let mut sources = Self {
            flags,
            environment,
            file: DEFAULT_FILE.into(),
            keys: BTreeMap::new(),
            faults: Vec::new(),
        };
        let named = sources.get("config", |path| Ok(PathBuf::from(path)));
        let must_exist = named.is_some();
        sources.file = named.unwrap_or(sources.file);
        match std::fs::read_to_string(&sources.file) {
            Ok(text) => sources.read_file(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => {}
            Err(error) => sources.fault(&sources.file.display().to_string(), &format!("cannot be read: {error}")),
        }
        sources
    }

    /// The settings file, where there is one.
    pub fn file_if_there(&self) -> Option<PathBuf> {
        self.file.exists().then(|| self.file.clone())
    }

    fn read_file(&mut self, text: &str) {
        let file = self.file.display().to_string();
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => return self.fault(&file, &format!("is not TOML: {}", error.to_string().trim_end())),
        };
        for (key, value) in table {
            let place = format!("{file}: {key}");
            let name = key.replace('_', "-");
            // The file cannot name itself.
            let known = || SETTINGS.iter().filter(|setting| setting.name != "config");
            let Some(setting) = known().find(|setting| setting.name == name) else {
                let hint = did_you_mean(&name, known().map(|setting| setting.name));
                self.fault(&place, &format!("is not a setting{hint}"));
                continue;
            };
            let Some(texts) = texts(&value, setting.repeats) else {
                let expected = match setting.repeats {
                    true => "expected texts",
                    false => "expected a text or a whole number",
                };
                self.fault(&place, &format!("{expected}, found: {}", value.type_str()));
                continue;
            };
            if self.keys.insert(setting.name, texts).is_some() {
                self.fault(&place, "is given twice, with - and with _");
            }
        }
    }

    /// The value of a setting; nothing when it is not given, or given wrongly, which is remembered.
    /// Only the source that counts is looked at: what it overrides may be anything.
    pub fn get<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let (source, texts) = self.find(name)?;
        let text = texts.last()?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.fault(&source, &format!("{problem}, not {text:?}"));
                None
            }
        }
    }

    /// The default and the maximum of a limit.
    pub fn get_range<T: Copy + PartialOrd>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Range<T>> {
        self.get_all(name, |text| range::range(text, &parse)).pop()
    }

    /// The values of a setting that repeats, from the one source that counts. `parse` says what is wrong, and keeps to
    /// itself what nobody should see.
    pub fn get_all<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T, Vec<String>>) -> Vec<T> {
        let Some((source, texts)) = self.find(name) else {
            return Vec::new();
        };
        let mut values = Vec::new();
        for text in texts {
            match parse(&text) {
                Ok(value) => values.push(value),
                Err(problems) => problems.iter().for_each(|problem| self.fault(&source, problem)),
            }
        }
        values
    }

    /// The source that counts, and its texts. An empty variable is an absent one, as deployment tools leave them.
    fn find(&mut self, name: &'static str) -> Option<(String, Vec<String>)> {
        let setting = SETTINGS.iter().find(|setting| setting.name == name);
        debug_assert!(setting.is_some(), "{name} is not in the table");
        if let Some(texts) = self.flags.get(name) {
            return Some((format!("--{name}"), texts.clone()));
        }
        let variable = setting.map(Setting::variable)?;
        if let Some(text) = self.variable(&variable) {
            return Some((variable, vec![text]));
        }
        let texts = self.keys.get(name)?;
        Some((format!("{}: {name}", self.file.display()), texts.clone()))
    }

    /// A variable that is set to something.
    pub fn variable(&mut self, name: &str) -> Option<String> {
        match (self.environment)(name)?.into_string() {
            Ok(text) => Some(text).filter(|text| !text.is_empty()),
            Err(_) => {
                self.fault(name, "is not valid UTF-8");
                None
            }
        }
    }

    /// Remembers a mistake: where it is, and what is wrong there.
    pub fn fault(&mut self, place: &str, problem: &str) {
        self.faults.push(format!("{place}: {problem}"));
    }

    /// All mistakes, if there were any.
    pub fn finish(self) -> Result<(), Mistakes> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Mistakes(self.faults))
        }
    }
}

/// What a key of the file holds, if it may hold that.
fn texts(value: &toml::Value, repeats: bool) -> Option<Vec<String>> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(switch) => switch.to_string(),
        toml::Value::Array(values) if repeats => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned));
            return texts.collect();
        }
        _ => return None,
    };
    Some(vec![text])
}

#[cfg(test)]
mod tests {
    use super::super::quantity;
    use super::*;

    fn sources(flags: &[(&'static str, &str)], environment: fn(&str) -> Option<OsString>, file: &str) -> Sources {
        let flags = flags
            .iter()
            .map(|(name, text)| (*name, vec![(*text).to_owned()]))
            .collect();
        let mut sources = Sources {
            flags,
            environment,
            file: "host.toml".into(),
            keys: BTreeMap::new(),
            faults: Vec::new(),
        };
        sources.read_file(file);
        sources
    }

    #[test]
    fn flag_before_environment_before_file() {
        let environment: fn(&str) -> Option<OsString> = |name| match name {
            "HOST_FUEL" | "HOST_DRAIN" => Some("2".into()),
            "HOST_MAX_EXECUTIONS" => Some("".into()),
            _ => None,
        };
        let mut sources = sources(&[("fuel", "1")], environment, "fuel = 3\ndrain = 3\nmax_executions = 3");
        assert_eq!(sources.get("fuel", quantity::count), Some(1));
        assert_eq!(sources.get("drain", quantity::count), Some(2));
        assert_eq!(sources.get("max-executions", quantity::count), Some(3));
        assert_eq!(sources.get("log", quantity::count), None);
        sources.finish().unwrap();
    }

    #[test]
    fn every_mistake_is_told_with_its_source() {
        let environment: fn(&str) -> Option<OsString> = |name| (name == "HOST_DRAIN").then(|| "soon".into());
        let file = "lisen = \"x\"\nfuel = -1\nlog = [1]\nconfig = \"y\"\n";
        let mut sources = sources(&[("timeout", "5")], environment, file);
        sources.get("timeout", quantity::duration);
        sources.get("drain", quantity::duration);
        sources.get("fuel", quantity::count);
        let text = sources.finish().unwrap_err().to_string();
        for part in [
            "the settings have 6 mistakes:",
            "\n  host.toml: lisen: is not a setting (did you mean listen?)",
            "\n  host.toml: config: is not a setting",
            "\n  host.toml: log: expected a text or a whole number, found: array",
            "\n  --timeout: expected a duration with a unit, such as 500ms, 5s, 2m, 1h or 30d, not \"5\"",
            "\n  HOST_DRAIN: expected a duration",
            "\n  host.toml: fuel: expected a whole number, such as 10_000_000_000, not \"-1\"",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn what_repeats_is_a_list_in_the_file() {
        let file = "property = [\"a=1\", \"b=2\"]\nallow_net = \"x\"\nfuel = [1]\nsecret = [1]";
        let mut sources = sources(&[], |_| None, file);
        let all = |sources: &mut Sources, name| sources.get_all(name, |text| Ok(text.to_owned()));
        assert_eq!(all(&mut sources, "property"), ["a=1", "b=2"]);
        assert_eq!(all(&mut sources, "allow-net"), ["x"]);
        sources.get_all("property", |_| Err::<(), _>(vec!["is wrong".into()]));
        let text = sources.finish().unwrap_err().to_string();
        for part in [
            "4 mistakes",
            "fuel: expected a text or a whole number, found: array",
            "secret: expected texts, found: array",
            "host.toml: property: is wrong",
        ] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn a_file_that_is_no_toml_says_where() {
        let text = sources(&[], |_| None, "listen = \n").finish().unwrap_err().to_string();
        assert!(
            text.contains("host.toml: is not TOML") && text.contains("line 1"),
            "{text}"
        );
    }
}
