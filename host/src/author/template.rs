//! What new projects are made of: files of `host/templates`, a folder for each template, with a placeholder for the name.

/// Stands for the worker's key.
const NAME: &str = "{{name}}";

/// One template.
pub struct Template {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Its files, by the path in the project.
    files: &'static [(&'static str, &'static str)],
    /// Whether the type declarations belong to it.
    pub has_types: bool,
    /// What to do next, a command and its purpose each.
    pub next: &'static [(&'static str, &'static str)],
}

/// Files of a folder of templates; what begins with a dot lies there without it, or it would mean something there.
macro_rules! files {
    ($folder:literal: $($from:literal => $to:literal),* $(,)?) => {
        &[$(($to, include_str!(concat!("../../templates/", $folder, "/", $from)))),*]
    };
}

const NEXT_OF_SCRIPTS: &[(&str, &str)] = &[
    (
        "host test --watch",
        "run the cases and the tests whenever a file changes",
    ),
    ("npm install && host check", "check the types too"),
    ("host run {{source}} --payload '{\"name\":\"you\"}'", "run it once"),
];

/// All of them; the first is what one gets that names none.
pub const ALL: [Template; 2] = [
    Template {
        name: "typescript",
        files: files!["typescript":
            "manifest.json" => "manifest.json",
            "worker.ts" => "worker.ts",
            "types.ts" => "types.ts",
            "cases.json" => "cases.json",
            "worker.test.ts" => "worker.test.ts",
            "package.json" => "package.json",
            "tsconfig.json" => "tsconfig.json",
            "gitignore" => ".gitignore",
        ],
        has_types: true,
        next: NEXT_OF_SCRIPTS,
    },
    Template {
        name: "javascript",
        files: files!["javascript":
            "manifest.json" => "manifest.json",
            "worker.js" => "worker.js",
            "cases.json" => "cases.json",
            "worker.test.js" => "worker.test.js",
            "package.json" => "package.json",
            "tsconfig.json" => "tsconfig.json",
            "gitignore" => ".gitignore",
        ],
        has_types: true,
        next: NEXT_OF_SCRIPTS,
    },
];

impl Template {
    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Template> {
        ALL.iter().find(|template| template.name == name)
    }

    /// Its files by their paths, for a worker with this key.
    pub fn files(&self, key: &str) -> impl Iterator<Item = (&'static str, String)> {
        self.files
            .iter()
            .map(move |(path, text)| (*path, text.replace(NAME, key)))
    }

    /// The file of the worker itself.
    pub fn source(&self) -> &'static str {
        let is_source = |path: &&str| path.starts_with("worker.") && !path.contains(".test.");
        self.files
            .iter()
            .map(|(path, _)| *path)
            .find(is_source)
            .unwrap_or("worker")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::settings::Limits;
    use crate::author::cases;
    use crate::manifest;

    #[test]
    fn every_template_is_a_worker() {
        for template in &ALL {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in template.files("my-key") {
                assert!(!text.contains(NAME), "{path}");
                std::fs::write(folder.path().join(path), &text).unwrap();
            }
            let manifest = std::fs::read(folder.path().join("manifest.json")).unwrap();
            let manifest = manifest::parse(folder.path(), &manifest, &Limits::default()).unwrap();
            assert_eq!(
                (manifest.name.as_str(), manifest.source_name.as_str()),
                ("my-key", template.source())
            );
            let text = std::fs::read_to_string(folder.path().join("cases.json")).unwrap();
            assert!(!cases::parse(&text).unwrap().is_empty());
        }
    }
}
