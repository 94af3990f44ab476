//! What an import means: a file of the folder or of a package in it, or why it cannot be had.

use std::path::{Path, PathBuf};

use oxc_resolver::{PackageJson, Resolution, ResolveError, ResolveOptions, ResolverGeneric, TsconfigDiscovery};

use super::folder::{Folder, ROOT};
use super::refusal::{self, Refusal};

/// `exports` of packages are asked for these, whichever they name first. A worker has what the web platform has, `fetch`
/// and `crypto.subtle`, and nothing of Node.js: that is "worker", and "browser", which far more packages know. "module" is
/// what bundlers may have even by `require`, so that a package is there once. "default" always holds.
const CONDITIONS: [&str; 4] = ["worker", "browser", "module", "default"];

/// In the author's files TypeScript comes first; packages are made to be run.
const AUTHORS: [&str; 6] = [".ts", ".mts", ".js", ".mjs", ".cjs", ".json"];
const PACKAGES: [&str; 6] = [".js", ".mjs", ".cjs", ".json", ".ts", ".mts"];

pub(super) struct Resolver {
    /// By whether the author asks, and then by `require`.
    resolvers: [[ResolverGeneric<Folder>; 2]; 2],
    folder: Folder,
}

pub(super) enum Found {
    File(File),
    /// The package has said in its "browser" field that it can do without.
    Nothing,
}

pub(super) struct File {
    /// Below [`ROOT`], no links in it.
    pub path: String,
    /// Where the package.json nearest to it really is, which says whether a `.js` is a module to Node.js.
    pub package: Option<PathBuf>,
    /// Whether the package says that the file does nothing when nothing of it is used.
    pub is_pure: bool,
}

impl Resolver {
    pub(super) fn new(folder: Folder) -> Self {
        // They share what they have seen of the folder.
        let first = ResolverGeneric::new_with_file_system(folder.clone(), options(false, false));
        let resolver = |author, require| first.clone_with_options(options(author, require));
        let resolvers = [false, true].map(|author| [false, true].map(|require| resolver(author, require)));
        Self { resolvers, folder }
    }

    /// Looks for what the file at `importer` calls `specifier`.
    pub(super) fn resolve(&self, importer: &str, specifier: &str, require: bool) -> Result<Found, Refusal> {
        if let Some(refusal) = refusal::by_form(importer, specifier) {
            return Err(refusal);
        }
        self.folder.take_stray();
        let by_author = !importer.contains("/node_modules/");
        let resolver = &self.resolvers[usize::from(by_author)][usize::from(require)];
        match resolver.resolve_file(importer, specifier) {
            Ok(resolution) => self.file(specifier, &resolution).map(Found::File),
            Err(ResolveError::Ignored(_)) => Ok(Found::Nothing),
            Err(error) => Err(refusal::of(&self.folder, importer, specifier, &error)),
        }
    }

    fn file(&self, specifier: &str, resolution: &Resolution) -> Result<File, Refusal> {
        let path = resolution.path();
        if self.folder.real(path).is_err() {
            return Err(refusal::outside(specifier));
        }
        let package = resolution.package_json();
        let path = path
            .to_str()
            .ok_or_else(|| refusal::plain(format!("cannot import '{specifier}': its name is not UTF-8")))?;
        Ok(File {
            path: path.to_owned(),
            package: package.and_then(|package| self.folder.real(package.realpath()).ok()),
            is_pure: package.is_some_and(|package| is_pure(package, path)),
        })
    }
}

fn options(author: bool, require: bool) -> ResolveOptions {
    let strings = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<String>>();
    let alias = |from: &str, to: &[&str]| (from.to_owned(), strings(to));
    let mut conditions = strings(&CONDITIONS);
    conditions.push(if require { "require" } else { "import" }.to_owned());
    ResolveOptions {
        cwd: Some(ROOT.into()),
        tsconfig: author.then_some(TsconfigDiscovery::Auto),
        alias_fields: vec![strings(&["browser"])],
        condition_names: conditions,
        // As TypeScript has its authors write the name of what will be compiled.
        extension_alias: vec![alias(".js", &[".js", ".ts"]), alias(".mjs", &[".mjs", ".mts"])],
        extensions: strings(if author { &AUTHORS } else { &PACKAGES }),
        main_fields: strings(&["browser", "module", "main"]),
        module_type: true,
        // An environment variable is no part of the worker.
        node_path: false,
        ..ResolveOptions::default()
    }
}

fn is_pure(package: &PackageJson, path: &str) -> bool {
    let Some(inside) = package
        .realpath()
        .parent()
        .and_then(|folder| Path::new(path).strip_prefix(folder).ok())
    else {
        return false;
    };
    let package = rolldown_common::PackageJson::from_oxc_pkg_json(package);
    package.check_side_effects_for(&inside.to_string_lossy()) == Some(false)
}

#[cfg(test)]
mod tests {
    use crate::bundle::tests::code;

    const USE_X: (&str, &str) = ("worker.ts", "import x from 'x'; export default x");

