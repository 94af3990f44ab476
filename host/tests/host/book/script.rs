//! The blocks of a page as one script: files are written where the shell is at that moment, sources are built, commands
//! are run. What is no command is checked here.

use super::page::{Block, Page};
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// What every script begins with. `at` is the block under way; the output of a block is a file, and what stands in it when
/// the block ends is what counts, because a server goes on writing, to what `$server` names from then on.
const PRELUDE: &str = r#"set -e
trap 'kill $(jobs -p) 2>/dev/null || true; wait || true' EXIT
at() { echo "$1" >"$BOOK/at"; }
begin() { at "$1"; exec >"$BOOK/$1.out" 2>&1; }
end() { cp "$BOOK/$1.out" "$BOOK/$1.seen"; }
ready() {
    server="$BOOK/$1.out"
    for _ in $(seq 400); do
        if grep -q -e 'INFO ready' -e '^built ' "$server"; then return; fi
        sleep 0.05
    done
    echo "no server is ready"; return 1
}
checked() {
    if [ "$1" != "$2" ]; then echo "exit code $1, where $2 was expected"; return 1; fi
}
"#;

/// The block of output that belongs to a block of commands: the next one, if it is one that nobody writes to a file.
pub fn output(page: &Page, number: usize) -> Option<&Block> {
    let next = page.blocks.get(number + 1)?;
    let plain = !next.hidden && next.options.is_empty();
    (page.blocks[number].language == "sh" && plain)
        .then_some(next)
        .filter(|next| matches!(next.language.as_str(), "text" | "json"))
}

/// The script that tries the page, or what is wrong with its blocks.
pub fn script(page: &Page) -> Result<String, Vec<String>> {
    let mut script = PRELUDE.to_owned();
    let mut wrong = Vec::new();
    let mut unchecked = Vec::new();
    for (number, block) in page.blocks.iter().enumerate() {
        let mut fault = |problem: &str| wrong.push(format!("{}: {problem}", page.at(block.line)));
        let body = page.body(block);
        if block.option("from").is_some() && block.file().is_none() {
            continue;
        }
        if let Some(file) = block.file() {
            let _ = writeln!(
                script,
                "at {number}; mkdir -p \"$(dirname '{file}')\"; cp \"$BOOK/{number}.block\" '{file}'"
            );
        }
        match block.language.as_str() {
            "sh" => {
                check(&mut script, page, &mut unchecked);
                let expected = block.option("exit").unwrap_or("0");
                let _ = writeln!(script, "begin {number}");
                if expected == "0" {
                    let _ = writeln!(script, ". \"$BOOK/{number}.block\"");
                } else {
                    let _ = writeln!(
                        script,
                        "set +e; . \"$BOOK/{number}.block\"; status=$?; set -e; checked $status {expected}"
                    );
                }
                let server = |line: &str| {
                    line.ends_with('&')
                        && (line.contains("host serve") || line.contains("host dev"))
                        && !line.contains('>')
                };
                if body.lines().any(server) {
                    let _ = writeln!(script, "ready {number}");
                }
                let _ = writeln!(script, "end {number}");
            }
            "ts" | "js" => {
                let name = block.file().map(str::to_owned);
                if name.as_deref().is_some_and(|name| name.contains(".test.")) {
                    let mut later = page.blocks[number..].iter();
                    if !later.any(|block| block.language == "sh" && page.body(block).contains("host test")) {
                        fault("no `host test` runs these tests");
                    }
                } else if !of_manifest(page, block) {
                    build(&mut script, number, block, name.as_deref(), body);
                }
            }
            "json" => {
                let known = number > 0 && output(page, number - 1).is_some();
                if !known && let Err(error) = serde_json::from_str::<Value>(body) {
                    fault(&format!("is not JSON: {error}"));
                }
            }
            "toml" if block.file().is_some_and(|file| file.ends_with("Cargo.toml")) => {
                if let Err(error) = body.parse::<toml::Table>() {
                    fault(&format!("is not TOML: {error}"));
                }
            }
            "toml" => {
                if let Err(error) = settings(body) {
                    fault(&error);
                }
            }
            "text" if number > 0 && output(page, number - 1).is_some() => {}
            "text" => fault("this text follows no commands, and says not where it is from"),
            // A file for a tool that is not ours has to be taken from one that is tested.
            "c" | "zig" | "rust" => fault("is compiled by no test: say which tested file it is from, with from="),
            other => fault(&format!("nothing tests a block of the language {other:?}")),
        }
        if block.file().is_some_and(|file| file.ends_with("manifest.json")) {
            unchecked.push(number);
        }
    }
    check(&mut script, page, &mut unchecked);
    script.push_str("at done\n");
    if wrong.is_empty() { Ok(script) } else { Err(wrong) }
}

