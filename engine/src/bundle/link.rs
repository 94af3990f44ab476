//! Puts the modules of a worker together. The only file that knows rolldown, which reads no file itself: whatever it asks
//! for comes from the graph.
//!
//! It needs a tokio runtime and a rayon pool, and gets a thread that is both: so it runs wherever it is called from,
//! does everything in the same order every time, and has the stack that deep code takes.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use oxc_sourcemap::SourceMap;
use rolldown::plugin::__inner::SharedPluginable;
use rolldown::plugin::{
    HookLoadArgs, HookLoadOutput, HookLoadReturn, HookResolveIdArgs, HookResolveIdOutput, HookResolveIdReturn,
    HookUsage, Plugin, PluginContext, SharedLoadPluginContext,
};
use rolldown::{
    AttachDebugInfo, Bundler, BundlerOptions, CodeSplittingMode, CommentsOptions, ExperimentalOptions, LegalComments,
    ModuleType, OutputFormat, Platform, RawMinifyOptions, SourceMapType, TsConfig,
};
use rolldown_common::side_effects::HookSideEffects;
use rolldown_common::{ImportKind, Output};
use rolldown_error::{BatchedBuildDiagnostic, BuildDiagnostic, DiagnosticOptions, EventKind};

use super::folder::ROOT;
use super::graph::Graph;
use super::load::Language;
use super::resolve::{File, Found};
use crate::Diagnostic;

/// One module that imports nothing, and where it comes from: the sources are paths below [`ROOT`].
pub(super) struct Linked {
    pub code: String,
    pub map: SourceMap<'static>,
}

/// Only what is used takes memory.
const STACK: usize = 512 << 20;

/// rolldown waits forever for a module whose task has panicked.
const PATIENCE: Duration = Duration::from_secs(60);

/// Modules a package has declared needless.
const NOTHING: &str = "\0nothing:";

pub(super) fn link(graph: &Arc<Graph>) -> Result<Linked, Vec<Diagnostic>> {
    let of_entry = |message: &str| vec![Diagnostic::of_file(&graph.entry_name(), message)];
    let thread = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .stack_size(STACK)
        .thread_name(|_| "bundle".to_owned())
        .build()
        .map_err(|error| of_entry(&format!("no thread to bundle the worker: {error}")))?;
    let outcome = catch_unwind(AssertUnwindSafe(|| thread.install(|| generate(graph))));
    match outcome {
        Ok(Ok(linked)) => linked.map_err(|errors| explain(graph, errors)),
        Ok(Err(message)) => Err(of_entry(&message)),
        Err(panic) => Err(of_entry(&sentence(panic.as_ref()))),
    }
}

fn sentence(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no reason given");
    format!("the bundler failed on this worker, which is its fault: {text}")
}

fn generate(graph: &Arc<Graph>) -> Result<Result<Linked, BatchedBuildDiagnostic>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| format!("no runtime to bundle the worker: {error}"))?;
    runtime.block_on(async {
        let plugin: SharedPluginable = Arc::new(Source(Arc::clone(graph)));
        let mut bundler = match Bundler::with_plugins(options(&graph.entry), vec![plugin]) {
            Ok(bundler) => bundler,
            Err(errors) => return Ok(Err(errors)),
        };
        let generated = tokio::time::timeout(PATIENCE, bundler.generate()).await;
        let output = match generated.map_err(|_| "the bundler failed on this worker, which is its fault".to_owned())? {
            Ok(output) => output,
            Err(errors) => return Ok(Err(errors)),
        };
        let chunk = output.assets.into_iter().find_map(|asset| match asset {
            Output::Chunk(chunk) => Some(chunk),
            Output::Asset(_) => None,
        });
        let chunk = chunk.ok_or("the bundler made nothing of this worker")?;
        let map = chunk.map.clone().ok_or("the bundler made no source map")?;
        let code = chunk.code.clone();
        Ok(Ok(Linked { code, map }))
    })
}

fn options(entry: &str) -> BundlerOptions {
    let define = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    BundlerOptions {
        input: Some(vec![entry.to_owned().into()]),
        cwd: Some(ROOT.into()),
        dir: Some(ROOT.to_owned()),
        // Node's `require` is not there to be wrapped.
        platform: Some(Platform::Browser),
        format: Some(OutputFormat::Esm),
        // `import()` of what is known is part of the one module.
        code_splitting: Some(CodeSplittingMode::Bool(false)),
        define: Some(
            [
                define("process.env.NODE_ENV", "\"production\""),
                define("global", "globalThis"),
            ]
            .into_iter()
            .collect(),
        ),
        // What the author called a function is what a stack calls it.
        keep_names: Some(true),
        minify: Some(RawMinifyOptions::Bool(false)),
        sourcemap: Some(SourceMapType::Hidden),
        sourcemap_exclude_sources: Some(true),
        comments: Some(CommentsOptions {
            legal: false,
            annotation: false,
            jsdoc: false,
        }),
        legal_comments: Some(LegalComments::None),
        tsconfig: Some(TsConfig::Auto(false)),
        // No comments that name the modules.
        experimental: Some(ExperimentalOptions {
            attach_debug_info: Some(AttachDebugInfo::None),
            ..ExperimentalOptions::default()
        }),
        ..BundlerOptions::default()
    }
}

