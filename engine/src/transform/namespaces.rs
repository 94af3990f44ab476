//! Names that reach across the blocks of a namespace, written out: `x` becomes `N.x` where oxc would leave it unbound.
//!
//! oxc turns `namespace N { export let x = 1 }` into a function with a variable `x` whose first value is copied to `N.x`.
//! That is wrong in two cases, which TypeScript solves as done here: for exports that change, and for the exports of
//! another block of the same name.

use std::collections::{HashMap, HashSet};

use oxc::allocator::Allocator;
use oxc::ast::ast::{
    AssignmentTargetPropertyIdentifier, Declaration, Expression, IdentifierName, IdentifierReference, ObjectProperty,
    Program, SimpleAssignmentTarget, Statement, TSNamespaceDeclaration, TSNamespaceDeclarationBody,
};
use oxc::ast::builder::AstBuilder;
use oxc::ast_visit::{VisitMut, walk_mut};
use oxc::diagnostics::OxcDiagnostic;
use oxc::semantic::{Scoping, SymbolId};
use oxc::span::Span;
use oxc::syntax::scope::ScopeId;

pub(super) struct Qualified {
    /// Whether the program is another now, and must be analysed again.
    pub changed: bool,
    pub faults: Vec<OxcDiagnostic>,
}

/// Writes out the names of a program that reach across blocks.
pub(super) fn qualify<'a>(arena: &'a Allocator, scoping: &Scoping, program: &mut Program<'a>) -> Qualified {
    let mut blocks = Blocks::default();
    blocks.collect(&program.body, TOP, None);
    if !blocks.reach {
        return Qualified {
            changed: false,
            faults: Vec::new(),
        };
    }
    let builder = AstBuilder::new(arena);
    let mut writer = Writer {
        builder,
        scoping,
        blocks,
        around: Vec::new(),
        changed: false,
        faults: Vec::new(),
    };
    writer.visit_program(program);
    Qualified {
        changed: writer.changed,
        faults: writer.faults,
    }
}

/// What oxc says of every export that may change: seen to above.
pub(super) fn settled(fault: &OxcDiagnostic) -> bool {
    fault
        .message
        .starts_with("Namespaces exporting non-const are not supported")
}

/// What blocks that merge have in common: the number of their name. The module itself is the first.
type Path = usize;
const TOP: Path = 0;

