//! What the author gets to see of the faults found.

use oxc::diagnostics::{LabeledSpan, OxcDiagnostic};

use super::lines::Lines;
use crate::Diagnostic;
use crate::diagnostic::Label;

/// A screenful; the rest is mostly what the first ones led to.
pub(crate) const MAX_DIAGNOSTICS: usize = 20;

/// The author's view of faults: sorted, each once, and not too many.
pub(super) fn report(name: &str, text: &str, faults: Vec<OxcDiagnostic>) -> Vec<Diagnostic> {
    let mut faults: Vec<(Vec<Label>, OxcDiagnostic)> =
        faults.into_iter().map(|fault| (labels(&fault), fault)).collect();
    faults.sort_by_key(|(labels, _)| labels.first().map_or(0, |label| label.span.start));
    let place = |labels: &[Label]| labels.first().map(|label| label.span.start);
    faults.dedup_by(|(a, again), (b, fault)| place(a) == place(b) && again.message == fault.message);

    let lines = Lines::of_source(text);
    let shown = faults.iter().take(MAX_DIAGNOSTICS);
    let mut diagnostics: Vec<Diagnostic> = shown
        .map(|(labels, fault)| {
            let help = fault.help.as_deref().or(fault.note.as_deref());
            Diagnostic::new(name, text, &lines, labels, &fault.message, help)
        })
        .collect();
    if let Some((labels, _)) = faults.get(MAX_DIAGNOSTICS) {
        let message = format!("… and {} more", faults.len() - MAX_DIAGNOSTICS);
        diagnostics.push(Diagnostic {
            rendered: message.clone(),
            ..Diagnostic::new(name, text, &lines, labels, &message, None)
        });
    }
    diagnostics
}

/// The places of a fault, the one to go to first. A second declaration is the fault, not the first.
fn labels(fault: &OxcDiagnostic) -> Vec<Label> {
    let mut labels: Vec<Label> = fault
        .labels
        .iter()
        .map(|label| {
            let start = label.offset() as usize;
            Label {
                span: start..start + label.len() as usize,
                text: label.label().unwrap_or_default().to_owned(),
            }
        })
        .collect();
    let primary = fault.labels.iter().position(LabeledSpan::primary);
    let again = labels
        .iter()
        .position(|label| label.text.ends_with("be redeclared here"));
    if let Some(first) = primary.or(again) {
        labels.swap(0, first);
    }
    labels
}

#[cfg(test)]
mod tests {
    use crate::transform::tests::faults;

    #[test]
    fn faults_are_found_at_their_places() {
        for (text, expected) in [
            ("let a;\r\nlet 😀 = 1;", vec!["2:5: Invalid Character `😀`"]),
            (
                "/* 😀 */ let a, a;",
                vec!["1:16: Identifier `a` has already been declared"],
            ),
            (
                "let a;\u{2028}let b; let a;",
                vec!["2:12: Identifier `a` has already been declared"],
            ),
            (
                "const a;\nconst b;",
                vec![
                    "1:7: Missing initializer in const declaration",
                    "2:7: Missing initializer in const declaration",
                ],
            ),
            (
                "let a, a; const b;",
                vec![
                    "1:8: Identifier `a` has already been declared",
                    "1:17: Missing initializer in const declaration",
                ],
            ),
            (
                "/(/",
                vec!["1:2: Invalid regular expression: Unterminated capturing group"],
            ),
            ("const a = () => <b>c</b>", vec!["1:17: JSX is not supported"]),
            (
                "export = 1",
                vec!["1:1: Export assignment cannot be used when targeting ECMAScript modules."],
            ),
            (
                "import a = require('fs'); a",
                vec!["1:1: Import assignment cannot be used when targeting ECMAScript modules."],
            ),
            (
                "let a = @b class {}",
                vec!["1:9: decorators are for class declarations, this is a class expression"],
            ),
            (
                "export default 1; export { a }",
                vec!["1:28: Export 'a' is not defined"],
            ),
            (
                "export default 1;\nexport default 2;",
                vec!["2:1: the worker has another default export already"],
            ),
            ("", vec!["1:1: the worker has no default export"]),
            ("\n\nlet a;", vec!["1:1: the worker has no default export"]),
            (
                "export default interface A {}",
                vec!["1:1: the worker has no default export"],
            ),
        ] {
            let found: Vec<String> = faults("a.ts", text)
                .iter()
                .map(|it| format!("{}:{}: {}", it.line, it.column, it.message))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
        let typescript = faults("a.js", "let a: number; let b: number");
        assert!(
            typescript.len() == 1 && typescript[0].rendered.contains("belongs into a .ts"),
            "{}",
            typescript[0]
        );
    }

    #[test]
    fn many_faults_are_counted_not_shown() {
        let faults = faults("a.ts", &"const a;\n".repeat(30));
        assert_eq!(faults.len(), 21);
        assert_eq!(
            (faults[20].message.as_str(), faults[20].rendered.as_str()),
            ("… and 39 more", "… and 39 more")
        );
        assert_eq!(faults[19].line, 11);
    }
}
