//! Tables that are written by hand, and have every name that the code knows: no more, no fewer.

use super::page::Page;
use std::collections::BTreeSet;

pub fn problems(pages: &[Page]) -> Vec<String> {
    let mut problems = Vec::new();
    // No case can expect to be cancelled.
    let outcomes = [host::author::cases::CODES, &["cancelled"]].concat();
    for (file, heading, known) in [
        ("reference/outcomes.md", "Outcomes", outcomes.as_slice()),
        ("reference/manifest.md", "Keys", host::manifest::KEYS),
        ("reference/cases.md", "Keys", host::author::cases::KEYS),
        (
            "reference/cases.md",
            "Keys of failure",
            host::author::cases::FAILURE_KEYS,
        ),
        ("reference/manifest.md", "Actions", host::manifest::ACTIONS),
    ] {
        let page = pages.iter().find(|page| page.path.ends_with(file));
        let page = page.unwrap_or_else(|| panic!("{file} is not there"));
        let told = told(page, heading);
        let known: BTreeSet<_> = known.iter().copied().collect();
        for missing in known.difference(&told) {
            problems.push(format!("{file}: {heading}: {missing} is missing"));
        }
        for unknown in told.difference(&known) {
            problems.push(format!("{file}: {heading}: {unknown} is not known to the code"));
        }
    }
    problems
}

/// What stands in backticks in the first column of the tables below a heading.
fn told<'a>(page: &'a Page, heading: &str) -> BTreeSet<&'a str> {
    let lines = page
        .text
        .lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != heading)
        .skip(1);
    let rows = lines
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
        .collect()
}
