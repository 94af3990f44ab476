//! Makes one module of a worker and of what it imports: files of its folder, JSON, npm packages.
//!
//! A worker that imports nothing never comes here. For the others, `folder` confines what can be seen, `given` adds what is
//! no file, `resolve` finds what a name means or `refusal` says why it means nothing, `load` reads and compiles a file,
//! `graph` keeps what was read and what went wrong, `link` has rolldown put it all together, and `compose` leads from the
//! result back to the author's files.

mod compose;
mod folder;
mod given;
mod graph;
mod link;
mod load;
mod refusal;
mod resolve;

use std::path::{Component, Path};
use std::sync::Arc;

use crate::transform::requests::Request;
use crate::transform::{Role, Script, module, transform};
use crate::{Diagnostic, Texts};
pub(crate) use compose::NOBODY;
use folder::Folder;
use given::Given;
use graph::Graph;

/// Compiles the worker whose text is that of the file `entry_name`, a path within `folder`, with whatever it imports. A
/// worker sent without a folder imports nothing. `modules` are there beside the files. The same files always give the same script, wherever the folder is.
///
/// Blocks while it computes, on a thread of its own: a few milliseconds for a small package, a third of a second for a
/// thousand modules. Async code calls it by `spawn_blocking`. The errors are in the order of modules and places, at most
/// twenty and one that counts the others.
///
/// Beside the script it says whether the worker imports nothing: then no other file was looked at.
pub(crate) fn bundle(
    entry_name: &str,
    entry_text: &str,
    folder: Option<&Path>,
    modules: &Texts,
) -> Result<(Script, bool), Vec<Diagnostic>> {
    let Some(folder) = folder else {
        return Ok((transform(entry_name, entry_text)?, true));
    };
    let entry = module(entry_name, entry_text, Role::Entry)?;
    if !entry.requests.iter().any(Request::is_import) {
        return Ok((entry.into_script(entry_name, entry_text), true));
    }
    let of_file = |message: &str| vec![Diagnostic::of_file(entry_name, message)];
    if !Path::new(entry_name)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return Err(of_file("the worker's file must lie in its folder"));
    }
    let folder = Folder::open(folder).map_err(|error| of_file(&format!("cannot read the worker's folder: {error}")))?;
    let graph = Arc::new(Graph::new(
        folder,
        Given::new(modules.clone()),
        entry_name,
        entry_text,
        entry,
    ));
    let linked = link::link(&graph);
    let faults = graph.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    let linked = linked?;
    let map = compose::compose(entry_name, &linked.code, &linked.map, &graph);
    // As with one file, the code starts on the second line: QuickJS counts columns differently on the first.
    let script = Script {
        code: format!("\n{}", linked.code),
        map,
    };
    Ok((script, false))
}

