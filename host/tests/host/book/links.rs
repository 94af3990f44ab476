//! SUMMARY.md lists every page once, and links within the book lead to a file and a heading that are there.

use super::page::Page;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub fn problems(pages: &[Page]) -> Vec<String> {
    let source = super::root().join("docs/src");
    let mut problems = Vec::new();
    let mut listed = BTreeSet::new();
    for page in pages {
        let summary = page.path.ends_with("SUMMARY.md");
        for (line, link) in links(page) {
            let (file, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let path = match file {
                "" => page.path.clone(),
                file => normal(&page.path.parent().unwrap().join(file)),
            };
            if link.contains("://") {
                problems.push(format!("{}: {link} leads out of the book", page.at(line)));
            } else if !path.starts_with(&source) || !path.is_file() {
                problems.push(format!("{}: {link} leads to no file of the book", page.at(line)));
            } else if !fragment.is_empty() && !has_heading(&path, fragment) {
                problems.push(format!("{}: {link} leads to no heading", page.at(line)));
            }
            if summary && !listed.insert(path) {
                problems.push(format!("{}: {link} is listed twice", page.at(line)));
            }
        }
    }
    for page in pages {
        if !page.path.ends_with("SUMMARY.md") && !listed.contains(&page.path) {
            problems.push(format!("{}: is not in SUMMARY.md", page.path.display()));
        }
    }
    problems
}

/// The targets of links and images outside of blocks, with their lines.
fn links(page: &Page) -> Vec<(usize, String)> {
    let blocks: Vec<_> = page.blocks.iter().map(|block| block.body.clone()).collect();
    let mut found = Vec::new();
    let mut at = 0;
    for (number, line) in page.text.split_inclusive('\n').enumerate() {
        let begin = at;
        at += line.len();
        if blocks.iter().any(|block| block.contains(&begin)) {
            continue;
        }
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("](") {
            let target = after.split_once(')').map_or("", |(target, _)| target);
            found.push((number + 1, target.to_owned()));
            rest = after;
        }
    }
    found
}

/// Without `..`, and without asking the disk: a link of the book is text.
fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            result.pop();
        } else {
            result.push(part);
        }
    }
    result
}

/// Whether a heading has this id, as mdBook makes them.
fn has_heading(path: &Path, id: &str) -> bool {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter_map(|line| line.strip_prefix('#')).any(|heading| {
        let heading = heading.trim_start_matches('#').trim();
        let plain = heading.chars().filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
            _ => None,
        });
        plain.eq(id.chars())
    })
}
