//! Turns an author's TypeScript or JavaScript into one JavaScript module, and says where it cannot.
//!
//! oxc parses, checks, strips types and prints. Only what QuickJS cannot run is lowered: TypeScript's own constructs,
//! decorators and `accessor`. QuickJS-ng runs `using`, private names, static blocks and top-level await as they are.
//! JSX and CommonJS are deliberately absent; imports of other files are for `bundle` to follow.

mod confine;
mod constants;
mod decorators;
mod helpers;
pub(crate) mod lines;
pub(crate) mod mapping;
pub(crate) mod modules;
mod namespaces;
pub(crate) mod report;
pub(crate) mod requests;
mod size;
mod survey;

use std::path::Path;

use oxc::allocator::Allocator;
use oxc::ast::ast::Program;
use oxc::codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc::diagnostics::OxcDiagnostic;
use oxc::parser::{ParseOptions, Parser};
use oxc::semantic::{Scoping, SemanticBuilder};
use oxc::span::{SourceType, Span};
use oxc::transformer::{
    DecoratorOptions, EnvOptions, HelperLoaderMode, HelperLoaderOptions, Module as Modules, TransformOptions,
    Transformer, TypeScriptOptions,
};

use crate::Diagnostic;
use mapping::Printed;
use requests::Request;

/// A worker's source as JavaScript that QuickJS runs as one ES module.
#[derive(Debug)]
pub(crate) struct Script {
    pub code: String,
    /// Where the code comes from, for [`crate::source_map::SourceMap::parse`].
    pub map: Vec<u8>,
}

/// What a file is to the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// All of it: it has the default export and imports nothing.
    Alone,
    /// It has the default export, and its imports will be bundled.
    Entry,
    /// It is imported.
    Imported,
}

/// One file as JavaScript, before it is decided what becomes of its imports.
pub(crate) struct Module {
    /// What TypeScript's constructs need to have defined, on one line without its end.
    pub helpers: String,
    pub code: String,
    /// Where the code comes from, in its order.
    pub places: Vec<Printed>,
    pub requests: Vec<Request>,
}

impl Module {
    /// The module as it runs on its own; `name` and `text` are what it was compiled from.
    pub(crate) fn into_script(self, name: &str, text: &str) -> Script {
        let map = mapping::encode(name, without_mark(text), &self.code, 1, self.places.into_iter());
        // The author's code starts on the second line, helpers or not: QuickJS counts columns differently on the first.
        Script {
            code: format!("{}\n{}", self.helpers, self.code),
            map,
        }
    }
}

/// Compiles the text of the file called `name`. The same name and text always give the same script. Blocks while it
/// computes: a tenth of a millisecond for a few lines, ten for a hundred kilobytes, seconds for the most hostile.
///
/// The errors are in the order of their places, at most twenty of them and one that counts the others.
pub(crate) fn transform(name: &str, text: &str) -> Result<Script, Vec<Diagnostic>> {
    Ok(module(name, text, Role::Alone)?.into_script(name, text))
}

/// As [`transform`], for a file that may be one of several.
pub(crate) fn module(name: &str, text: &str, role: Role) -> Result<Module, Vec<Diagnostic>> {
    let of_file = |message: &str| vec![Diagnostic::of_file(name, message)];
    let kind = source_type(name).map_err(of_file)?;
    let text = without_mark(text);
    confine::confined(text, |arena| {
        compile(arena, name, text, kind, role).map_err(|faults| report::report(name, text, faults))
    })
    .unwrap_or_else(|refusal| Err(of_file(&refusal)))
}