/// Whether the text asks for another file or a package, types aside. One that does not compile asks for nothing: whoever
/// builds it tells why.
pub(crate) fn imports(entry_name: &str, entry_text: &str) -> bool {
    let entry = module(entry_name, entry_text, Role::Entry);
    entry.is_ok_and(|entry| entry.requests.iter().any(Request::is_import))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use super::bundle;
    use crate::source_map::SourceMap;
    use crate::transform::Script;
    use crate::transform::transform;
    use crate::{Diagnostic, Texts};

    /// A folder with these files; what a text `-> path` stands for is a link.
    pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("-> ") {
                Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                None => fs::write(path, text).unwrap(),
            }
        }
        folder
    }

    /// Bundles the first of the files.
    pub(crate) fn try_bundle(files: &[(&str, &str)]) -> Result<Script, Vec<Diagnostic>> {
        bundle(files[0].0, files[0].1, Some(folder(files).path()), &Texts::new()).map(|(script, _)| script)
    }

    pub(crate) fn code(files: &[(&str, &str)]) -> String {
        try_bundle(files)
            .unwrap_or_else(|faults| panic!("{files:?}\n{}", faults[0]))
            .code
    }

    /// Each fault as `file:line:column: message`.
    pub(crate) fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let faults = try_bundle(files)
            .map(|script| script.code)
            .expect_err(&format!("{files:?}"));
        let shown = faults
            .iter()
            .map(|it| format!("{}:{}:{}: {}", it.file, it.line, it.column, it.message));
        shown.collect()
    }

    #[test]
    fn what_imports_nothing_is_as_it_was() {
        for text in [
            "export default 1",
            "import { PlatformContext } from 'jfrog-workers'; @d class A {} export default (a: PlatformContext) => A",
            "import type A from './a'; import(b); require('c'); export default {} as A",
        ] {
            let alone = transform("worker.ts", text).unwrap();
            for folder in [None, Some(folder(&[]).path())] {
                let (script, is_alone) = bundle("worker.ts", text, folder, &Texts::new()).unwrap();
                assert!(
                    is_alone && (script.code, script.map) == (alone.code.clone(), alone.map.clone()),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn what_is_imported_for_its_types_is_no_import() {
        for (text, imports) in [
            (
                "import { PlatformContext } from 'jfrog-workers'; export default (a: PlatformContext) => a",
                false,
            ),
            (
                "import { P } from './types'; import type Q from './q'; export default (a: P): Q => a",
                false,
            ),
            ("import('./' + a); require('b'); export default () => 1", false),
            ("import './gone'; export default = 1", false),
            ("import { p } from './types'; export default () => p", true),
            ("export default () => import('./late')", true),
            ("export * from './a'; export default () => 1", true),
        ] {
            assert_eq!(super::imports("worker.ts", text), imports, "{text}");
        }
    }

    #[test]
    fn without_a_folder_nothing_can_be_imported() {
        let found = bundle(
            "worker.ts",
            "import a from './a'; a; export default 1",
            None,
            &Texts::new(),
        );
        let found = &found.map(|(script, _)| script.code).unwrap_err()[0];
        assert_eq!((found.line, found.column), (1, 15));
        assert_eq!(found.message, "cannot import './a': a worker is one file");
        assert!(found.rendered.contains("help: bundle it into one file"), "{found}");
    }

    #[test]
    fn the_same_files_give_the_same_bytes_wherever_they_are() {
        let files = [
            (
                "src/worker.ts",
                "import { b } from './lib'; import x from 'x'; export default () => [b, x]",
            ),
            ("src/lib/index.ts", "export * from '../index'; export enum E { A }"),
            (
                "src/index.ts",
                "import x from 'x/y.cjs'; export const b = [x, 'b']; export default b",
            ),
            ("node_modules/x/package.json", r#"{"main": "./index"}"#),
            (
                "node_modules/x/index.js",
                "exports.a = require('./y.cjs'); exports.b = exports;",
            ),
            (
                "node_modules/x/y.cjs",
                "module.exports = class Y { constructor() { this.y = 1 } }",
            ),
        ];
        let first = try_bundle(&files).unwrap();
        let above = tempfile::tempdir().unwrap();
        fs::write(
            above.path().join("package.json"),
            r#"{"type": "module", "sideEffects": false, "browser": {"x": false}}"#,
        )
        .unwrap();
        fs::write(
            above.path().join("tsconfig.json"),
            r#"{"compilerOptions": {"paths": {"x": ["./none"]}}, "extends": "gone"}"#,
        )
        .unwrap();
        let inner = above.path().join("some").join("other-name");
        fs::create_dir_all(inner.parent().unwrap()).unwrap();
        fs::rename(folder(&files).keep(), &inner).unwrap();
        let (second, _) = bundle("src/worker.ts", files[0].1, Some(&inner), &Texts::new()).unwrap();
        assert_eq!(first.code, second.code);
        assert!(first.map == second.map);
        for secret in ["tmp", "other-name", "/worker/", "//#"] {
            assert!(!second.code.contains(secret), "{secret}: {}", second.code);
            assert!(!String::from_utf8_lossy(&second.map).contains(secret), "{secret}");
        }
    }

    #[test]
    fn code_that_nobody_wrote_is_not_taken_for_the_worker() {
        let script = try_bundle(&[
            ("worker.ts", "import a from './a.cjs'; export default () => a"),
            ("a.cjs", "module.exports = 1"),
        ]);
        let script = script.unwrap();
        let map = SourceMap::parse(&script.map).unwrap();
        for (line, text) in script.code.lines().enumerate() {
            let mapped = map.map_frame(&format!("at worker.ts:{}:9", line + 1));
            let made = ["__", "}", "value", "enumerable", "get"]
                .iter()
                .any(|it| text.contains(it))
                && !text.contains("default");
            assert!(
                text.is_empty() || !made || mapped.starts_with("at bundler:") || mapped.contains("a.cjs"),
                "{line}: {text}: {mapped}"
            );
        }
    }

    #[test]
    fn frames_lead_to_the_files_they_were_written_in() {
        let files = [
            (
                "src/worker.ts",
                "\u{FEFF}import { f } from '../lib/f.js';\r\nimport { g } from 'p';\r\ninterface A { a: 1 }\r\nconst π = '😀', h = () => needleA();\r\nexport default (a: A) => [f, g, h, π];",
            ),
            (
                "lib/f.ts",
                "enum E { A }\nexport function f(this: E) {\n  return '😀' + needleB(E.A); }\n",
            ),
            (
                "node_modules/p/index.js",
                "/* a comment */ exports.q = 1;\nexports.g = function g() { return '😀'.needleC() }\n",
            ),
        ];
        let script = try_bundle(&files).unwrap();
        let map = SourceMap::parse(&script.map).unwrap();
        for (needle, place) in [
            ("needleA()", "src/worker.ts:4:26"),
            ("needleB(", "lib/f.ts:3:16"),
            ("\"😀\".needleC", "node_modules/p/index.js:2:35"),
        ] {
            let lines = script.code.lines().enumerate();
            let (line, at) = lines
                .filter_map(|(line, text)| Some((line + 1, text.find(needle)? + 1)))
                .next()
                .unwrap();
            assert!(line > 1);
            assert_eq!(
                map.map_frame(&format!("    at f (src/worker.ts:{line}:{at})")),
                format!("    at f ({place})"),
                "{}",
                script.code
            );
        }
    }
}
