//! The modules of one worker: which were read, in which order, who asked for them first, and what went wrong.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::folder::{Folder, ROOT};
use super::given::{self, Given};
use super::load::{Language, Loaded, load};
use super::refusal::Refusal;
use super::resolve::{File, Found, Resolver};
use crate::Diagnostic;
use crate::transform::Module;
use crate::transform::report::MAX_DIAGNOSTICS;
use crate::transform::requests::Kind;

/// The largest packages that make sense in a worker have a tenth of it.
const MAX_BYTES: usize = 8 << 20;
const MAX_MODULES: usize = 2_000;

/// Real ones take a second at most. Looked at between modules; one module alone takes some seconds if it is hostile.
const MAX_TIME: Duration = Duration::from_secs(30);

pub(super) struct Graph {
    /// The path of the entry below [`ROOT`].
    pub entry: String,
    resolver: Resolver,
    folder: Folder,
    given: Given,
    state: Mutex<State>,
    started: Instant,
}

#[derive(Default)]
struct State {
    modules: HashMap<String, Arc<Loaded>>,
    /// Every path asked for, in order.
    order: Vec<String>,
    /// Who asked first.
    importers: HashMap<String, String>,
    bytes: usize,
    refused: Vec<Refused>,
    faults: Vec<(String, Vec<Diagnostic>)>,
}

struct Refused {
    importer: String,
    specifier: String,
    require: bool,
    refusal: Refusal,
}

impl Graph {
    pub(super) fn new(folder: Folder, given: Given, name: &str, text: &str, module: Module) -> Self {
        // Without `./` and `//`, as the resolver would name it.
        let entry: PathBuf = Path::new(ROOT)
            .components()
            .chain(Path::new(name).components())
            .collect();
        let entry = entry.to_string_lossy().into_owned();
        let loaded = Loaded::of_module(self::name(&entry).to_owned(), text, module);
        let state = State {
            order: vec![entry.clone()],
            bytes: loaded.text.len(),
            modules: HashMap::from([(entry.clone(), Arc::new(loaded))]),
            ..State::default()
        };
        Self {
            entry,
            resolver: Resolver::new(folder.clone()),
            folder,
            given,
            state: Mutex::new(state),
            started: Instant::now(),
        }
    }

    /// Finds what a module asks for. `None` is told when all is read.
    pub(super) fn resolve(&self, importer: &str, specifier: &str, require: bool) -> Option<Found> {
        let found = match self.given.find(importer, specifier) {
            Some(path) => Ok(Found::File(File {
                path,
                package: None,
                is_pure: false,
            })),
            None => self.find(importer, specifier, require),
        };
        let mut state = self.state();
        match found {
            Ok(found) => {
                if let Found::File(File { path, .. }) = &found
                    && !state.order.contains(path)
                {
                    state.order.push(path.clone());
                    state.importers.insert(path.clone(), importer.to_owned());
                }
                Some(found)
            }
            Err(refusal) => {
                state.refused.push(Refused {
                    importer: importer.to_owned(),
                    specifier: specifier.to_owned(),
                    require,
                    refusal,
                });
                None
            }
        }
    }

    /// Finds it in the folder.
    fn find(&self, importer: &str, specifier: &str, require: bool) -> Result<Found, Refusal> {
        let found = self.resolver.resolve(importer, specifier, require)?;
        match &found {
            Found::File(file) if Language::of(&file.path).is_none() => Err(Refusal {
                message: format!("cannot import '{specifier}': a worker can import TypeScript, JavaScript and JSON"),
                help: None,
                chain: false,
            }),
            _ => Ok(found),
        }
    }

