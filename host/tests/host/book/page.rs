//! A page: its blocks in their order, and the regions that are generated.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file of the book.
pub struct Page {
    pub path: PathBuf,
    pub text: String,
    pub blocks: Vec<Block>,
    pub generated: Vec<Region>,
    /// Programs, and files of the repository, without which the page cannot be tried.
    pub needs: Vec<String>,
    pub problems: Vec<String>,
}

/// A fenced block, or one in a comment, which no reader sees.
#[derive(Clone, Debug)]
pub struct Block {
    pub line: usize,
    pub language: String,
    /// What follows the language after commas: a file's name, `exit=1`, `from=…`.
    pub options: Vec<String>,
    /// Its lines, in the page's text.
    pub body: Range<usize>,
    pub hidden: bool,
}

/// What stands between `<!-- generated: NAME -->` and `<!-- end -->`.
#[derive(Clone, Debug)]
pub struct Region {
    pub name: String,
    pub line: usize,
    pub body: Range<usize>,
}

impl Block {
    /// The value of an option such as `exit=1`.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    }

    /// The file that it is written to, from the folder where the commands are at that moment.
    pub fn file(&self) -> Option<&str> {
        self.options
            .iter()
            .map(String::as_str)
            .find(|option| !option.contains('='))
    }
}

impl Page {
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let mut page = Self {
            path: path.to_owned(),
            text: String::new(),
            blocks: Vec::new(),
            generated: Vec::new(),
            needs: Vec::new(),
            problems: Vec::new(),
        };
        page.parse(&text);
        page.text = text;
        page
    }

    fn parse(&mut self, text: &str) {
        let mut at = 0;
        let mut lines = text.split_inclusive('\n').enumerate().map(|(number, line)| {
            at += line.len();
            (number + 1, line.trim_end(), at - line.len()..at)
        });
        while let Some((number, line, place)) = lines.next() {
            // Up to the line that ends what begins here.
            let mut until = |last: &str| {
                let mut end = place.end;
                for (_, line, inner) in lines.by_ref() {
                    if line == last {
                        return Some(place.end..end);
                    }
                    end = inner.end;
                }
                None
            };
            let problem = |problem: &str| format!("{}:{number}: {problem}", self.path.display());
            if let Some(info) = line.strip_prefix("```") {
                match until("```") {
                    Some(body) => self.blocks.push(block(number, info, body, false)),
                    None => self.problems.push(problem("this block has no end")),
                }
            } else if line.trim_start().starts_with("```") {
                self.problems
                    .push(problem("a block begins at the beginning of its line"));
            } else if let Some(name) = inside(line, "generated: ") {
                match until("<!-- end -->") {
                    Some(body) => self.generated.push(Region {
                        name: name.to_owned(),
                        line: number,
                        body,
                    }),
                    None => self.problems.push(problem("this region has no <!-- end -->")),
                }
            } else if let Some(needs) = inside(line, "needs: ") {
                self.needs.extend(needs.split(' ').map(str::to_owned));
            } else if let Some(info) = line.strip_prefix("<!-- ").filter(|info| !info.contains("-->")) {
                match until("-->") {
                    Some(body) => self.blocks.push(block(number, info, body, true)),
                    None => self
                        .problems
                        .push(problem("this comment has no --> on a line of its own")),
                }
            }
        }
    }

    pub fn body(&self, block: &Block) -> &str {
        &self.text[block.body.clone()]
    }

    /// How a place of it is called in a problem.
    pub fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// Writes it where it has changed.
    pub fn write(&self) {
        if std::fs::read_to_string(&self.path).unwrap() != self.text {
            std::fs::write(&self.path, &self.text).unwrap();
        }
    }
}

fn inside<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix("<!-- ")?.strip_prefix(name)?.strip_suffix(" -->")
}

fn block(line: usize, info: &str, body: Range<usize>, hidden: bool) -> Block {
    let mut words = info.split(',').map(|word| word.trim().to_owned());
    Block {
        line,
        language: words.next().unwrap_or_default(),
        options: words.collect(),
        body,
        hidden,
    }
}

#[test]
fn blocks_regions_and_comments_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    let text = "# A\n<!-- needs: curl npm -->\n```sh,exit=1\nhost run\n```\n<!-- json,a/b.json\n{}\n-->\n\
                <!-- generated: cli -->\n```\nx\n```\n<!-- end -->\n  ```sh\n```text\nopen\n";
    std::fs::write(&path, text).unwrap();
    let page = Page::read(&path);
    assert_eq!(page.needs, ["curl", "npm"]);
    let [run, file] = &page.blocks[..] else {
        panic!("{:?}", page.blocks)
    };
    assert_eq!(
        (page.body(run), run.option("exit"), run.file()),
        ("host run\n", Some("1"), None)
    );
    assert_eq!(
        (page.body(file), file.file(), file.hidden),
        ("{}\n", Some("a/b.json"), true)
    );
    assert_eq!(&text[page.generated[0].body.clone()], "```\nx\n```\n");
    assert_eq!(page.problems.len(), 2, "{:?}", page.problems);
}
