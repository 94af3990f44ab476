//! One file of the worker's folder, as what rolldown gets to see of it.

use std::path::Path;

use super::folder::{Folder, ROOT};
use crate::Diagnostic;
use crate::diagnostic::Label;
use crate::transform::lines::Lines;
use crate::transform::mapping::Printed;
use crate::transform::requests::Request;
use crate::transform::{Module, Role, module, scan, without_mark};

pub(super) struct Loaded {
    /// As the author knows it: relative to the folder.
    pub name: String,
    /// As it was written, without a byte order mark.
    pub text: String,
    /// What it became, if that is something else.
    pub compiled: Option<Compiled>,
    pub requests: Vec<Request>,
}

pub(super) struct Compiled {
    pub code: String,
    /// Where each place of the code was written.
    pub places: Vec<Printed>,
}

impl Loaded {
    pub(super) fn code(&self) -> &str {
        self.compiled.as_ref().map_or(&self.text, |compiled| &compiled.code)
    }

    pub(super) fn of_module(name: String, text: &str, module: Module) -> Self {
        Self {
            name,
            text: without_mark(text).to_owned(),
            compiled: Some(Compiled {
                code: format!("{}\n{}", module.helpers, module.code),
                places: module.places.into_iter().map(below_helpers).collect(),
            }),
            requests: module.requests,
        }
    }

    /// A fault at a place of the text.
    pub(super) fn fault(&self, at: usize, length: usize, message: &str, help: Option<&str>) -> Diagnostic {
        let label = Label {
            span: at..at + length,
            text: String::new(),
        };
        Diagnostic::new(
            &self.name,
            &self.text,
            &Lines::of_source(&self.text),
            &[label],
            message,
            help,
        )
    }

    /// The byte of the text that a place of the code, line and UTF-16 column from 0, was written at.
    pub(super) fn written(&self, line: u32, column: u32) -> usize {
        let (line, column) = match &self.compiled {
            Some(compiled) => compiled.origin((line, column)).unwrap_or_default(),
            None => (line, column),
        };
        let (byte, _) = Lines::of_source(&self.text).utf16(line as usize, column as usize);
        byte.min(self.text.len())
    }
}

impl Compiled {
    /// Where a place of the code was written, by the nearest mark before it on its line.
    pub(super) fn origin(&self, place: (u32, u32)) -> Option<(u32, u32)> {
        let next = self.places.partition_point(|printed| printed.code <= place);
        let before = self.places.get(next.checked_sub(1)?)?;
        (before.code.0 == place.0).then_some(before.source)
    }
}

fn below_helpers(place: Printed) -> Printed {
    Printed {
        code: (place.code.0 + 1, place.code.1),
        ..place
    }
}

/// What a file is, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    TypeScript,
    JavaScript,
    CommonJs,
    Json,
}

impl Language {
    pub(super) fn of(path: &str) -> Option<Self> {
        let extension = Path::new(path).extension()?.to_str()?;
        match extension.to_ascii_lowercase().as_str() {
            // What TypeScript has that we refuse is refused with a sentence of its own.
            "ts" | "mts" | "cts" | "tsx" | "jsx" => Some(Language::TypeScript),
            "js" | "mjs" => Some(Language::JavaScript),
            "cjs" => Some(Language::CommonJs),
            "json" => Some(Language::Json),
            _ => None,
        }
    }
}

/// Reads and compiles the file at `path`, one of the folder's.
pub(super) fn load(folder: &Folder, path: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let name = path
        .strip_prefix(ROOT)
        .unwrap_or(path)
        .trim_start_matches('/')
        .to_owned();
    let of_file = |message: String| vec![Diagnostic::of_file(&name, &message)];
    let Some(language) = Language::of(path) else {
        return Err(of_file(
            "a worker can import TypeScript, JavaScript and JSON, and this is none of them".into(),
        ));
    };
    let text = folder
        .text(Path::new(path))
        .map_err(|reason| of_file(format!("cannot read the file: {reason}")))?;
    if language == Language::TypeScript {
        let module = module(&name, &text, Role::Imported)?;
        return Ok(Loaded::of_module(name, &text, module));
    }
    let text = without_mark(&text).to_owned();
    let mut loaded = Loaded {
        name,
        text,
        compiled: None,
        requests: Vec::new(),
    };
    if language == Language::Json {
        check_json(&loaded)?;
    } else {
        loaded.requests = scan(&loaded.name, &loaded.text, language == Language::CommonJs)?;
    }
    Ok(loaded)
}

fn check_json(loaded: &Loaded) -> Result<(), Vec<Diagnostic>> {
    let Err(fault) = serde_json::from_str::<serde::de::IgnoredAny>(&loaded.text) else {
        return Ok(());
    };
    let lines = Lines::of_source(&loaded.text);
    let at = lines.range(fault.line().saturating_sub(1)).start + fault.column().saturating_sub(1);
    let message = fault.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    Err(vec![loaded.fault(
        at.min(loaded.text.len()),
        1,
        &format!("this is not JSON: {message}"),
        None,
    )])
}
