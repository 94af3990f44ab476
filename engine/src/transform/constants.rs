//! How much text the constants of enums come to: oxc computes them while it analyses, outside of its arena, and a few lines
//! in which each is twice the one before would take all memory there is.

use std::collections::HashMap;

use oxc::ast::ast::{Expression, TSEnumDeclaration, TSEnumMemberName};

/// Text that may be made while the constants of a source are computed. Those that people write are a few kilobytes.
pub(super) const MAX_CONSTANTS_BYTES: usize = 8 << 20;

/// The longest number as text.
const NUMBER_BYTES: usize = 25;

/// Follows oxc's evaluation, in its order, with bounds in the place of values.
#[derive(Default)]
pub(super) struct Constants<'a> {
    /// The longest text that a member of this name can be, whatever its enum; members that can only be numbers are not here.
    members: HashMap<&'a str, usize>,
    made: usize,
}

impl<'a> Constants<'a> {
    /// Takes the members of an enum into account; whether they are too much, with those before.
    pub(super) fn too_much(&mut self, declaration: &TSEnumDeclaration<'a>) -> bool {
        for member in &declaration.body.members {
            let bound = member.initializer.as_ref().and_then(|value| self.bound(value));
            let name = match &member.id {
                TSEnumMemberName::Identifier(name) => name.name.as_str(),
                TSEnumMemberName::String(name) | TSEnumMemberName::ComputedString(name) => name.value.as_str(),
                // oxc gives it no value.
                TSEnumMemberName::ComputedTemplateString(_) => continue,
            };
            if let Some(bound) = bound {
                let longest = self.members.entry(name).or_default();
                *longest = bound.max(*longest);
            }
        }
        self.made > MAX_CONSTANTS_BYTES
    }

    /// The length of the text that an expression is; `None` if it can only be a number, or nothing.
    fn bound(&mut self, expression: &Expression<'a>) -> Option<usize> {
        let text = |bound: Option<usize>| bound.unwrap_or(NUMBER_BYTES);
        let bound = match expression {
            Expression::StringLiteral(literal) => Some(literal.value.len()),
            Expression::TemplateLiteral(template) => {
                let parts = template.quasis.iter().map(|part| part.value.raw.len()).sum::<usize>();
                let values = template.expressions.iter();
                let values = values.fold(0_usize, |sum, value| sum.saturating_add(text(self.bound(value))));
                Some(values.saturating_add(parts))
            }
            Expression::BinaryExpression(binary) => match (self.bound(&binary.left), self.bound(&binary.right)) {
                (None, None) => None,
                (left, right) => Some(text(left).saturating_add(text(right))),
            },
            Expression::UnaryExpression(unary) => self.bound(&unary.argument),
            Expression::ParenthesizedExpression(inner) => self.bound(&inner.expression),
            Expression::Identifier(name) => self.members.get(name.name.as_str()).copied(),
            Expression::StaticMemberExpression(member) => self.members.get(member.property.name.as_str()).copied(),
            Expression::ComputedMemberExpression(member) => match &member.expression {
                Expression::StringLiteral(name) => self.members.get(name.value.as_str()).copied(),
                _ => None,
            },
            _ => None,
        };
        self.made = self.made.saturating_add(bound.unwrap_or(0));
        bound
    }
}

#[cfg(test)]
mod tests {
    use crate::transform::tests::faults;
    use crate::transform::transform;

    /// Enums in which every member is this often the one before.
    fn growing(members: usize) -> [String; 4] {
        let of = |next: fn(usize) -> String| {
            let members: String = (1..members).map(|n| format!(", a{n} = {}", next(n - 1))).collect();
            format!("enum E {{ a0 = 'sixteen letters!'{members} }} export default E")
        };
        let apart: String = (1..members)
            .map(|n| format!("enum E{n} {{ a = `${{E{}.a}}${{E{}['a']}}` }}", n - 1, n - 1))
            .collect();
        [
            of(|n| format!("`${{a{n}}}${{a{n}}}`")),
            of(|n| format!("a{n} + (a{n})")),
            of(|n| format!("E.a{n} + E['a{n}']")),
            format!("enum E0 {{ a = 'sixteen letters!' }} {apart} export default 1"),
        ]
    }

    #[test]
    fn constants_obeyed() {
        for text in growing(10) {
            let script = transform("worker.ts", &text).unwrap_or_else(|faults| panic!("{}", faults[0]));
            assert!(script.code.contains(&"sixteen letters!".repeat(512)), "{text}");
        }
        let numbers = format!(
            "enum E {{ a = 1, b = {}a, c = ~b << 2 }} export default E",
            "a + ".repeat(5_000)
        );
        assert!(transform("worker.ts", &numbers).is_ok(), "numbers do not grow");
    }

    #[test]
    fn constants_violated() {
        for text in growing(100) {
            let faults = faults("worker.ts", &text);
            assert!(faults[0].message.starts_with("the constants of enums"), "{}", faults[0]);
        }
        // Every step of a long sum is a text of its own.
        let sum = format!(
            "enum E {{ a = 'sixteen letters!', b = {}a }} export default E",
            "a + ".repeat(5_000)
        );
        assert!(
            faults("worker.ts", &sum)[0]
                .message
                .starts_with("the constants of enums")
        );
    }
}
