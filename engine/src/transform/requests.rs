//! What a module asks for by name: its imports, its exports from elsewhere, its calls of `import` and `require`.

use std::ops::Range;

use oxc::ast::AstKind;
use oxc::ast::ast::{
    Argument, CallExpression, ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration,
    ImportExpression, Program, StringLiteral, TryStatement,
};
use oxc::ast_visit::{Visit, walk};
use oxc::span::Span;

/// One name asked for. What is only known when the code runs is not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub specifier: String,
    pub kind: Kind,
    /// Where the name is written, in bytes.
    pub at: Range<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Import,
    Require,
    /// A `require` within `try`: code that can do without.
    Attempt,
}

impl Request {
    /// Not a `require`, which only bundling understands.
    pub(crate) fn is_import(&self) -> bool {
        self.kind == Kind::Import
    }

    pub(super) fn span(&self) -> Span {
        Span::new(self.at.start, self.at.end)
    }
}

pub(super) struct Requests {
    pub found: Vec<Request>,
    /// Syntax nodes around one another, sums and all.
    pub deepest: usize,
    depth: usize,
    tries: usize,
}

pub(super) fn requests(program: &Program) -> Requests {
    let mut requests = Requests {
        found: Vec::new(),
        deepest: 0,
        depth: 0,
        tries: 0,
    };
    requests.visit_program(program);
    requests
}

impl Requests {
    fn push(&mut self, specifier: &str, span: Span, kind: Kind) {
        self.found.push(Request {
            specifier: specifier.to_owned(),
            kind,
            at: span.start..span.end,
        });
    }

    fn push_import(&mut self, from: &StringLiteral) {
        self.push(&from.value, from.span, Kind::Import);
    }
}

impl<'a> Visit<'a> for Requests {
    fn enter_node(&mut self, _: AstKind<'a>) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    fn leave_node(&mut self, _: AstKind<'a>) {
        self.depth -= 1;
    }

    fn visit_import_declaration(&mut self, import: &ImportDeclaration<'a>) {
        self.push_import(&import.source);
    }

    fn visit_export_all_declaration(&mut self, export: &ExportAllDeclaration<'a>) {
        self.push_import(&export.source);
    }

    fn visit_export_from_declaration(&mut self, export: &ExportFromDeclaration<'a>) {
        self.push_import(&export.source);
    }

    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        match &import.source {
            Expression::StringLiteral(from) => self.push_import(from),
            Expression::TemplateLiteral(from) => {
                if let Some(text) = from.single_quasi() {
                    self.push(text.as_str(), from.span, Kind::Import);
                }
            }
            // What is only known when it runs is refused when it runs.
            _ => {}
        }
        walk::walk_import_expression(self, import);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if call.callee.is_specific_id("require")
            && let Some(Argument::StringLiteral(from)) = call.arguments.first()
        {
            let kind = if self.tries > 0 { Kind::Attempt } else { Kind::Require };
            self.push(&from.value, from.span, kind);
        }
        walk::walk_call_expression(self, call);
    }

    fn visit_try_statement(&mut self, attempt: &TryStatement<'a>) {
        self.tries += 1;
        self.visit_block_statement(&attempt.block);
        self.tries -= 1;
        if let Some(handler) = &attempt.handler {
            self.visit_catch_clause(handler);
        }
        if let Some(finalizer) = &attempt.finalizer {
            self.visit_block_statement(finalizer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind::{self, Attempt, Import, Require};
    use crate::transform::scan;

    #[test]
    fn what_is_asked_for_is_found_where_it_is_written() {
        for (text, expected) in [
            (
                "import 'a'; import b from \"b\";",
                &[("a", Import, 7), ("b", Import, 26)][..],
            ),
            (
                "export * from 'a'; export { b } from 'b';",
                &[("a", Import, 14), ("b", Import, 37)],
            ),
            (
                "import('a'); import(`b`); import(c)",
                &[("a", Import, 7), ("b", Import, 20)],
            ),
            (
                "require('a')(require('b'), require(c))",
                &[("a", Require, 8), ("b", Require, 21)],
            ),
            (
                "try { require('a') } catch { require('b') } finally { require('c') }",
                &[("a", Attempt, 14), ("b", Require, 37), ("c", Require, 62)],
            ),
            ("a.require('b'); require; 'require(\"a\")'", &[]),
        ] {
            let found = scan("a.js", text, false).unwrap();
            let found: Vec<(&str, Kind, u32)> = found.iter().map(|it| (&*it.specifier, it.kind, it.at.start)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
