//! The book in `docs/`: every block of it is run, built, parsed or compared, every page is listed, every link leads
//! somewhere, and what is made from the sources is what they say today.
//!
//! `UPDATE_BOOK=1 cargo test --workspace --locked --test host book` writes anew what is generated, and the outputs that
//! differ. Look at the change before it is committed.

#[path = "book/command_line.rs"]
mod command_line;
#[path = "book/compare.rs"]
mod compare;
#[path = "book/generated.rs"]
mod generated;
#[path = "book/links.rs"]
mod links;
#[path = "book/openapi.rs"]
mod openapi;
#[path = "book/page.rs"]
mod page;
#[path = "book/script.rs"]
mod script;
#[path = "book/shell.rs"]
mod shell;
#[path = "book/tables.rs"]
mod tables;
#[path = "book/types.rs"]
mod types;

use page::Page;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Whether what differs is to be written anew.
fn updating() -> bool {
    std::env::var_os("UPDATE_BOOK").is_some()
}

/// Every page, in the order of the file system.
fn pages() -> Vec<Page> {
    fn walk(folder: &Path, found: &mut Vec<Page>) {
        let mut entries: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(Page::read(&path));
            }
        }
    }
    if updating() {
        // Once, and before a page is tried: two tests that write one page would undo each other.
        static WRITTEN: Once = Once::new();
        WRITTEN.call_once(|| {
            let mut found = Vec::new();
            walk(&root().join("docs/src"), &mut found);
            found.into_iter().for_each(generated::write);
        });
    }
    let mut found = Vec::new();
    walk(&root().join("docs/src"), &mut found);
    assert!(found.len() > 20, "{} pages", found.len());
    found
}

/// All problems at once, as a failed test.
fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_block_of_the_book_is_tried() {
    // Three at a time: most of a page is waiting for a child to begin or for a file to be written.
    let pages = Mutex::new(pages());
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(page) = { pages.lock().unwrap().pop() } {
                    let found = shell::try_out(page);
                    problems.lock().unwrap().extend(found);
                }
            });
        }
    });
    none(&problems.into_inner().unwrap());
}

#[test]
fn what_is_generated_of_the_book_is_current() {
    none(&generated::problems(&pages()));
}

#[test]
fn every_page_is_listed_and_every_link_leads_somewhere() {
    none(&links::problems(&pages()));
}

#[test]
fn tables_written_by_hand_have_every_name() {
    none(&tables::problems(&pages()));
}

#[test]
fn the_sources_of_the_book_have_the_right_types() {
    none(&types::problems(&pages()));
}
