//! The order of decorators: TypeScript applies those of a class's instance members before those of its static members, oxc
//! as they are written.

use oxc::allocator::ArenaVec;
use oxc::ast::ast::{Expression, Program, Statement};
use oxc::ast_visit::{VisitMut, walk_mut};

/// Puts the calls of the helper, which stand together behind each class, into TypeScript's order.
pub(super) fn order(program: &mut Program, helper: &str) {
    Order { helper }.visit_program(program);
}

struct Order<'h> {
    helper: &'h str,
}

impl Order<'_> {
    /// Whether a statement decorates a member, and then whether a static one: `helper([…], A.prototype, "m", …)`, or `A`.
    fn of_static(&self, statement: &Statement) -> Option<bool> {
        let Statement::ExpressionStatement(statement) = statement else {
            return None;
        };
        let Expression::CallExpression(call) = &statement.expression else {
            return None;
        };
        let [_, target, _, _] = call.arguments.as_slice() else {
            return None;
        };
        let ours = call.callee.is_specific_id(self.helper);
        ours.then(|| target.as_expression().is_some_and(Expression::is_identifier_reference))
    }
}

impl<'a> VisitMut<'a> for Order<'_> {
    fn visit_statements(&mut self, statements: &mut ArenaVec<'a, Statement<'a>>) {
        walk_mut::walk_statements(self, statements);
        let together = |a: &Statement, b: &Statement| self.of_static(a).is_some() == self.of_static(b).is_some();
        for run in statements.chunk_by_mut(together) {
            run.sort_by_key(|statement| self.of_static(statement));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::transform::tests::code;

    #[test]
    fn instance_members_come_before_static_ones() {
        let text = "@d class A { @a static a = 1; @b() b() {} @c static c() {} @e e = 2; static { a; } }
            function f() { class B { @g static g; @h h; } }
            export default 1;";
        let code = code("a.ts", text);
        let order: Vec<usize> = ["\"b\"", "\"e\"", "\"a\"", "\"c\"", "A = _decorate", "\"h\"", "\"g\""]
            .iter()
            .map(|it| code.find(it).unwrap_or_else(|| panic!("{it}: {code}")))
            .collect();
        assert!(order[..5].is_sorted() && order[5..].is_sorted(), "{order:?} {code}");
    }
}
