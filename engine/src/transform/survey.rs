//! What can be said of a source as soon as it is parsed: whether it is JSX, whether it is too much to go on, and what the
//! later passes do not look at.

use oxc::allocator::Allocator;
use oxc::ast::AstKind;
use oxc::ast::ast::{Class, ClassElement, Program, RegExpLiteral, TSEnumDeclaration};
use oxc::ast_visit::{Visit, walk};
use oxc::diagnostics::OxcDiagnostic;
use oxc::parser::Parser;
use oxc::regular_expression::{LiteralParser, Options};
use oxc::span::{GetSpan, SourceType, Span};

use super::constants::{Constants, MAX_CONSTANTS_BYTES};

/// Syntax nodes around one another. Code people write stays under a hundred and fifty; a thousand `else if`s fit.
pub(super) const MAX_DEPTH: usize = 1_000;

/// oxc takes quadratic time and memory for the named groups of a pattern; QuickJS judges the patterns left out.
const MAX_PATTERN_BYTES: usize = 4_000;

pub(super) struct Survey {
    /// What is too deep, or computes too much. The passes to come are not to be tried then.
    pub too_much: Option<OxcDiagnostic>,
    pub faults: Vec<OxcDiagnostic>,
}

pub(super) fn survey(arena: &Allocator, program: &Program) -> Survey {
    let mut surveyor = Surveyor {
        arena,
        depth: 0,
        too_deep: None,
        constants: Constants::default(),
        too_many_constants: None,
        faults: Vec::new(),
    };
    surveyor.visit_program(program);
    let too_many_constants = surveyor.too_many_constants.map(|span| {
        let mebibytes = MAX_CONSTANTS_BYTES >> 20;
        OxcDiagnostic::error(format!("the constants of enums are more than {mebibytes} MiB")).with_label(span)
    });
    let too_deep = surveyor.too_deep.map(|span| {
        OxcDiagnostic::error(format!("this is nested too deep: more than {MAX_DEPTH} levels"))
            .with_label(Span::sized(span.start, 1))
    });
    Survey {
        too_much: too_deep.or(too_many_constants),
        faults: surveyor.faults,
    }
}

/// What did not parse may be another language, which says more than `first`, the parser's own fault.
pub(super) fn other_language(
    arena: &Allocator,
    text: &str,
    kind: SourceType,
    first: &OxcDiagnostic,
) -> Option<OxcDiagnostic> {
    if let Some(span) = first_jsx(arena, text, kind) {
        return Some(OxcDiagnostic::error("JSX is not supported").with_label(span));
    }
    let typescript = || {
        Parser::new(arena, text, SourceType::ts())
            .parse()
            .diagnostics
            .is_empty()
    };
    let help = "this is TypeScript, which belongs into a .ts or .mts file";
    (kind.is_javascript() && typescript()).then(|| first.clone().with_help(help))
}

/// The first element of a text that is well-formed if JSX is.
fn first_jsx(arena: &Allocator, text: &str, kind: SourceType) -> Option<Span> {
    struct First(Option<Span>);
    impl<'a> Visit<'a> for First {
        fn enter_node(&mut self, kind: AstKind<'a>) {
            if matches!(kind, AstKind::JSXElement(_) | AstKind::JSXFragment(_)) {
                self.0.get_or_insert(kind.span());
            }
        }
    }
    let parsed = Parser::new(arena, text, kind.with_jsx(true)).parse();
    let mut first = First(None);
    if parsed.diagnostics.is_empty() {
        first.visit_program(&parsed.program);
    }
    first.0
}

struct Surveyor<'s, 'a> {
    arena: &'s Allocator,
    depth: usize,
    too_deep: Option<Span>,
    constants: Constants<'a>,
    too_many_constants: Option<Span>,
    faults: Vec<OxcDiagnostic>,
}

/// `a + b + c` leans to the left however long it is; everything after the parser goes down it in a loop or in tiny steps.
fn nests(kind: AstKind) -> bool {
    !matches!(kind, AstKind::BinaryExpression(_) | AstKind::LogicalExpression(_))
}

impl<'a> Visit<'a> for Surveyor<'_, 'a> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.depth += usize::from(nests(kind));
        if self.depth > MAX_DEPTH && self.too_deep.is_none() {
            self.too_deep = Some(kind.span());
        }
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        self.depth -= usize::from(nests(kind));
    }

    fn visit_class(&mut self, class: &Class<'a>) {
        let member = |member: &ClassElement<'a>| member.has_decorator();
        if class.is_expression() && (!class.decorators.is_empty() || class.body.body.iter().any(member)) {
            let fault = OxcDiagnostic::error("decorators are for class declarations, this is a class expression");
            self.faults
                .push(fault.with_label(class.decorators.first().map_or(class.span, |decorator| decorator.span)));
        }
        walk::walk_class(self, class);
    }

    fn visit_ts_enum_declaration(&mut self, declaration: &TSEnumDeclaration<'a>) {
        if self.constants.too_much(declaration) {
            self.too_many_constants.get_or_insert(declaration.id.span);
        }
        walk::walk_ts_enum_declaration(self, declaration);
    }

    fn visit_reg_exp_literal(&mut self, literal: &RegExpLiteral<'a>) {
        let pattern = literal.regex.pattern.text.as_str();
        if pattern.len() <= MAX_PATTERN_BYTES {
            let flags = literal.regex.flags.to_inline_string();
            let options = Options {
                pattern_span_offset: literal.span.start + 1,
                ..Options::default()
            };
            if let Err(fault) = LiteralParser::new(self.arena, pattern, Some(flags.as_str()), options).parse() {
                self.faults.push(fault);
            }
        }
        walk::walk_reg_exp_literal(self, literal);
    }
}

#[cfg(test)]
mod tests {
    use super::MAX_DEPTH;
    use crate::transform::tests::faults;
    use crate::transform::transform;

    #[test]
    fn nesting_to_the_limit_is_kept_and_beyond_it_refused() {
        let array = |depth: usize| format!("export default {}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(transform("a.ts", &array(MAX_DEPTH - 10)).is_ok());
        let faults = faults("a.ts", &array(MAX_DEPTH + 1));
        assert!(
            faults.len() == 1 && faults[0].message.starts_with("this is nested too deep"),
            "{faults:?}"
        );
        let sum = format!("export default {}1", "'text' + ".repeat(50_000));
        assert!(transform("a.ts", &sum).is_ok(), "a long sum is not nested");
    }
}