    /// The module at a path that was resolved. `None` is told when all is read.
    pub(super) fn load(&self, path: &str) -> Option<Arc<Loaded>> {
        if let Some(module) = self.module(path) {
            return Some(module);
        }
        if let Some(limit) = self.full() {
            let mut state = self.state();
            if !state.faults.iter().any(|(_, faults)| faults[0].message == limit) {
                state.faults.push((
                    self.entry.clone(),
                    vec![Diagnostic::of_file(&self.entry_name(), &limit)],
                ));
            }
            return None;
        }
        let loaded = self.given.load(path).unwrap_or_else(|| load(&self.folder, path));
        let mut state = self.state();
        match loaded {
            Ok(loaded) => {
                state.bytes += loaded.text.len();
                let loaded = Arc::new(loaded);
                state.modules.insert(path.to_owned(), Arc::clone(&loaded));
                Some(loaded)
            }
            Err(faults) => {
                state.faults.push((path.to_owned(), faults));
                None
            }
        }
    }

    fn full(&self) -> Option<String> {
        let state = self.state();
        if state.modules.len() >= MAX_MODULES {
            return Some(format!("the worker is made of more than {MAX_MODULES} modules"));
        }
        if self.started.elapsed() > MAX_TIME {
            return Some(format!(
                "it takes more than {} seconds to bundle the worker",
                MAX_TIME.as_secs()
            ));
        }
        (state.bytes > MAX_BYTES).then(|| format!("the modules of the worker have more than {MAX_BYTES} bytes"))
    }

    pub(super) fn module(&self, path: &str) -> Option<Arc<Loaded>> {
        self.state().modules.get(path).cloned()
    }

    pub(super) fn entry_name(&self) -> String {
        name(&self.entry).to_owned()
    }

    /// Everything that was refused on the way, as the author gets to see it.
    pub(super) fn faults(&self) -> Vec<Diagnostic> {
        let state = self.state();
        let rank = |path: &str| state.order.iter().position(|known| known == path).unwrap_or(usize::MAX);
        let mut faults: Vec<(usize, u32, u32, Diagnostic)> = Vec::new();
        for (path, found) in &state.faults {
            faults.extend(
                found
                    .iter()
                    .map(|fault| (rank(path), fault.line, fault.column, fault.clone())),
            );
        }
        for refused in &state.refused {
            for fault in refused.tell(&state) {
                faults.push((rank(&refused.importer), fault.line, fault.column, fault));
            }
        }
        faults.sort_by(|a, b| (a.0, a.1, a.2, &a.3.message).cmp(&(b.0, b.1, b.2, &b.3.message)));
        let mut faults: Vec<Diagnostic> = faults.into_iter().map(|fault| fault.3).collect();
        faults.dedup();
        if faults.len() > MAX_DIAGNOSTICS + 1 {
            let message = format!("… and {} more", faults.len() - MAX_DIAGNOSTICS);
            faults.truncate(MAX_DIAGNOSTICS + 1);
            if let Some(last) = faults.last_mut() {
                last.rendered.clone_from(&message);
                last.message = message;
            }
        }
        faults
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    /// One fault for every place that asks. None for those that only try.
    fn tell(&self, state: &State) -> Vec<Diagnostic> {
        let Some(importer) = state.modules.get(&self.importer) else {
            return Vec::new();
        };
        let Refusal { message, help, chain } = &self.refusal;
        let message = match self.chain(state) {
            Some(way) if *chain => format!("{message} ({way})"),
            _ => message.clone(),
        };
        let fits = |kind: Kind| self.require == (kind != Kind::Import);
        let asked = importer
            .requests
            .iter()
            .filter(|it| it.specifier == self.specifier && fits(it.kind));
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return vec![importer.fault(0, 0, &message, help.as_deref())];
        }
        let meant = asked.into_iter().filter(|request| request.kind != Kind::Attempt);
        let place = |at: &std::ops::Range<u32>| (at.start as usize, at.len());
        meant
            .map(|request| {
                let (at, length) = place(&request.at);
                importer.fault(at, length, &message, help.as_deref())
            })
            .collect()
    }

    /// From the entry to what it cannot have, if there is a way between.
    fn chain(&self, state: &State) -> Option<String> {
        let mut way = vec![self.specifier.as_str(), name(&self.importer)];
        let (mut at, mut seen) = (&self.importer, BTreeSet::new());
        while let Some(importer) = state.importers.get(at)
            && seen.insert(at)
        {
            way.push(name(importer));
            at = importer;
        }
        way.reverse();
        (way.len() > 2).then(|| way.join(" → "))
    }
}

