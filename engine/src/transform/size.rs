//! How much text a program is before it is printed: what TypeScript repeats, the name of an enum for each of its members
//! or the value of a constant for each use, a few lines can make gigabytes of.

use oxc::ast::AstKind;
use oxc::ast::ast::Program;
use oxc::ast_visit::Visit;

/// A worker is at most so much code. It has to fit into the worker's memory several times.
pub(super) const MAX_CODE_BYTES: usize = 8 << 20;

/// What separates the words of a program, for each of its nodes: an estimate.
const BYTES_PER_NODE: usize = 2;

/// Whether `program` will be larger than [`MAX_CODE_BYTES`] when it is printed, about.
pub(super) fn too_large(program: &Program) -> bool {
    let mut measure = Measure(0);
    measure.visit_program(program);
    measure.0 > MAX_CODE_BYTES
}

struct Measure(usize);

impl<'a> Visit<'a> for Measure {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        let words = match kind {
            AstKind::IdentifierName(it) => it.name.len(),
            AstKind::IdentifierReference(it) => it.name.len(),
            AstKind::BindingIdentifier(it) => it.name.len(),
            AstKind::LabelIdentifier(it) => it.name.len(),
            AstKind::PrivateIdentifier(it) => it.name.len(),
            AstKind::StringLiteral(it) => it.value.len(),
            AstKind::TemplateElement(it) => it.value.raw.len(),
            AstKind::RegExpLiteral(it) => it.regex.pattern.text.len(),
            AstKind::BigIntLiteral(it) => it.value.len(),
            _ => 0,
        };
        self.0 = self.0.saturating_add(words + BYTES_PER_NODE);
    }
}

#[cfg(test)]
mod tests {
    use super::MAX_CODE_BYTES;
    use crate::transform::tests::faults;
    use crate::transform::transform;

    /// An enum and a namespace whose names are this long, used this often.
    fn repeating(name: usize, times: usize) -> [String; 3] {
        let name = "n".repeat(name);
        let members: String = (0..times).map(|n| format!("a{n},")).collect();
        [
            format!("enum {name} {{ {members} }} export default {name}"),
            format!(
                "namespace {name} {{ export let x = 1; {} }} export default 1",
                "x;".repeat(times)
            ),
            format!(
                "declare const enum E {{ A = '{name}' }} {} export default 1",
                "E.A;".repeat(times)
            ),
        ]
    }

    #[test]
    fn code_size_obeyed() {
        for text in repeating(1_000, 1_000) {
            let script = transform("worker.ts", &text).unwrap_or_else(|faults| panic!("{}", faults[0]));
            assert!(script.code.len() > 1_000_000 && script.code.len() < MAX_CODE_BYTES);
        }
    }

    #[test]
    fn code_size_violated() {
        for text in repeating(40_000, 10_000) {
            assert!(text.len() < 140_000);
            let faults = faults("worker.ts", &text);
            // What oxc copies ends the arena before.
            let reasons = ["as JavaScript", "too complicated"];
            assert!(reasons.iter().any(|it| faults[0].message.contains(it)), "{}", faults[0]);
        }
        let [_, namespace, _] = repeating(40_000, 10_000);
        assert!(faults("worker.ts", &namespace)[0].message.contains("as JavaScript"));
    }
}