/// Has `host check` look at the manifests that were written; their sources are there by now.
fn check(script: &mut String, page: &Page, manifests: &mut Vec<usize>) {
    for number in manifests.drain(..) {
        let block = &page.blocks[number];
        let folder = Path::new(block.file().unwrap_or_default()).parent();
        let folder = folder
            .and_then(Path::to_str)
            .filter(|folder| !folder.is_empty())
            .unwrap_or(".");
        let status = if block.option("checks") == Some("no") { 1 } else { 0 };
        let _ = writeln!(
            script,
            "begin {number}; set +e; host check '{folder}'; status=$?; set -e; checked $status {status}"
        );
    }
}

/// Whether a source is the worker of a manifest of the page, which `host check` builds.
fn of_manifest(page: &Page, block: &Block) -> bool {
    let folder = |block: &Block| block.file().and_then(|file| Some(Path::new(file).parent()?.to_owned()));
    let mut manifests = page
        .blocks
        .iter()
        .filter(|block| block.file().is_some_and(|file| file.ends_with("manifest.json")));
    let worker = block.file().is_some_and(|file| file.ends_with("worker.ts"));
    worker && manifests.any(|manifest| folder(manifest) == folder(block))
}

/// Builds a source where it is; one without a worker in it through one that imports it.
fn build(script: &mut String, number: usize, block: &Block, name: Option<&str>, body: &str) {
    let unnamed = format!("block-{number}.{}", block.language);
    let file = Path::new(name.unwrap_or(&unnamed));
    let status = if block.option("builds") == Some("no") { 2 } else { 0 };
    let _ = writeln!(script, "begin {number}; built=$(mktemp --suffix=.wasm -p \"$BOOK\")");
    if name.is_none() {
        let _ = writeln!(script, "cp \"$BOOK/{number}.block\" '{unnamed}'");
    }
    let entry = file.with_extension("entry.js");
    let entry = if body.contains("export default") { file } else { &entry };
    if entry != file {
        let imported = file.file_name().unwrap_or_default().display();
        let _ = writeln!(
            script,
            "echo 'import \"./{imported}\"; export default () => 1' >'{}'",
            entry.display()
        );
    }
    let _ = writeln!(
        script,
        "set +e; host build '{}' -o \"$built\"; status=$?; set -e; checked $status {status}",
        entry.display()
    );
    for made in [(entry != file).then_some(entry), name.is_none().then_some(file)]
        .into_iter()
        .flatten()
    {
        let _ = writeln!(script, "rm '{}'", made.display());
    }
}

/// Reads a `host.toml` as a server would.
fn settings(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.toml");
    fs::write(&file, text).unwrap();
    let flags = [("config", vec![file.to_str().unwrap().to_owned()])].into();
    let sources = host::settings::sources::Sources::read(flags, |name| (name == "HOME").then(|| "/home/you".into()));
    host::settings::commands::Serve::from(sources)
        .map(|_| ())
        .map_err(|mistakes| mistakes.to_string())
}
