//! What a worker must be as a module: one file, with a default export.

use oxc::ast::ast::{
    ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration, ImportExpression, Program, Statement,
    StringLiteral,
};
use oxc::ast_visit::{Visit, walk};
use oxc::diagnostics::OxcDiagnostic;
use oxc::span::{GetSpan, Span};

/// Node's modules that need no `node:` before them, from `node:module`'s `builtinModules`.
const NODE_BUILTINS: [&str; 42] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// The package of the platform's declarations.
const TYPES: &str = "jfrog-workers";

/// Looks at what is left of imports and exports when types are gone.
pub(super) fn check(program: &Program) -> Vec<OxcDiagnostic> {
    let mut imports = Imports { faults: Vec::new() };
    imports.visit_program(program);
    let mut faults = imports.faults;
    let mut defaults = program.body.iter().filter(|statement| exports_default(statement));
    if defaults.next().is_none() {
        faults.push(
            OxcDiagnostic::error("the worker has no default export")
                .with_help("export default async (context, data) => data")
                .with_label(Span::empty(0)),
        );
    }
    let again = |statement: &Statement| {
        OxcDiagnostic::error("the worker has another default export already").with_label(statement.span())
    };
    faults.extend(defaults.map(again));
    faults
}

fn exports_default(statement: &Statement) -> bool {
    let exported = match statement {
        Statement::ExportDefaultDeclaration(_) => return true,
        Statement::ExportNamedDeclaration(export) => &export.specifiers,
        // Refused for where it comes from; that it is there is not to be denied as well.
        Statement::ExportFromDeclaration(export) => &export.specifiers,
        _ => return false,
    };
    exported.iter().any(|specifier| specifier.exported.name() == "default")
}

struct Imports {
    faults: Vec<OxcDiagnostic>,
}

impl Imports {
    fn refuse(&mut self, from: &str, span: Span) {
        let package = from.split('/').next().unwrap_or(from);
        let fault = if package == TYPES {
            OxcDiagnostic::error(format!(
                "'{TYPES}' has only types, nothing that could be imported when the worker runs"
            ))
            .with_help(format!("import type {{ … }} from '{TYPES}'"))
        } else if from.starts_with("node:") || NODE_BUILTINS.contains(&package) {
            OxcDiagnostic::error(format!(
                "cannot import '{from}': Node.js built-in modules are not there in a worker"
            ))
        } else {
            OxcDiagnostic::error(format!("cannot import '{from}': a worker is one file"))
        };
        self.faults.push(fault.with_label(span));
    }

    fn refuse_literal(&mut self, from: &StringLiteral) {
        self.refuse(&from.value, from.span);
    }
}

impl<'a> Visit<'a> for Imports {
    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        self.refuse_literal(&import.source);
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        self.refuse_literal(&export.source);
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        self.refuse_literal(&export.source);
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        match &import.source {
            Expression::StringLiteral(from) => self.refuse_literal(from),
            Expression::TemplateLiteral(from) => {
                if let Some(text) = from.single_quasi() {
                    self.refuse(text.as_str(), from.span);
                }
            }
            // What is only known when it runs is refused when it runs.
            _ => {}
        }
        walk::walk_import_expression(self, import);
    }
}

#[cfg(test)]
mod tests {
    use crate::transform::tests::faults;
    use crate::transform::transform;

    #[test]
    fn every_default_export_is_one() {
        for export in [
            "export default 1",
            "let a; export { a as default }",
            "export default class {}",
            "let a; export { a as 'default' }",
        ] {
            assert!(transform("a.ts", export).is_ok(), "{export}");
        }
    }

    #[test]
    fn imports_are_refused_with_their_reason() {
        for (import, reason) in [
            ("import './a';", "cannot import './a': a worker is one file"),
            (
                "import a from 'lodash/a'; a();",
                "cannot import 'lodash/a': a worker is one file",
            ),
            ("export * from './a';", "cannot import './a': a worker is one file"),
            ("export { a } from './a';", "cannot import './a': a worker is one file"),
            ("() => import('./a');", "cannot import './a': a worker is one file"),
            ("() => import(`./a`);", "cannot import './a': a worker is one file"),
            (
                "import fs from 'fs'; fs();",
                "cannot import 'fs': Node.js built-in modules are not there in a worker",
            ),
            (
                "import('fs/promises');",
                "cannot import 'fs/promises': Node.js built-in modules are not there in a worker",
            ),
            (
                "import 'node:x';",
                "cannot import 'node:x': Node.js built-in modules are not there in a worker",
            ),
            (
                "import 'jfrog-workers';",
                "'jfrog-workers' has only types, nothing that could be imported when the worker runs",
            ),
            (
                "import { A } from 'jfrog-workers'; new A();",
                "'jfrog-workers' has only types, nothing that could be imported when the worker runs",
            ),
        ] {
            let found = faults("a.ts", &format!("{import} export default 1"));
            assert_eq!(
                found.iter().map(|it| it.message.as_str()).collect::<Vec<_>>(),
                [reason],
                "{import}"
            );
            let column = import.chars().take_while(|it| !matches!(it, '\'' | '`')).count() + 1;
            assert_eq!(usize::try_from(found[0].column), Ok(column), "{import}");
        }
        assert_eq!(
            faults("a.js", "import a from './a'; export default 1").len(),
            1,
            "JavaScript imports are not types"
        );
        assert!(transform("a.ts", "import a from './a'; import(b); export default 1").is_ok());
    }
}
