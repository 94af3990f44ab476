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

/// A file of the crate for workers in Rust, which lies in the project: no registry has to have it.
macro_rules! sdk {
    ($file:literal) => {
        (
            concat!("sdk/src/", $file),
            include_str!(concat!("../../../guest-sdk/rust/src/", $file)),
        )
    };
}

const NEXT_OF_SCRIPTS: &[(&str, &str)] = &[
    (
        "host dev",
        "serve it, build it whenever a file changes, and show every execution",
    ),
    (
        "host test --watch",
        "run the cases and the tests whenever a file changes",
    ),
    ("npm install && host check", "check the types too"),
    ("host run {{source}} --payload '{\"name\":\"you\"}'", "run it once"),
];

/// All of them; the first is what one gets that names none.
pub const ALL: [Template; 3] = [
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
    Template {
        name: "rust",
        files: &[
            ("manifest.json", include_str!("../../templates/rust/manifest.json")),
            ("worker.rs", include_str!("../../templates/rust/worker.rs")),
            ("Cargo.toml", include_str!("../../templates/rust/Cargo.toml")),
            ("cases.json", include_str!("../../templates/rust/cases.json")),
            (".gitignore", include_str!("../../templates/rust/gitignore")),
            ("sdk/Cargo.toml", include_str!("../../templates/rust/sdk.toml")),
            sdk!("context.rs"),
            sdk!("error.rs"),
            sdk!("failure.rs"),
            sdk!("handler.rs"),
            sdk!("host.rs"),
            sdk!("lib.rs"),
            sdk!("log.rs"),
            sdk!("operation.rs"),
            sdk!("pending.rs"),
            sdk!("random.rs"),
            sdk!("request.rs"),
            sdk!("response.rs"),
            sdk!("state.rs"),
            sdk!("testing.rs"),
            sdk!("testing/operations.rs"),
            sdk!("testing/requests.rs"),
        ],
        has_types: false,
        next: &[
            ("cargo test", "run its unit tests, with a mock in the place of the host"),
            ("rustup target add wasm32-wasip1", "once on a machine"),
            (
                "cargo build --release --target wasm32-wasip1",
                "make the module that the manifest names",
            ),
            ("host test", "run its cases, each in a fresh sandbox"),
        ],
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
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &text).unwrap();
            }
            // What is still to be built.
            let module = "target/wasm32-wasip1/release/worker.wasm";
            let is_built = template.source() == "worker.rs";
            if is_built {
                std::fs::create_dir_all(folder.path().join(module).parent().unwrap()).unwrap();
                std::fs::write(folder.path().join(module), "").unwrap();
            }
            let manifest = std::fs::read(folder.path().join("manifest.json")).unwrap();
            let manifest = manifest::parse(folder.path(), &manifest, &Limits::default()).unwrap();
            assert_eq!(
                (manifest.name.as_str(), manifest.source_name.as_str()),
                ("my-key", if is_built { module } else { template.source() })
            );
            let text = std::fs::read_to_string(folder.path().join("cases.json")).unwrap();
            assert!(!cases::parse(&text).unwrap().is_empty());
        }
    }

    #[test]
    fn the_whole_crate_is_in_a_project() {
        let crate_folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest-sdk/rust/src");
        let mut folders = vec![crate_folder.clone()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => files.push(format!(
                        "sdk/src/{}",
                        path.strip_prefix(&crate_folder).unwrap().display()
                    )),
                }
            }
        }
        files.sort();
        let mut given: Vec<&str> = ALL[2].files.iter().map(|(path, _)| *path).collect();
        given.retain(|path| path.starts_with("sdk/src/"));
        given.sort_unstable();
        assert_eq!(given, files);
    }
}
