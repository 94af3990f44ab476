//! Tries a page as its reader would: one shell from its beginning to its end, in a fresh folder, with the real binary.
//!
//! Each block's output is kept for itself. The ports 8080 and 8443 of the page are free ones here.

use super::page::{Block, Page};
use super::script::{output, script};
use super::{compare, root, updating};
use crate::program::CACHE;
use crate::store::cluster;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The database that pages speak of; the tests' own stands in its place.
const DATABASE: &str = "postgres://workers:password@localhost/workers";

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
            .args(["-k", "5", "300", "bash"])
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
