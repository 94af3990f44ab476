//! `host inspect`: what is in a module, as text or JSON.

use crate::console;
use crate::source::{self, Code};
use anyhow::{Context, bail};
use engine::{Extern, Inspection};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

/// Takes the module in `file` apart and prints it.
pub fn inspect(file: &Path, as_json: bool) -> anyhow::Result<ExitCode> {
    if !source::has_extension(file, &["wasm"]) {
        bail!(
            "{}: expected a module, a file that ends in .wasm; `host build` makes one",
            file.display()
        );
    }
    let (folder, name) = source::place(file);
    let Code::Module(module) = source::read(file, &name, &folder)? else {
        bail!("{}: is no module", file.display());
    };
    let found = engine::inspect(&module).with_context(|| file.display().to_string())?;
    let shown = match as_json {
        true => escaped(&document(&found).to_string()),
        false => console::printable(&text(&found)),
    };
    console::out(format!("{shown}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn text(found: &Inspection) -> String {
    let mut text = format!("{} bytes, {} functions\n", grouped(found.bytes as u64), found.functions);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "runtime   {}", runtime(found));
    if let Some(memory) = found.memory {
        let most = match memory.most {
            Some(most) => format!("at most {} bytes", grouped(most)),
            None => "no maximum of its own".into(),
        };
        let _ = writeln!(text, "memory    begins with {} bytes, {most}", grouped(memory.bytes));
    }
    let data = found.data;
    let _ = writeln!(
        text,
        "image     {} bytes in {} segments, on {} of {} pages",
        grouped(data.bytes as u64),
        grouped(data.segments as u64),
        data.pages,
        found.memory.map_or(0, |memory| memory.bytes >> 16)
    );
    let _ = writeln!(text, "sources   {}", listed(&found.sources));
    let imports: Vec<_> = found
        .imports
        .iter()
        .map(|it| format!("{}.{}", it.module, named(it)))
        .collect();
    let _ = writeln!(text, "imports   {}", listed(&imports));
    let exports: Vec<_> = found.exports.iter().map(named).collect();
    let _ = writeln!(text, "exports   {}", listed(&exports));
    let mut parts = found.parts.clone();
    parts.sort_by_key(|part| std::cmp::Reverse(part.bytes));
    let width = parts.iter().map(|part| part.name.len()).max().unwrap_or(0);
    text.push_str("parts");
    for (number, part) in parts.iter().enumerate() {
        let share = part.bytes as f64 * 100.0 / found.bytes.max(1) as f64;
        let before = if number == 0 { "     " } else { "          " };
        let _ = writeln!(
            text,
            "{before}{:<width$}  {:>12}  {share:>5.1} %",
            part.name,
            grouped(part.bytes as u64)
        );
    }
    text.trim_end().to_owned()
}

fn runtime(found: &Inspection) -> String {
    match &found.runtime {
        None => "none of ours: a module of its own, compiled whole".into(),
        Some(runtime) => {
            let short = runtime.hash.get(..12).unwrap_or(&runtime.hash);
            let kind = match (runtime.is_ours, runtime.is_standalone) {
                (true, false) => "that of this host; its compiled code is shared",
                (true, true) => "the standalone one of this host: runs in any WASI runtime",
                (false, _) => "of another version, it says: built anew it would share compiled code",
            };
            format!("JavaScript {short}, {kind}")
        }
    }
}

fn named(it: &Extern) -> String {
    match it.kind {
        "function" => it.name.clone(),
        kind => format!("{} ({kind})", it.name),
    }
}

/// One a line, below each other.
fn listed(texts: &[String]) -> String {
    match texts.is_empty() {
        true => "none".into(),
        false => texts.join("\n          "),
    }
}

fn document(found: &Inspection) -> Value {
    let externs = |externs: &[Extern]| {
        let one = |it: &Extern| match it.module.as_str() {
            "" => json!({"name": it.name, "kind": it.kind}),
            module => json!({"module": module, "name": it.name, "kind": it.kind}),
        };
        externs.iter().map(one).collect::<Vec<_>>()
    };
    json!({
        "bytes": found.bytes,
        "functions": found.functions,
        "runtime": found.runtime.as_ref().map(|runtime| json!({
            "hash": runtime.hash,
            "ofThisHost": runtime.is_ours,
            "standalone": runtime.is_standalone,
        })),
        "memory": found.memory.map(|memory| json!({"bytes": memory.bytes, "maximumBytes": memory.most})),
        "image": {"bytes": found.data.bytes, "segments": found.data.segments, "pages": found.data.pages},
        "sources": found.sources,
        "imports": externs(&found.imports),
        "exports": externs(&found.exports),
        "parts": found.parts.iter().map(|part| json!({"name": part.name, "bytes": part.bytes})).collect::<Vec<_>>(),
    })
}

/// A document without the control characters that JSON allows in texts.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        match char.is_control() {
            true => {
                let _ = write!(text, "\\u{:04x}", u32::from(char));
            }
            false => text.push(char),
        }
    }
    text
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn names_cannot_command_a_terminal() {
        let json = escaped(&json!({"name": "a\u{9b}2J\u{1b}"}).to_string());
        assert_eq!(json, r#"{"name":"a\u009b2J\u001b"}"#);
    }

    #[test]
    fn a_document_has_what_is_known() {
        let module = wat::parse_str("(module (memory (export \"memory\") 1))").unwrap();
        let found = document(&engine::inspect(&module).unwrap());
        assert_eq!(found["memory"], json!({"bytes": 65536, "maximumBytes": null}));
        assert_eq!(found["exports"], json!([{"name": "memory", "kind": "memory"}]));
        assert_eq!((&found["runtime"], &found["sources"]), (&Value::Null, &json!([])));
        assert!(text(&engine::inspect(&module).unwrap()).contains("image     0 bytes in 0 segments, on 0 of 1 pages"));
    }
}
