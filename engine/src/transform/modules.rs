//! What a worker must be as a module: it has a default export, and if it stands alone it imports nothing.

use oxc::ast::ast::{ExportDefaultDeclarationKind, Program, Statement};
use oxc::diagnostics::OxcDiagnostic;
use oxc::span::{GetSpan, Span};

use super::Role;
use super::requests::{Request, requests};

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
pub(crate) const TYPES: &str = "jfrog-workers";

pub(crate) const NOT_THERE: &str = "Node.js built-in modules are not there in a worker";
pub(crate) const ONLY_TYPES: &str = "has only types, nothing that could be imported when the worker runs";

/// Whether an import means one of Node's modules, unless a package of that name is installed.
pub(crate) fn is_builtin(specifier: &str) -> bool {
    let package = specifier.split('/').next().unwrap_or(specifier);
    specifier.starts_with("node:") || NODE_BUILTINS.contains(&package)
}

/// Looks at what is left of imports and exports when types are gone.
pub(super) fn check(program: &Program, role: Role) -> (Vec<Request>, Vec<OxcDiagnostic>) {
    let requests = requests(program).found;
    let mut faults = Vec::new();
    if role == Role::Alone {
        faults.extend(requests.iter().filter(|request| request.is_import()).map(refuse));
    }
    if role != Role::Imported {
        faults.extend(check_default(program));
    }
    (requests, faults)
}

fn check_default(program: &Program) -> Vec<OxcDiagnostic> {
    let mut faults = Vec::new();
    let mut defaults = program.body.iter().filter(|statement| exports_default(statement));
    if defaults.next().is_none() {
        faults.push(
            OxcDiagnostic::error("the worker has no default export")
                .with_help("export default async (context, data) => data")
                .with_label(Span::empty(0)),
        );
    }
    faults.extend(program.body.iter().filter_map(class_as_default));
    let again = |statement: &Statement| {
        OxcDiagnostic::error("the worker has another default export already").with_label(statement.span())
    };
    faults.extend(defaults.map(again));
    faults
}

/// A class cannot be called, and a worker is.
fn class_as_default(statement: &Statement) -> Option<OxcDiagnostic> {
    let Statement::ExportDefaultDeclaration(export) = statement else {
        return None;
    };
    let is_class = matches!(
        export.declaration,
        ExportDefaultDeclarationKind::ClassDeclaration(_) | ExportDefaultDeclarationKind::ClassExpression(_)
    );
    is_class.then(|| {
        OxcDiagnostic::error("the default export is a class, and a worker is a function")
            .with_help("export default async (context, data) => data")
            .with_label(statement.span())
    })
}

fn exports_default(statement: &Statement) -> bool {
    let exported = match statement {
        Statement::ExportDefaultDeclaration(_) => return true,
        Statement::ExportNamedDeclaration(export) => &export.specifiers,
        // Where it comes from may be refused; that it is there is not to be denied as well.
        Statement::ExportFromDeclaration(export) => &export.specifiers,
        _ => return false,
    };
    exported.iter().any(|specifier| specifier.exported.name() == "default")
}

fn refuse(request: &Request) -> OxcDiagnostic {
    let from = request.specifier.as_str();
    let fault = if from == TYPES {
        OxcDiagnostic::error(format!("'{from}' {ONLY_TYPES}"))
    } else if is_builtin(from) {
        OxcDiagnostic::error(format!("cannot import '{from}': {NOT_THERE}"))
    } else {
        OxcDiagnostic::error(format!("cannot import '{from}': a worker is one file"))
            .with_help("bundle it into one file before deploying, or serve the worker from its folder")
    };
    fault.with_label(request.span())
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
            "let a; export { a as 'default' }",
        ] {
            assert!(transform("a.ts", export).is_ok(), "{export}");
        }
    }

    #[test]
    fn a_class_is_no_worker() {
        for export in [
            "export default class {}",
            "export default class A {}",
            "export default (class {})",
        ] {
            assert!(faults("a.ts", export)[0].message.contains("is a class"), "{export}");
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
