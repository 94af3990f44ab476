//! Tries a page as its reader would: one shell from its beginning to its end, in a fresh folder, with the real binary.
//!
//! The blocks become one script: files are written where the shell is at that moment, sources are built, commands are run,
//! and each block's output is kept for itself. The ports 8080 and 8443 of the page are free ones here.

use super::page::{Block, Page};
use super::{compare, root, updating};
use crate::program::CACHE;
use crate::store::cluster;
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The database that pages speak of; the tests' own stands in its place.
const DATABASE: &str = "postgres://workers:password@localhost/workers";

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

/// A folder for the page and one for what is known of it.
struct Place {
    folder: tempfile::TempDir,
    ports: [(&'static str, String); 2],
    database: Option<String>,
}

/// All that is not as the page says.
pub fn try_out(mut page: Page) -> Vec<String> {
    let mut problems = std::mem::take(&mut page.problems);
    problems.extend(page.blocks.iter().filter_map(|block| taken_from(&page, block)));
    let Some(place) = Place::new(&page) else {
        return problems;
    };
    let begun = std::time::Instant::now();
    match script(&page) {
        Ok(script) => problems.extend(place.run(&mut page, &script)),
        Err(wrong) => problems.extend(wrong),
    }
    println!("{:.1?} {}", begun.elapsed(), page.path.display());
    problems
}

/// Whether a block that says where it is from stands there.
fn taken_from(page: &Page, block: &Block) -> Option<String> {
    let from = block.option("from")?;
    let problem = match fs::read_to_string(root().join(from)) {
        Ok(_) if page.body(block).trim().is_empty() => "this block is empty".to_owned(),
        Ok(text) if text.contains(page.body(block)) => return None,
        Ok(_) => format!("this block is not in {from}, letter by letter"),
        Err(error) => format!("{from}: {error}"),
    };
    Some(format!("{}: {problem}", page.at(block.line)))
}

/// The block of output that belongs to a block of commands: the next one, if it is one that nobody writes to a file.
fn output(page: &Page, number: usize) -> Option<&Block> {
    let next = page.blocks.get(number + 1)?;
    let plain = !next.hidden && next.options.is_empty();
    (page.blocks[number].language == "sh" && plain)
        .then_some(next)
        .filter(|next| matches!(next.language.as_str(), "text" | "json"))
}

/// The script that tries the page, or what is wrong with its blocks.
fn script(page: &Page) -> Result<String, Vec<String>> {
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
            "toml" if block.file().is_some_and(|file| !file.ends_with("host.toml")) => {
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

impl Place {
    /// Nothing where the page needs what is not on this machine.
    fn new(page: &Page) -> Option<Self> {
        let mut database = None;
        for need in &page.needs {
            let there = if need == "postgres" {
                database = cluster::shared().map(cluster::Cluster::database);
                database.is_some()
            } else if need.contains('/') {
                root().join(need).exists()
            } else {
                on_path(need)
            };
            if !there {
                let name = page.path.display();
                assert!(std::env::var_os("CI").is_none(), "{name} needs {need}");
                eprintln!("SKIPPED: {name} needs {need}");
                return None;
            }
        }
        // Two sockets at once, so that the ports are two.
        let sockets = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [one, two] = sockets.map(|socket| socket.local_addr().unwrap().port().to_string());
        let folder = tempfile::tempdir().unwrap();
        for name in ["you", "book", "bin"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        // As at a terminal: its progress is for files.
        fs::write(folder.path().join("you/.curlrc"), "silent\nshow-error\n").unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_host"), folder.path().join("bin/host")).unwrap();
        Some(Self {
            folder,
            ports: [("8080", one), ("8443", two)],
            database,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A text of the page as it is tried here.
    fn here(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (port, free) in &self.ports {
            text = text.replace(port, free);
        }
        match &self.database {
            Some(url) => text.replace(DATABASE, url),
            None => text,
        }
    }

    /// What was seen here as a reader would see it.
    fn there(&self, text: &str) -> String {
        let mut text = text.replace(self.path("you").to_str().unwrap(), "/home/you");
        for (port, free) in &self.ports {
            text = text.replace(free, port);
        }
        text
    }

    fn run(&self, page: &mut Page, script: &str) -> Vec<String> {
        let book = self.path("book");
        for (number, block) in page.blocks.iter().enumerate() {
            fs::write(book.join(format!("{number}.block")), self.here(page.body(block))).unwrap();
        }
        fs::write(book.join("script"), script).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let status = Command::new("timeout")
            .args(["-k", "5", "100", "bash"])
            .arg(book.join("script"))
            .env_clear()
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.path("you"))
            .env("BOOK", &book)
            .env("REPOSITORY", root())
            .env("HOST_CACHE", &*CACHE)
            .env("HOST_LISTEN", format!("127.0.0.1:{}", self.ports[0].1))
            .env("HOST_SERVER", format!("http://127.0.0.1:{}", self.ports[0].1))
            .current_dir(self.path("you"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(book.join("stderr")).unwrap())
            .status()
            .unwrap();
        let read = |name: &str| fs::read_to_string(book.join(name)).unwrap_or_default();
        let at = read("at");
        let mut problems = Vec::new();
        let mut changes = Vec::new();
        for (number, block) in page.blocks.iter().enumerate() {
            let Some(expected) = output(page, number) else { continue };
            if !book.join(format!("{number}.seen")).exists() {
                break;
            }
            let seen = self.there(&read(&format!("{number}.seen")));
            let same = match expected.language.as_str() {
                "json" => compare::same_json(page.body(expected), &seen).unwrap_or(false),
                _ => compare::same_text(page.body(expected), &seen),
            };
            if same {
                continue;
            }
            if updating() {
                let line = if seen.is_empty() || seen.ends_with('\n') {
                    ""
                } else {
                    "\n"
                };
                changes.push((expected.body.clone(), format!("{seen}{line}")));
            } else {
                let shown = page.body(expected);
                problems.push(format!(
                    "{}: the output differs\n--- the page\n{shown}--- what was seen\n{seen}---",
                    page.at(block.line)
                ));
            }
        }
        if !status.success() || at.trim() != "done" {
            let at = at.trim();
            let line = at
                .parse()
                .ok()
                .and_then(|at: usize| page.blocks.get(at))
                .map_or(0, |block| block.line);
            let seen = self.there(&read(&format!("{at}.out")));
            problems.push(format!("{}: this failed\n{seen}{}", page.at(line), read("stderr")));
        }
        for (place, text) in changes.into_iter().rev() {
            page.text.replace_range(place, &text);
        }
        page.write();
        problems
    }
}

/// Whether a program can be started by its name.
fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