/// Where rolldown gets everything from.
struct Source(Arc<Graph>);

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.entry)
    }
}

impl Plugin for Source {
    fn name(&self) -> Cow<'static, str> {
        "worker".into()
    }

    fn register_hook_usage(&self) -> HookUsage {
        HookUsage::ResolveId | HookUsage::Load
    }

    async fn resolve_id(&self, _: &PluginContext, args: &HookResolveIdArgs<'_>) -> HookResolveIdReturn {
        let Some(importer) = args.importer else {
            return Ok(Some(HookResolveIdOutput::from_id(args.specifier)));
        };
        let found = self
            .0
            .resolve(importer, args.specifier, args.kind == ImportKind::Require);
        Ok(Some(match found {
            Some(Found::File(file)) => found_file(file),
            Some(Found::Nothing) => HookResolveIdOutput::from_id(format!("{NOTHING}{}", args.specifier)),
            // Left as it is: where it is only tried, it fails as it would have in Node.js.
            None => HookResolveIdOutput {
                id: args.specifier.into(),
                external: Some(true.into()),
                ..HookResolveIdOutput::default()
            },
        }))
    }

    async fn load(&self, _: SharedLoadPluginContext, args: &HookLoadArgs<'_>) -> HookLoadReturn {
        let (code, module_type) = if args.id.starts_with(NOTHING) {
            ("module.exports = {};".to_owned(), ModuleType::Js)
        } else if !args.id.starts_with(ROOT) {
            return Ok(None);
        } else if let Some(module) = self.0.load(args.id) {
            let json = Language::of(args.id) == Some(Language::Json);
            (
                module.code().to_owned(),
                if json { ModuleType::Json } else { ModuleType::Js },
            )
        } else {
            // Whatever is asked of it is there, so that other faults are found too.
            ("module.exports = {};".to_owned(), ModuleType::Js)
        };
        Ok(Some(HookLoadOutput {
            code: code.into(),
            module_type: Some(module_type),
            ..HookLoadOutput::default()
        }))
    }
}

fn found_file(file: File) -> HookResolveIdOutput {
    HookResolveIdOutput {
        id: file.path.into(),
        package_json_path: file.package.map(|path| path.to_string_lossy().into_owned()),
        side_effects: Some(if file.is_pure {
            HookSideEffects::False
        } else {
            HookSideEffects::True
        }),
        ..HookResolveIdOutput::default()
    }
}

/// What rolldown has against the modules, at the places their authors know.
fn explain(graph: &Graph, errors: BatchedBuildDiagnostic) -> Vec<Diagnostic> {
    errors
        .into_vec()
        .iter()
        .map(|error| explain_one(graph, error))
        .collect()
}

fn explain_one(graph: &Graph, error: &BuildDiagnostic) -> Diagnostic {
    let shown = error.to_diagnostic_with(&DiagnosticOptions { cwd: ROOT.into() });
    let message = error.to_message_with(&DiagnosticOptions { cwd: ROOT.into() });
    let message = message.split(", imported by").next().unwrap_or_default();
    let message = message
        .lines()
        .next()
        .unwrap_or_default()
        .replace("/worker/", "")
        .replace('"', "'");
    let unknown = matches!(error.kind(), EventKind::MissingExportError) && !message.starts_with("'default'");
    let help = unknown.then_some("if it is a type, say so: `import type`, `export type`");
    let place = shown.get_primary_location().and_then(|(file, line, column, _)| {
        let module = graph
            .module(&file)
            .or_else(|| graph.module(&format!("{ROOT}/{file}")))?;
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let at = module.written(small(line.saturating_sub(1)), small(column));
        Some(module.fault(at, 1, &message, help))
    });
    place.unwrap_or_else(|| Diagnostic::of_file(&graph.entry_name(), &message))
}

#[cfg(test)]
mod tests {
    use crate::bundle::tests::{code, faults, try_bundle};

    #[test]
    fn only_what_is_used_is_kept() {
        let code = code(&[
            (
                "worker.ts",
                "import { a } from 'a'; import { c } from './c'; export default () => [a, c]",
            ),
            (
                "c.ts",
                "import 'a/effect.js'; export const c = 'kept'; export const d = 'dropped'; export function e() { return 'dropped' }",
            ),
            (
                "node_modules/a/package.json",
                r#"{"type": "module", "sideEffects": ["./effect.js"]}"#,
            ),
            (
                "node_modules/a/index.js",
                "export { a } from './a.js'; export * from './b.js'; export { x } from './x.js'",
            ),
            ("node_modules/a/a.js", "export const a = 'kept'"),
            ("node_modules/a/b.js", "console.log('dropped'); export const b = 1"),
            ("node_modules/a/x.js", "console.log('dropped'); export const x = 1"),
            ("node_modules/a/effect.js", "console.log('effect')"),
        ]);
        assert!(
            !code.contains("dropped") && code.contains("effect") && code.matches("kept").count() == 2,
            "{code}"
        );
    }