    #[test]
    fn imports_are_found() {
        for (import, files) in [
            ("./a", &[("a.ts", "export default 'found'")][..]),
            ("./a", &[("a.mjs", "export default 'found'")]),
            ("./a", &[("a/index.ts", "export default 'found'")]),
            ("./a.js", &[("a.ts", "export default 'found'")]),
            ("./a.mjs", &[("a.mts", "export default 'found'")]),
            ("./a.ts", &[("a.ts", "export default 'found'")]),
            ("./a.cjs", &[("a.cjs", "module.exports = 'found'")]),
            ("./a.js", &[("a.js", "module.exports = 'found'")]),
            ("./a.json", &[("a.json", "\"found\"")]),
            ("a", &[("node_modules/a/index.js", "module.exports = 'found'")]),
            ("a/b", &[("node_modules/a/b.js", "module.exports = 'found'")]),
            (
                "@s/a",
                &[
                    ("node_modules/@s/a/package.json", r#"{"main": "m.js"}"#),
                    ("node_modules/@s/a/m.js", "module.exports = 'found'"),
                ],
            ),
            (
                "a",
                &[
                    ("node_modules/a/package.json", r#"{"main": "m.js", "module": "e.js"}"#),
                    ("node_modules/a/e.js", "export default 'found'"),
                ],
            ),
            (
                "a",
                &[
                    (
                        "node_modules/a/package.json",
                        r#"{"exports": {"node": "./no.js", "import": "./e.mjs", "require": "./no.js"}}"#,
                    ),
                    ("node_modules/a/e.mjs", "export default 'found'"),
                ],
            ),
            (
                "a/sub",
                &[
                    (
                        "node_modules/a/package.json",
                        r#"{"type": "module", "exports": {"./sub": {"browser": "./b.js", "default": "./no.js"}}}"#,
                    ),
                    ("node_modules/a/b.js", "export default 'found'"),
                ],
            ),
            (
                "a",
                &[
                    (
                        "node_modules/a/package.json",
                        r#"{"browser": {"./index.js": "./b.js"}}"#,
                    ),
                    ("node_modules/a/index.js", "require('fs')"),
                    ("node_modules/a/b.js", "module.exports = 'found'"),
                ],
            ),
            // A package of that name, as bundlers have it.
            (
                "events",
                &[("node_modules/events/index.js", "module.exports = 'found'")],
            ),
            (
                "jfrog-workers",
                &[("node_modules/jfrog-workers/index.js", "module.exports = 'found'")],
            ),
            (
                "~/a",
                &[
                    (
                        "tsconfig.json",
                        r#"{"compilerOptions": {"paths": {"~/*": ["./lib/*"]}}}"#,
                    ),
                    ("lib/a.ts", "export default 'found'"),
                ],
            ),
            (
                "~/a",
                &[
                    (
                        "tsconfig.json",
                        r#"{"extends": "../../above.json", "compilerOptions": {"paths": {"~/*": ["./lib/*"]}}} // comment"#,
                    ),
                    ("lib/a.ts", "export default 'found'"),
                ],
            ),
            (
                "#a",
                &[
                    ("package.json", r##"{"imports": {"#a": "./lib/a.ts"}}"##),
                    ("lib/a.ts", "export default 'found'"),
                ],
            ),
            // As pnpm installs.
            (
                "a",
                &[
                    ("node_modules/a", "-> .pnpm/a@1/node_modules/a"),
                    (
                        "node_modules/.pnpm/a@1/node_modules/a/index.js",
                        "module.exports = require('b')",
                    ),
                    ("node_modules/.pnpm/a@1/node_modules/b", "-> ../../b@1/node_modules/b"),
                    (
                        "node_modules/.pnpm/b@1/node_modules/b/index.js",
                        "module.exports = 'found'",
                    ),
                ],
            ),
        ] {
            let worker = format!("import x from '{import}'; export default x");
            let files: Vec<_> = [("worker.ts", worker.as_str())]
                .into_iter()
                .chain(files.iter().copied())
                .collect();
            assert!(
                code(&files).contains("\"found\"") || code(&files).contains("'found'"),
                "{files:?}"
            );
        }
    }

    #[test]
    fn packages_that_can_do_without_node_are_let() {
        let browser = (
            "node_modules/x/package.json",
            r#"{"browser": {"fs": false, "./node.js": false, "os": "./os.js"}}"#,
        );
        let os = ("node_modules/x/os.js", "module.exports = 'other'");
        for index in [
            "try { module.exports = require('crypto') } catch { module.exports = 1 }",
            "const { readFileSync } = require('fs'); const a = require('./node'); module.exports = [readFileSync, a, require('os')]",
            "import { readFileSync } from 'fs'; export default readFileSync",
            "if (process.env.NODE_ENV !== 'production') require('fs'); module.exports = 1",
            "if (typeof process !== 'undefined') module.exports = process.version; else module.exports = typeof global",
        ] {
            let code = code(&[
                USE_X,
                browser,
                os,
                ("node_modules/x/index.js", index),
                ("node_modules/x/node.js", "require('fs')"),
            ]);
            assert!(
                !code.contains("node:") && !code.contains("NODE_ENV") && !code.contains("typeof global)"),
                "{code}"
            );
        }
    }
}
