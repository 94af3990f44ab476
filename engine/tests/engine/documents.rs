//! Any JSON document survives an echo as documented: byte for byte to the worker; what JavaScript then does with it is
//! what its standard says.

use crate::fixture::{run, wat, worker};
use crate::json::{Document, Piece, WASI_ECHO, config, document, spaces};
use engine::Outcome;
use proptest::prelude::*;

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/engine/documents.regressions");

#[test]
fn any_document_survives_an_echo() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let javascript = runtime.block_on(worker("export default async (context: any, data: any) => data"));
    let wasi = runtime.block_on(async { wat(WASI_ECHO) });
    let deepest = engine::MAX_NESTING;
    proptest!(config(400, REGRESSIONS), |(document in document(deepest), spaces in spaces())| {
        let text = document.written(&spaces);
        for (worker, expected) in [(&wasi, &text), (&javascript, &document.in_javascript())] {
            let execution = runtime.block_on(run(worker, &text));
            prop_assert_eq!(&execution.outcome, &Outcome::Success);
            prop_assert_eq!(std::str::from_utf8(&execution.output), Ok(expected.as_str()));
        }
    });
}

/// What the model gives, by hand: from the standard's own words, or from any browser's console.
#[test]
fn the_model_is_javascript() {
    let number = |text: &str| Document::Number(text.into()).in_javascript();
    for (written, expected) in [
        ("-0", "0"),
        ("1e400", "null"),
        ("-1e400", "null"),
        ("1e21", "1e+21"),
        ("1e20", "100000000000000000000"),
        ("123456789012345678901", "123456789012345680000"),
        ("0.000001", "0.000001"),
        ("0.0000001", "1e-7"),
        ("-1.5e-10", "-1.5e-10"),
        ("5e-324", "5e-324"),
        ("12.50", "12.5"),
        ("877385878181190.25", "877385878181190.2"),
        ("9007199254740993", "9007199254740992"),
    ] {
        assert_eq!(number(written), expected, "{written}");
    }
    let pieces = [
        Piece::Unit(0xd83d, true),
        Piece::Unit(0xde00, false),
        Piece::Unit(0xd800, true),
        Piece::Unit(0, true),
    ];
    let text = Document::Text(pieces.to_vec());
    assert_eq!(text.written(&[" ".into()]), r#" "\uD83D\ude00\uD800\u0000" "#);
    assert_eq!(text.in_javascript(), "\"\u{1f600}\\ud800\\u0000\"");
    let member = |name: &str, value| {
        (
            name.chars().map(Piece::Char).collect(),
            Document::Number(format!("{value}")),
        )
    };
    let keys = ["b", "10", "2", "__proto__", "01", "b", "4294967295", "2"];
    let object = Document::Object(keys.iter().zip(0..).map(|(key, value)| member(key, value)).collect());
    assert_eq!(
        object.in_javascript(),
        r#"{"2":7,"10":1,"b":5,"__proto__":3,"01":4,"4294967295":6}"#
    );
    let status = |value: i32| Document::Object(vec![member("executionStatus", value)]).says_failed();
    assert!(status(2) && !status(4));
}