/// Reads a file of JavaScript that is to be bundled as it is: what it asks for. The errors are those of [`transform`].
pub(crate) fn scan(name: &str, text: &str, commonjs: bool) -> Result<Vec<Request>, Vec<Diagnostic>> {
    let kind = if commonjs { SourceType::cjs() } else { SourceType::mjs() };
    confine::confined(text, |arena| {
        let parsed = Parser::new(arena, text, kind).parse();
        let faults = parsed.diagnostics.into_vec();
        let fault = faults.into_iter().next();
        let fault = fault.or_else(|| survey::survey(arena, &parsed.program).too_much);
        fault
            .map_or_else(|| bundled(&parsed.program), Err)
            .map_err(|fault| report::report(name, text, vec![fault]))
    })
    .unwrap_or_else(|refusal| Err(vec![Diagnostic::of_file(name, &refusal)]))
}

/// The bundler descends into everything, sums of many terms too, and takes time that is quadratic in their length.
const MAX_BUNDLED_DEPTH: usize = 4_000;

fn bundled(program: &Program) -> Result<Vec<Request>, OxcDiagnostic> {
    let requests = requests::requests(program);
    if requests.deepest > MAX_BUNDLED_DEPTH {
        return Err(OxcDiagnostic::error(format!(
            "this is nested too deep to be bundled: more than {MAX_BUNDLED_DEPTH} levels"
        ))
        .with_label(Span::empty(0)));
    }
    Ok(requests.found)
}

pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}

fn source_type(name: &str) -> Result<SourceType, &'static str> {
    let name = name.to_ascii_lowercase();
    if name.ends_with(".d.ts") || name.ends_with(".d.mts") {
        return Err("a worker is code: this is a file of declarations");
    }
    match Path::new(&name).extension().and_then(|extension| extension.to_str()) {
        Some("ts" | "mts") => Ok(SourceType::ts().with_module(true)),
        Some("js" | "mjs") => Ok(SourceType::mjs()),
        Some("tsx" | "jsx") => Err("JSX is not supported: a worker is a .ts, .mts, .js or .mjs file"),
        Some("cts" | "cjs") => {
            Err("CommonJS is not supported: a worker is an ES module in a .ts, .mts, .js or .mjs file")
        }
        _ => Err("a worker is a .ts, .mts, .js or .mjs file"),
    }
}

fn compile(
    arena: &Allocator,
    name: &str,
    text: &str,
    kind: SourceType,
    role: Role,
) -> Result<Module, Vec<OxcDiagnostic>> {
    let options = ParseOptions {
        preserve_parens: false,
        ..ParseOptions::default()
    };
    let parsed = Parser::new(arena, text, kind).with_options(options).parse();
    let (mut program, mut faults) = (parsed.program, parsed.diagnostics.into_vec());

    if let Some(first) = faults.first()
        && let Some(fault) = survey::other_language(arena, text, kind, first)
    {
        return Err(vec![fault]);
    }
    let surveyed = survey::survey(arena, &program);
    if let Some(fault) = surveyed.too_much {
        return Err(vec![fault]);
    }
    faults.extend(surveyed.faults);
    let (mut scoping, found) = analyse(&program);
    faults.extend(found);
    stop_at(faults)?;

    let renamed = namespaces::qualify(arena, &scoping, &mut program);
    stop_at(renamed.faults)?;
    if renamed.changed {
        scoping = analyse(&program).0;
    }
    // What of `accessor` is TypeScript's in oxc is not in the language; types there are none to be stripped from it.
    program.source_type = SourceType::ts().with_module(true);
    let found = Transformer::new(arena, Path::new(name), &options_for(kind)).build_with_scoping(scoping, &mut program);
    stop_at(
        found
            .diagnostics
            .into_iter()
            .filter(|fault| !namespaces::settled(fault))
            .collect(),
    )?;

    program.hashbang = None;
    let helpers = helpers::take(&mut program);
    if let Some(decorate) = &helpers.decorate {
        decorators::order(&mut program, decorate);
    }
    // What TypeScript leaves to its type checker: a second default export, an export of nothing.
    program.source_type = SourceType::mjs();
    let mut faults = analyse(&program).1;
    let (requests, found) = modules::check(&program, role);
    faults.extend(found);
    stop_at(faults)?;
    if role != Role::Alone && requests.iter().any(Request::is_import) {
        bundled(&program).map_err(|fault| vec![fault])?;
    }
    if size::too_large(&program) {
        let message = format!("this is more than {} MiB as JavaScript", size::MAX_CODE_BYTES >> 20);
        return Err(vec![OxcDiagnostic::error(message).with_label(Span::empty(0))]);
    }
    let (code, places) = print(name, &program);
    Ok(Module {
        helpers: helpers.code,
        code,
        places,
        requests,
    })
}

