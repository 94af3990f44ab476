//! The few functions that transformed code calls, written into the module that needs them.

use std::fmt::Write;

use oxc::ast::ast::{ImportDeclaration, ImportDeclarationSpecifier, Program, Statement};

/// Where oxc is told to import its helpers from. Such imports never reach the output.
pub(super) const PACKAGE: &str = "engine:helpers";

/// What oxc calls for the decorators of TypeScript's `experimentalDecorators`; nothing else of what we lower needs help.
/// As in TypeScript, decorators run from the last to the first, and what one returns replaces the class, or describes the
/// member. A method's descriptor is asked for by `null`; a field has none.
const HELPERS: [(&str, &str); 2] = [
    (
        "decorate",
        "(decorators, target, ...member) => { \
         const [key, given] = member; \
         let result = !member.length ? target : given === null ? Object.getOwnPropertyDescriptor(target, key) : given; \
         for (const decorator of decorators.toReversed()) \
         if (decorator) result = (member.length ? decorator(target, key, result) : decorator(result)) || result; \
         if (member.length && result) Object.defineProperty(target, key, result); \
         return result; }",
    ),
    (
        "decorateParam",
        "(index, decorator) => (target, key) => decorator(target, key, index)",
    ),
];

/// The helpers that a program calls.
#[derive(Default)]
pub(super) struct Helpers {
    /// What defines them, without a line end.
    pub code: String,
    /// What `decorate` is called in the program, if it is.
    pub decorate: Option<String>,
}

/// Takes the imports of helpers out of a program.
pub(super) fn take(program: &mut Program) -> Helpers {
    let mut helpers = Helpers::default();
    program.body.retain(|statement| {
        let Statement::ImportDeclaration(import) = statement else {
            return true;
        };
        let Some((local, name, text)) = helper(import) else {
            return true;
        };
        // Writing to a string cannot fail.
        let _ = write!(helpers.code, "const {local} = {text}; ");
        if name == "decorate" {
            helpers.decorate = Some(local.to_owned());
        }
        false
    });
    helpers
}

fn helper<'p>(import: &'p ImportDeclaration) -> Option<(&'p str, &'static str, &'static str)> {
    let name = import.source.value.strip_prefix(PACKAGE)?.strip_prefix("/helpers/")?;
    let (name, text) = HELPERS.iter().find(|(known, _)| *known == name)?;
    match import.specifiers.as_ref()?.first()? {
        ImportDeclarationSpecifier::ImportDefaultSpecifier(specifier) => {
            Some((specifier.local.name.as_str(), name, text))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::transform::transform;

    #[test]
    fn decorators_bring_their_helpers_and_nothing_else_does() {
        for (text, helpers) in [
            ("class A {}", vec![]),
            ("@d class A {}", vec!["_decorate"]),
            ("class A { @d a() {} }", vec!["_decorate"]),
            (
                "let _decorate; class A { a(@d b) {} }",
                vec!["_decorateParam", "_decorate2"],
            ),
        ] {
            let script = transform("a.ts", &format!("{text} export default A")).unwrap();
            let (first, rest) = script.code.split_once('\n').unwrap();
            let defined: Vec<&str> = first
                .split("const ")
                .filter_map(|part| part.split_once(" = ("))
                .map(|part| part.0)
                .collect();
            assert_eq!(
                defined
                    .iter()
                    .copied()
                    .filter(|name| name.starts_with('_'))
                    .collect::<Vec<_>>(),
                helpers,
                "{text}"
            );
            assert!(
                helpers.iter().all(|helper| rest.contains(&format!("{helper}("))),
                "{rest}"
            );
            assert!(!script.code.contains("import"));
        }
    }
}