fn name(path: &str) -> &str {
    let path = given::name(path);
    path.strip_prefix(ROOT)
        .map_or(path, |name| name.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use crate::bundle::tests::{faults, try_bundle};

    #[test]
    fn every_fault_is_told_in_the_order_of_the_modules() {
        let found = faults(&[
            (
                "src/worker.ts",
                "import a from './a';\nimport './gone';\nimport z from 'zod';\nexport * as os from 'os';\nexport default [a, z]",
            ),
            (
                "src/a.ts",
                "import '../data.json';\nimport './b.tsx';\nlet x: number = ;",
            ),
            ("src/b.tsx", "export {}"),
            ("data.json", "{"),
        ]);
        assert_eq!(
            found,
            [
                "src/worker.ts:2:8: cannot find './gone'",
                "src/worker.ts:3:15: cannot find the package 'zod'",
                "src/worker.ts:4:21: cannot import 'os': Node.js built-in modules are not there in a worker",
                "src/a.ts:3:17: Unexpected token",
            ]
        );
    }

    #[test]
    fn faults_of_imported_files_are_at_their_places() {
        let worker = ("worker.ts", "import a from './a'; export default a");
        for (file, told) in [
            (("a.ts", "export default <b>c</b>"), "a.ts:1:16: JSX is not supported"),
            (
                ("a.ts", "let a, a; export default a"),
                "a.ts:1:8: Identifier `a` has already been declared",
            ),
            (
                ("a.json", "{\n \"a\": tru }"),
                "a.json:2:10: this is not JSON: expected ident",
            ),
            (("a.js", "\n\nexport default )"), "a.js:3:16: Unexpected token"),
            (("a.ts", "const π = 1;\n\nexport { π as b }"), "worker.ts:1:8: "),
        ] {
            let found = faults(&[worker, file]);
            assert!(found.len() == 1 && found[0].starts_with(told), "{found:?}");
        }
    }

    #[test]
    fn a_worker_has_only_so_many_modules() {
        let names: Vec<String> = (0..2_001).map(|n| format!("m{n}.ts")).collect();
        for (count, fits) in [(1_999, true), (2_000, false)] {
            let worker: String = names[..count]
                .iter()
                .map(|name| format!("import './{name}';"))
                .collect();
            let worker = format!("{worker} export default 1");
            let files: Vec<_> = std::iter::once(("worker.ts", worker.as_str()))
                .chain(names.iter().map(|name| (name.as_str(), "")))
                .collect();
            let told = try_bundle(&files)
                .map(|_| ())
                .map_err(|faults| faults[0].message.clone());
            assert_eq!(
                told,
                if fits {
                    Ok(())
                } else {
                    Err("the worker is made of more than 2000 modules".to_owned())
                }
            );
        }
    }

    #[test]
    fn a_worker_has_only_so_many_bytes() {
        let large = format!("//{}", " ".repeat(1_000_000));
        let names: Vec<String> = (0..10).map(|n| format!("m{n}.js")).collect();
        let worker: String = names.iter().map(|name| format!("import './{name}';")).collect();
        let worker = format!("{worker} export default 1");
        let files: Vec<_> = std::iter::once(("worker.ts", worker.as_str()))
            .chain(names.iter().map(|name| (name.as_str(), large.as_str())))
            .collect();
        assert_eq!(
            faults(&files),
            ["worker.ts:1:1: the modules of the worker have more than 8388608 bytes"]
        );
        assert!(
            try_bundle(&files[..1]).is_err()
                && try_bundle(&[("worker.ts", "import './m0.js'; export default 1"), files[1]]).is_ok()
        );
        let long = "x".repeat((1 << 20) + 1);
        let found = faults(&[
            ("worker.ts", "import './long.js'; export default 1"),
            ("long.js", &long),
        ]);
        assert_eq!(
            found,
            ["long.js:1:1: cannot read the file: it has more than 1048576 bytes"]
        );
    }
}