#[derive(Default)]
struct Blocks<'a> {
    /// What is not exported is known in its own block only.
    paths: HashMap<(Path, Option<ScopeId>, &'a str), Path>,
    /// By its scope, each block: its path, and those of its exports that may change.
    by_scope: HashMap<ScopeId, (Path, HashSet<&'a str>)>,
    /// What all blocks of a path export.
    exports: HashMap<Path, HashSet<&'a str>>,
    /// Whether any name may reach across blocks at all.
    reach: bool,
}

impl<'a> Blocks<'a> {
    /// Goes through the statements of a block; `local` is its scope, unless it is the module.
    fn collect(&mut self, statements: &[Statement<'a>], path: Path, local: Option<ScopeId>) {
        for statement in statements {
            match statement {
                Statement::TSNamespaceDeclaration(namespace) => self.namespace(namespace, path, local),
                Statement::ExportDeclaration(export) => {
                    if let Declaration::TSNamespaceDeclaration(namespace) = &export.declaration {
                        self.namespace(namespace, path, None);
                    }
                }
                _ => {}
            }
        }
    }

    fn namespace(&mut self, namespace: &TSNamespaceDeclaration<'a>, parent: Path, local: Option<ScopeId>) {
        let Some(scope) = namespace.scope_id.get().filter(|_| !namespace.declare) else {
            return;
        };
        let path = self.path(parent, local, namespace.id.name.as_str());
        let mut changing = HashSet::new();
        match &namespace.body {
            TSNamespaceDeclarationBody::TSNamespaceDeclaration(inner) => {
                self.export(path, inner.id.name.as_str());
                self.namespace(inner, path, None);
            }
            TSNamespaceDeclarationBody::TSModuleBlock(block) => {
                for statement in &block.body {
                    let Statement::ExportDeclaration(export) = statement else {
                        continue;
                    };
                    self.exported(&export.declaration, path, &mut changing);
                }
                self.collect(&block.body, path, Some(scope));
            }
        }
        self.reach |= !changing.is_empty();
        self.by_scope.insert(scope, (path, changing));
    }

    fn exported(&mut self, declaration: &Declaration<'a>, path: Path, changing: &mut HashSet<&'a str>) {
        if declaration.declare() {
            return;
        }
        if let Declaration::VariableDeclaration(variables) = declaration {
            for name in variables
                .declarations
                .iter()
                .flat_map(|variable| variable.id.get_binding_identifiers())
            {
                self.export(path, name.name.as_str());
                if !variables.kind.is_const() {
                    changing.insert(name.name.as_str());
                }
            }
        } else if let Some(name) = declaration.id() {
            self.export(path, name.name.as_str());
        }
    }

    fn path(&mut self, parent: Path, local: Option<ScopeId>, name: &'a str) -> Path {
        let next = self.paths.len() + 1;
        let path = *self.paths.entry((parent, local, name)).or_insert(next);
        self.reach |= path != next;
        path
    }

    fn export(&mut self, path: Path, name: &'a str) {
        self.exports.entry(path).or_default().insert(name);
    }
}

/// A block that the walk is in.
struct Around<'a> {
    scope: ScopeId,
    name: &'a str,
    symbol: SymbolId,
}

struct Writer<'a, 's> {
    builder: AstBuilder<'a>,
    scoping: &'s Scoping,
    blocks: Blocks<'a>,
    around: Vec<Around<'a>>,
    changed: bool,
    faults: Vec<OxcDiagnostic>,
}

impl<'a> Writer<'a, '_> {
    /// The block whose `N.x` this `x` is.
    fn owner(&self, name: &IdentifierReference<'a>) -> Option<&Around<'a>> {
        if self.around.is_empty() {
            return None;
        }
        let reference = self.scoping.get_reference(name.reference_id.get()?);
        let bound_in = reference.symbol_id().map(|symbol| self.scoping.symbol_scope_id(symbol));
        let mut scopes = bound_in
            .into_iter()
            .flat_map(|scope| self.scoping.scope_ancestors(scope));
        let binding = scopes.find_map(|scope| self.around.iter().rposition(|block| block.scope == scope));
        // Blocks inside the one that binds the name do not bind it, but another block of theirs may export it.
        let inner = &self.around[binding.map_or(0, |binding| binding + 1)..];
        let text = name.name.as_str();
        let exports = |block: &&Around| {
            let path = self.blocks.by_scope.get(&block.scope).map_or(TOP, |(path, _)| *path);
            self.blocks.exports.get(&path).is_some_and(|names| names.contains(text))
        };
        inner.iter().rev().find(exports).or_else(|| {
            let block = self.around.get(binding?)?;
            let (_, changing) = self.blocks.by_scope.get(&block.scope)?;
            (bound_in == Some(block.scope) && changing.contains(text)).then_some(block)
        })
    }

    /// `N`, to be written before this name, unless it means something else here.
    fn qualifier(&mut self, name: &IdentifierReference<'a>) -> Option<Expression<'a>> {
        let owner = self.owner(name)?;
        let (namespace, symbol) = (owner.name, owner.symbol);
        let from = self.scoping.get_reference(name.reference_id.get()?).scope_id();
        if self.scoping.find_binding(from, namespace.into()) != Some(symbol) {
            self.refuse(
                name.span,
                name.name.as_str(),
                namespace,
                "another name hides the namespace here: rename it",
            );
            return None;
        }
        self.changed = true;
        Some(Expression::new_identifier(name.span, namespace, &self.builder))
    }

    fn refuse(&mut self, span: Span, name: &str, namespace: &str, help: &str) {
        let message = format!("'{name}' is exported by the namespace '{namespace}' and cannot be written like this");
        self.faults.push(
            OxcDiagnostic::error(message)
                .with_help(help.to_owned())
                .with_label(span),
        );
    }

    fn property(&self, name: &IdentifierReference<'a>) -> IdentifierName<'a> {
        IdentifierName::new(name.span, name.name, &self.builder)
    }
}

impl<'a> VisitMut<'a> for Writer<'a, '_> {
    fn visit_ts_namespace_declaration(&mut self, namespace: &mut TSNamespaceDeclaration<'a>) {
        let Some((scope, symbol)) = namespace.scope_id.get().zip(namespace.id.symbol_id.get()) else {
            return;
        };
        self.around.push(Around {
            scope,
            name: namespace.id.name.as_str(),
            symbol,
        });
        walk_mut::walk_ts_namespace_declaration(self, namespace);
        self.around.pop();
    }

    fn visit_expression(&mut self, expression: &mut Expression<'a>) {
        let Expression::Identifier(name) = expression else {
            return walk_mut::walk_expression(self, expression);
        };
        if let Some(namespace) = self.qualifier(name) {
            let property = self.property(name);
            *expression =
                Expression::new_static_member_expression(name.span, namespace, property, false, &self.builder);
        }
    }

    fn visit_simple_assignment_target(&mut self, target: &mut SimpleAssignmentTarget<'a>) {
        let SimpleAssignmentTarget::AssignmentTargetIdentifier(name) = target else {
            return walk_mut::walk_simple_assignment_target(self, target);
        };
        if let Some(namespace) = self.qualifier(name) {
            let property = self.property(name);
            *target = SimpleAssignmentTarget::new_static_member_expression(
                name.span,
                namespace,
                property,
                false,
                &self.builder,
            );
        }
    }

    fn visit_object_property(&mut self, property: &mut ObjectProperty<'a>) {
        walk_mut::walk_object_property(self, property);
        property.shorthand &= matches!(property.value, Expression::Identifier(_));
    }

    fn visit_assignment_target_property_identifier(&mut self, target: &mut AssignmentTargetPropertyIdentifier<'a>) {
        if let Some(owner) = self.owner(&target.binding) {
            let (namespace, name) = (owner.name, target.binding.name.as_str());
            self.refuse(target.span, name, namespace, &format!("{name}: {namespace}.{name}"));
        }
        walk_mut::walk_assignment_target_property_identifier(self, target);
    }
}

#[cfg(test)]
mod tests {
    use crate::transform::tests::{code, faults};

    #[test]
    fn names_reach_across_the_blocks_of_a_namespace() {
        let text = "namespace N { export let a = 1; a++; ({ a }); [a] = [2]; }
            namespace N { let b = a; { let a = 3; a; } (a: any) => a; }
            export default N;";
        let code = code("a.ts", text);
        for expected in [
            "N.a++;",
            "({ a: N.a });",
            "[N.a] = [2];",
            "let b = N.a;",
            "let a = 3;\na;",
            "(a) => a;",
        ] {
            assert!(code.contains(expected), "{expected}: {code}");
        }
        for hidden in ["export let a = 1; (N: any) => a", "export let a = 1; ({ a } = b)"] {
            let faults = faults("a.ts", &format!("namespace N {{ {hidden} }} export default N"));
            assert!(
                faults.len() == 1 && faults[0].message.contains("exported by the namespace 'N'"),
                "{faults:?}"
            );
        }
    }
}
