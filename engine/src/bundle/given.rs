//! Modules that come with a source and are no files. The author's files find them by their names, before any package of
//! that name; packages do not, and bring what they need.

use std::path::{Component, Path};

use super::load::Loaded;
use crate::transform::scan;
use crate::{Diagnostic, Texts};

/// Where they seem to lie, within [`ROOT`](super::folder::ROOT): no file has such a path.
const PLACE: &str = "/worker/\0/";

pub(super) struct Given(Texts);

impl Given {
    pub(super) fn new(modules: Texts) -> Self {
        Self(modules)
    }

    /// The path of the one that the file at `importer` calls `specifier`. They call each other by paths relative to
    /// their names, too.
    pub(super) fn find(&self, importer: &str, specifier: &str) -> Option<String> {
        let name = match importer.strip_prefix(PLACE) {
            Some(importer) if specifier.starts_with('.') => beside(importer, specifier)?,
            _ if importer.contains("/node_modules/") => return None,
            _ => specifier.to_owned(),
        };
        self.0.contains_key(&name).then(|| format!("{PLACE}{name}"))
    }

    /// The one at a path that [`Given::find`] gave; `None` for a path of the folder.
    pub(super) fn load(&self, path: &str) -> Option<Result<Loaded, Vec<Diagnostic>>> {
        let name = path.strip_prefix(PLACE)?;
        let text = self.0.get(name)?;
        let commonjs = Path::new(name).extension().is_some_and(|extension| extension == "cjs");
        Some(scan(name, text, commonjs).map(|requests| Loaded {
            name: name.to_owned(),
            text: text.clone(),
            compiled: None,
            requests,
        }))
    }
}

/// The name of a module at a path; a path of the folder stays as it is.
pub(super) fn name(path: &str) -> &str {
    path.strip_prefix(PLACE).unwrap_or(path)
}

fn beside(importer: &str, specifier: &str) -> Option<String> {
    let joined = Path::new(importer).parent()?.join(specifier);
    let mut parts = Vec::new();
    for part in joined.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_str()?),
            Component::CurDir => {}
            _ => parts.pop().map(drop)?,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::folder::ROOT;
    use super::{Given, PLACE};
    use crate::Texts;
    use crate::bundle::bundle;
    use crate::bundle::tests::folder;
    use crate::source_map::SourceMap;

    fn modules() -> Texts {
        [
            (
                "node:x",
                "import { b } from './node:x/b.cjs'; export default () => b.needle()",
            ),
            ("node:x/b.cjs", "module.exports = { b: require('../c') }"),
            ("c", "export const needle = () => 'given'"),
            ("broken", "export default )"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into()
    }

    #[test]
    fn they_are_found_by_the_author_and_by_each_other() {
        assert!(PLACE.starts_with(ROOT));
        let given = Given::new(modules());
        let found = |importer: &str, specifier: &str| given.find(importer, specifier).is_some();
        let inside = format!("{PLACE}node:x/b.cjs");
        assert!(found("/worker/a.ts", "node:x") && found("/worker/d/a.ts", "c") && found(&inside, "../c"));
        assert!(found(&inside, "node:x") && !found(&inside, "./c") && !found(&inside, "../../../c"));
        assert!(!found("/worker/a.ts", "./c") && !found("/worker/a.ts", "d"));
        assert!(!found("/worker/node_modules/p/index.js", "c"), "a package has its own");
    }

    #[test]
    fn they_become_part_of_the_worker_under_their_names() {
        let files = folder(&[("node_modules/c/index.js", "module.exports = 'a package'")]);
        let text = "import x from 'node:x'; export default () => x()";
        let (script, alone) = bundle("worker.ts", text, Some(files.path()), &modules()).unwrap();
        assert!(!alone && script.code.contains("\"given\"") && !script.code.contains("a package"));
        let lines = script.code.lines().enumerate();
        let (line, at) = lines
            .filter_map(|(line, text)| Some((line + 1, text.find(".needle()")? + 1)))
            .next()
            .unwrap();
        let map = SourceMap::parse(&script.map).unwrap();
        let frame = map.map_frame(&format!("at f (worker.ts:{line}:{at})"));
        assert!(frame.starts_with("at f (node:x:1:"), "{frame}");
        assert!(bundle("worker.ts", text, Some(files.path()), &Texts::new()).is_err());
    }

    #[test]
    fn what_is_wrong_with_one_is_told_with_its_name() {
        let files = folder(&[]);
        let text = "import x from 'broken'; export default () => x";
        let faults = bundle("worker.ts", text, Some(files.path()), &modules())
            .map(|_| ())
            .unwrap_err();
        assert_eq!((faults[0].file.as_str(), faults[0].line), ("broken", 1));
    }
}