    #[test]
    fn it_is_one_module_with_nothing_of_node_in_it() {
        for (worker, files) in [
            (
                "export default async () => [await import('./a'), await import(`./b.json`), await import('c')]",
                &[][..],
            ),
            ("import c from 'c'; export * as a from './a'; export default c", &[]),
            ("import * as c from 'c'; export default () => c", &[]),
            ("import c from 'c'; const d = await c; export { d as default }", &[]),
            ("import './a'; export { default } from './a'", &[]),
            ("import { f } from './a'; export default f; export const g = f", &[]),
            (
                "import d from './d'; export default d",
                &[("d.ts", "import w from './worker'; export default () => w")],
            ),
        ] {
            let rest = [
                ("a.ts", "export default 1; export const f = () => 2"),
                ("b.json", "{\"default\": 1, \"b\": 2}"),
                (
                    "node_modules/c/index.js",
                    "module.exports = typeof require + require('./d') + typeof process",
                ),
                ("node_modules/c/d.js", "exports.d = global.x || process.env.NODE_ENV"),
            ];
            let files: Vec<_> = [("worker.ts", worker)]
                .into_iter()
                .chain(rest)
                .chain(files.iter().copied())
                .collect();
            let code = code(&files);
            assert!(code.contains("as default") && code.starts_with('\n'), "{code}");
            for no in ["import ", "import(", "node:", "createRequire", "NODE_ENV", "global."] {
                assert!(!code.contains(no), "{no}: {code}");
            }
        }
    }

    #[test]
    fn what_is_exported_nowhere_is_told() {
        let found = faults(&[
            (
                "worker.ts",
                "interface A {}\nimport { f, b } from './a'; export default () => [f, b]",
            ),
            ("a.ts", "export function f() {}"),
        ]);
        assert!(
            found.len() == 1 && found[0].starts_with("worker.ts:2:13: "),
            "{found:?}"
        );
        assert!(!found[0].contains("/worker"), "{found:?}");
    }

    #[test]
    fn hostile_modules_end_in_an_error_or_a_bundle() {
        let times = |text: &str, times: usize| text.repeat(times);
        for (name, text) in [
            (
                "a.js",
                format!("export default {}1{}", times("[", 100_000), times("]", 100_000)),
            ),
            ("a.js", format!("export default {}1", times("1+", 150_000))),
            ("a.js", format!("export default {}1", times("a+", 3_900))),
            ("a.ts", format!("export default {}1", times("a+", 3_900))),
            (
                "a.js",
                format!("export default {}1{}", times("(", 900), times(")", 900)),
            ),
            (
                "a.js",
                format!("export default {}1{}", times("[", 900), times("]", 900)),
            ),
            ("a.js", format!("export default {}1", times("a=>", 450))),
            ("a.js", format!("{}1", times("if(a);else ", 450))),
            ("a.js", format!("x={}1", times("a?b:", 900))),
            ("a.js", times("{", 400) + &times("}", 400)),
            ("a.js", times("function f(){", 300) + &times("}", 300)),
            ("a.js", times("x.", 15_000) + "y"),
            ("a.js", "x".to_owned() + &times("()", 15_000)),
            ("a.json", times("[", 100_000) + &times("]", 100_000)),
            ("a.json", times("[", 120) + &times("]", 120)),
            ("a.js", "\u{0}".to_owned()),
            (
                "a.js",
                "import './a.js'; export * from './a.js'; export * from './worker.ts'".to_owned(),
            ),
            ("a.js", "import x from './a.js'; export { x as default }".to_owned()),
            (
                "a.js",
                "export * from './b.js'; export { y as x } from './a.js'; export { x as y } from './a.js'".to_owned(),
            ),
            (
                "a.js",
                "import { x } from './a.js'; export { x as default, x }".to_owned(),
            ),
            ("a.js", "with (a) { b }".to_owned()),
            ("a.js", "await 1; module.exports = require('./a.js')".to_owned()),
        ] {
            let extension = name.rsplit('.').next().unwrap_or_default();
            let worker = format!("import * as a from './a.{extension}'; export default () => a");
            let started = std::time::Instant::now();
            let outcome = try_bundle(&[("worker.ts", &worker), (name, &text), ("b.js", "export const x = 1")]);
            let told = outcome.map(|_| ()).map_err(|faults| faults[0].message.clone());
            eprintln!("{:?} {:?} {told:?}", &text[..text.len().min(40)], started.elapsed());
            assert!(started.elapsed() < std::time::Duration::from_secs(20));
        }
    }
}