fn stop_at(faults: Vec<OxcDiagnostic>) -> Result<(), Vec<OxcDiagnostic>> {
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn analyse(program: &Program) -> (Scoping, Vec<OxcDiagnostic>) {
    let analysed = SemanticBuilder::new()
        .with_check_syntax_error(true)
        .with_enum_eval(true)
        .build(program);
    (analysed.semantic.into_scoping(), analysed.diagnostics.into_vec())
}

fn options_for(kind: SourceType) -> TransformOptions {
    TransformOptions {
        typescript: TypeScriptOptions {
            // `declare const enum` has nothing but its values.
            optimize_const_enums: true,
            only_remove_type_imports: kind.is_javascript(),
            ..TypeScriptOptions::default()
        },
        decorator: DecoratorOptions {
            legacy: true,
            ..DecoratorOptions::default()
        },
        // So that `export =` and `import = require()` are refused.
        env: EnvOptions {
            module: Modules::Esm,
            ..EnvOptions::default()
        },
        helper_loader: HelperLoaderOptions {
            module_name: helpers::PACKAGE.into(),
            mode: HelperLoaderMode::Runtime,
        },
        ..TransformOptions::default()
    }
}

fn print(name: &str, program: &Program) -> (String, Vec<Printed>) {
    let options = CodegenOptions {
        source_map_path: Some(name.into()),
        comments: CommentOptions::disabled(),
        // Indentation is quadratic in the worst case and read by nobody.
        indent_width: 0,
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(program);
    let tokens = printed.map.iter().flat_map(|map| map.get_tokens().collect::<Vec<_>>());
    let places = tokens.map(|token| Printed {
        code: (token.get_dst_line(), token.get_dst_col()),
        source: (token.get_src_line(), token.get_src_col()),
    });
    (printed.code, places.collect())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::{Diagnostic, transform};
    use crate::source_map::SourceMap;

    /// The author's part of the code, one line per line.
    pub(super) fn code(name: &str, text: &str) -> String {
        let script = transform(name, text).unwrap_or_else(|faults| panic!("{name}: {text}\n{}", faults[0]));
        let (_, code) = script.code.split_once('\n').unwrap();
        code.trim_end().to_owned()
    }

    pub(super) fn faults(name: &str, text: &str) -> Vec<Diagnostic> {
        transform(name, text).map(|script| script.code).expect_err(text)
    }

    #[test]
    fn types_disappear_and_the_rest_stays() {
        for (typescript, javascript) in [
            ("interface A { a: 1 } type B = A['a']; declare let c: number;", ""),
            (
                "const a = { b: 1 } as const satisfies object; a!.b;",
                "const a = { b: 1 };\na.b;",
            ),
            ("let a!: number; const b = <any>a;", "let a;\nconst b = a;"),
            (
                "function f(a: string): void; function f(a?: any, ...b: any[]) {}",
                "function f(a, ...b) {}",
            ),
            (
                "import { PlatformContext } from 'jfrog-workers'; let a: PlatformContext;",
                "let a;",
            ),
            (
                "import { PlatformContext, type X } from 'jfrog-workers'; let a: PlatformContext | X;",
                "let a;",
            ),
            (
                "import type A from './a'; import { type B } from './b'; export type { A }; let b: B;",
                "let b;",
            ),
            (
                "enum A { B, C = B + 2 } A.C;",
                "var A = function(A) {\nA[A[\"B\"] = 0] = \"B\";\nA[A[\"C\"] = 2] = \"C\";\nreturn A;\n}(A || {});\nA.C;",
            ),
            ("declare const enum A { B = 7 } A.B;", "7;"),
            (
                "namespace N { export const a = 1 } N.a;",
                "let N;\n(function(_N) {\nconst a = _N.a = 1;\n})(N || (N = {}));\nN.a;",
            ),
            (
                "class A { constructor(private readonly a: number) {} }",
                "class A {\na;\nconstructor(a) {\nthis.a = a;\n}\n}",
            ),
            (
                "class A { a?: number; declare b: 1; [c: string]: any }",
                "class A {\na;\n}",
            ),
            (
                "abstract class A { abstract a(): void; #b = 1; static { #b in A } }",
                "class A {\n#b = 1;\nstatic {\n#b in A;\n}\n}",
            ),
            (
                "{ using a = b; await using c = d; }",
                "{\nusing a = b;\nawait using c = d;\n}",
            ),
            (
                "1_000; /(?<a>b)/dgsv; a ??= await b;",
                "1e3;\n/(?<a>b)/dgsv;\na ??= await b;",
            ),
            ("#!/usr/bin/env x\n// a comment\na;", "a;"),
            ("\u{FEFF}a;\r\nb;", "a;\nb;"),
        ] {
            let expected = format!("{javascript}\nexport default 1;");
            assert_eq!(
                code("worker.ts", &format!("{typescript}\nexport default 1")),
                expected.trim_start(),
                "{typescript}"
            );
        }
    }

    #[test]
    fn javascript_is_left_alone() {
        for text in [
            "let a = b < c > d;",
            "let type, as, declare, namespace;",
            "class A {\nb;\n}",
            "(a, b) => {};",
        ] {
            for name in ["worker.js", "src/worker.mjs", "WORKER.JS"] {
                assert_eq!(
                    code(name, &format!("{text}\nexport default 1")),
                    format!("{text}\nexport default 1;")
                );
            }
        }
    }

    #[test]
    fn names_say_the_language() {
        for (name, reason) in [
            ("a.tsx", "JSX"),
            ("a.jsx", "JSX"),
            ("a.cts", "CommonJS"),
            ("a.CJS", "CommonJS"),
            ("a.d.ts", "declarations"),
            ("a.py", "worker is a"),
            ("a", "worker is a"),
            ("", "worker is a"),
            (".ts", "worker is a"),
        ] {
            let faults = faults(name, "export default 1");
            assert!(
                faults.len() == 1 && faults[0].message.contains(reason),
                "{name}: {}",
                faults[0].message
            );
        }
    }

    #[test]
    fn frames_lead_back_to_the_source() {
        let text = "\u{FEFF}interface A {\r\n a: 1 }\r\n@d class B {}\r\nconst π = '😀', f = () => g();\r\nexport default f;\r\n";
        let script = transform("src/worker.ts", text).unwrap();
        let map = SourceMap::parse(&script.map).unwrap();
        let (line, at) = script
            .code
            .lines()
            .enumerate()
            .find_map(|(line, text)| Some((line + 1, text.find("g()")? + 1)))
            .unwrap();
        assert_eq!(
            map.map_frame(&format!("    at f (src/worker.ts:{line}:{at})")),
            "    at f (src/worker.ts:4:26)"
        );
        let helper = "    at _decorate (src/worker.ts:1:20)";
        assert_eq!(map.map_frame(helper), helper);
    }

    #[test]
    fn the_same_source_gives_the_same_script() {
        let mut text = String::from("export default 1;");
        for n in 0..50 {
            let _ = write!(
                text,
                "enum E{n} {{ A }} @d class C{n} {{ @d m(@d a) {{}} }} namespace N{n} {{ export let x = 1; x }}"
            );
        }
        let (a, b) = (transform("a.ts", &text).unwrap(), transform("a.ts", &text).unwrap());
        assert!(a.code == b.code && a.map == b.map);
    }
}
