//! JSON documents made up as they can be written, and what JavaScript makes of them, by the standard and not by an
//! engine: the tests of `host` include this file too.

use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::fmt;

/// Copies all of stdin to stdout.
pub const WASI_ECHO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "\00\00\01\00")
    (func (export "_start") (loop $more
        (i32.store (i32.const 4) (i32.const 65536))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (if (i32.load (i32.const 8)) (then
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
            (br $more))))))"#;

/// A document as somebody may write it.
#[derive(Clone)]
pub enum Document {
    Literal(&'static str),
    Number(String),
    Text(Vec<Piece>),
    Array(Vec<Document>),
    Object(Vec<(Vec<Piece>, Document)>),
}

/// A part of a text, as it is written.
#[derive(Clone, Debug)]
pub enum Piece {
    Char(char),
    /// `\u` and four hexadecimal digits, large or small: half of a surrogate pair too.
    Unit(u16, bool),
    /// A backslash and this.
    Short(char),
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written(&[String::new()]))
    }
}

impl Document {
    /// The text of it, with this white space between its tokens, in turn.
    pub fn written(&self, spaces: &[String]) -> String {
        let mut text = String::new();
        let mut spaces = spaces.iter().map(String::as_str).cycle();
        self.write(&mut text, &mut || spaces.next().unwrap_or_default());
        text
    }

    fn write<'a>(&self, text: &mut String, space: &mut impl FnMut() -> &'a str) {
        text.push_str(space());
        match self {
            Self::Literal(literal) => text.push_str(literal),
            Self::Number(number) => text.push_str(number),
            Self::Text(pieces) => write_text(pieces, text),
            Self::Array(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    item.write(text, space);
                }
                text.push_str(if items.is_empty() { space() } else { "" });
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    text.push_str(space());
                    write_text(key, text);
                    text.push_str(space());
                    text.push(':');
                    value.write(text, space);
                }
                text.push_str(if members.is_empty() { space() } else { "" });
                text.push('}');
            }
        }
        text.push_str(space());
    }

    /// What `JSON.stringify(JSON.parse(text))` gives.
    pub fn in_javascript(&self) -> String {
        let mut text = String::new();
        self.stringify(&mut text);
        text
    }

    fn stringify(&self, text: &mut String) {
        match self {
            Self::Literal(literal) => text.push_str(literal),
            Self::Number(number) => text.push_str(&stringify_number(number.parse().unwrap())),
            Self::Text(pieces) => stringify_text(&units(pieces), text),
            Self::Array(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    item.stringify(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (index, (key, value)) in properties(members).into_iter().enumerate() {
                    text.push_str(if index > 0 { "," } else { "" });
                    stringify_text(&key, text);
                    text.push(':');
                    value.stringify(text);
                }
                text.push('}');
            }
        }
    }

    /// Whether it is an object whose `executionStatus` says that the worker failed.
    pub fn says_failed(&self) -> bool {
        let Self::Object(members) = self else { return false };
        let name: Vec<u16> = "executionStatus".encode_utf16().collect();
        let found = properties(members).into_iter().find(|(key, _)| *key == name);
        match found.map(|(_, value)| value) {
            Some(Self::Number(number)) => number.parse() == Ok(2.0),
            Some(Self::Text(pieces)) => units(pieces).into_iter().eq("STATUS_FAIL".encode_utf16()),
            _ => false,
        }
    }

    /// Arrays and objects inside each other.
    fn depth(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::depth).max().unwrap_or_default(),
            Self::Object(members) => 1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or_default(),
            _ => 0,
        }
    }
}

fn write_text(pieces: &[Piece], text: &mut String) {
    text.push('"');
    for piece in pieces {
        match piece {
            Piece::Char(char) => text.push(*char),
            Piece::Unit(unit, true) => text.push_str(&format!("\\u{unit:04X}")),
            Piece::Unit(unit, false) => text.push_str(&format!("\\u{unit:04x}")),
            Piece::Short(char) => text.extend(['\\', *char]),
        }
    }
    text.push('"');
}

fn units(pieces: &[Piece]) -> Vec<u16> {
    let mut units = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Char(char) => units.extend_from_slice(char.encode_utf16(&mut [0; 2])),
            Piece::Unit(unit, _) => units.push(*unit),
            Piece::Short(char) => units.push(match char {
                'b' => 8,
                't' => 9,
                'n' => 10,
                'f' => 12,
                'r' => 13,
                other => *other as u16,
            }),
        }
    }
    units
}

/// The properties in their order (ECMA-262, OrdinaryOwnPropertyKeys): array indices first, by number; of members with
/// one name the last value, in the place of the first.
fn properties(members: &[(Vec<Piece>, Document)]) -> Vec<(Vec<u16>, &Document)> {
    let mut indices = BTreeMap::new();
    let mut others: Vec<(Vec<u16>, &Document)> = Vec::new();
    for (key, value) in members {
        let key = units(key);
        if let Some(index) = array_index(&key) {
            indices.insert(index, (key, value));
        } else if let Some(known) = others.iter_mut().find(|(known, _)| *known == key) {
            known.1 = value;
        } else {
            others.push((key, value));
        }
    }
    indices.into_values().chain(others).collect()
}

fn array_index(key: &[u16]) -> Option<u32> {
    let text = String::from_utf16(key).ok()?;
    let index: u32 = text.parse().ok()?;
    (index != u32::MAX && index.to_string() == text).then_some(index)
}

/// Of two shortest texts that are equally near, the even one: the standard recommends it and engines do so, Rust does not.
fn even(number: f64, digits: String) -> String {
    let exact = format!("{number:.800e}").replace('.', "");
    let (floor, rest) = exact.split_at(digits.len());
    let tie = rest.starts_with('5') && rest[1..].split('e').next().unwrap().bytes().all(|byte| byte == b'0');
    let even = floor.ends_with(['0', '2', '4', '6', '8']);
    if tie && even { floor.to_owned() } else { digits }
}

/// `Number::toString` of ECMA-262; what is not finite is `null`.
fn stringify_number(number: f64) -> String {
    if !number.is_finite() {
        return "null".into();
    }
    if number == 0.0 {
        return "0".into();
    }
    let scientific = format!("{:e}", number.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap();
    let digits = even(number.abs(), digits.replace('.', ""));
    // The value is 0.digits times ten to the power of `n`.
    let n = exponent.parse::<i32>().unwrap() + 1;
    let k = i32::try_from(digits.len()).unwrap();
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap());
    let split = |at: i32| digits.split_at(usize::try_from(at).unwrap());
    let text = match n {
        _ if k <= n && n <= 21 => format!("{digits}{}", zeros(n - k)),
        1..=21 => format!("{}.{}", split(n).0, split(n).1),
        -5..=0 => format!("0.{}{digits}", zeros(-n)),
        _ => {
            let (first, rest) = split(1);
            let point = if rest.is_empty() { "" } else { "." };
            let sign = if n > 0 { '+' } else { '-' };
            format!("{first}{point}{rest}e{sign}{}", (n - 1).abs())
        }
    };
    if number < 0.0 { format!("-{text}") } else { text }
}

/// `QuoteJSONString` of ECMA-262: halves of surrogate pairs that are alone are escaped, pairs are not.
fn stringify_text(units: &[u16], text: &mut String) {
    text.push('"');
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok('"') => text.push_str("\\\""),
            Ok('\\') => text.push_str("\\\\"),
            Ok('\u{8}') => text.push_str("\\b"),
            Ok('\t') => text.push_str("\\t"),
            Ok('\n') => text.push_str("\\n"),
            Ok('\u{c}') => text.push_str("\\f"),
            Ok('\r') => text.push_str("\\r"),
            Ok(char) if char < ' ' => text.push_str(&format!("\\u{:04x}", char as u32)),
            Ok(char) => text.push(char),
            Err(alone) => text.push_str(&format!("\\u{:04x}", alone.unpaired_surrogate())),
        }
    }
    text.push('"');
}

/// Any document that is nested at most `deepest` times.
pub fn document(deepest: usize) -> impl Strategy<Value = Document> {
    let leaf = prop_oneof![
        select(vec!["null", "true", "false"]).prop_map(Document::Literal),
        number().prop_map(Document::Number),
        text().prop_map(Document::Text),
    ];
    let inner = leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Document::Array),
            prop::collection::vec((key(), inner), 0..8).prop_map(Document::Object),
        ]
    });
    // Some say how they went.
    let said = prop_oneof![
        number().prop_map(Document::Number),
        select(vec!["2", "2e0", "4"]).prop_map(|number| Document::Number(number.into())),
        text().prop_map(Document::Text),
    ];
    let says = (prop::collection::vec((key(), inner.clone()), 0..4), said).prop_map(|(mut members, said)| {
        members.push(("executionStatus".chars().map(Piece::Char).collect(), said));
        Document::Object(members)
    });
    let inner = prop_oneof![5 => inner, 1 => says];
    // Most are shallow; some go down to the limit.
    let layers = prop_oneof![4 => Just(0), 1 => 0..=deepest];
    (inner, layers).prop_map(move |(mut document, layers)| {
        for layer in 0..layers.min(deepest - document.depth()) {
            document = match layer % 2 {
                0 => Document::Array(vec![document]),
                _ => Document::Object(vec![(vec![Piece::Char('k')], document)]),
            };
        }
        document
    })
}

/// What may stand between tokens.
pub fn spaces() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop_oneof![2 => Just(String::new()), 1 => "[ \t\r\n]{0,3}"], 1..8)
}

fn number() -> impl Strategy<Value = String> {
    let special = [
        "-0",
        "-0.0",
        "0e999",
        "1e400",
        "-1e400",
        "1e-400",
        "-1e-400",
        "1.7976931348623159e308",
        "5e-324",
        "2",
        "2.0",
        "20e-1",
        "2.4703282292062327e-324",
        "2.2250738585072011e-308",
        "9007199254740993",
        "1e21",
        "999999999999999900000",
        "1e-6",
        "1e-7",
        "0.30000000000000004",
        "1.00000000000000011102230246251565404236316680908203125",
        "1E+2",
        "4294967296",
    ];
    prop_oneof![
        select(special.to_vec()).prop_map(String::from),
        "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?",
        any::<f64>().prop_map(|number| format!("{number:.16e}")),
        any::<i64>().prop_map(|number| number.to_string()),
    ]
}

fn text() -> impl Strategy<Value = Vec<Piece>> {
    let plain = any::<char>().prop_filter("written as an escape", |char| *char >= ' ' && !"\"\\".contains(*char));
    let special = select(vec![
        '\u{2028}',
        '\u{2029}',
        '\u{7f}',
        '\u{feff}',
        '\u{fffd}',
        '\u{1f600}',
        '/',
    ]);
    let piece = prop_oneof![
        4 => plain.prop_map(Piece::Char),
        2 => special.prop_map(Piece::Char),
        2 => (any::<u16>(), any::<bool>()).prop_map(|(unit, large)| Piece::Unit(unit, large)),
        2 => (0xd800..=0xdfff_u16, any::<bool>()).prop_map(|(unit, large)| Piece::Unit(unit, large)),
        1 => (0..0x80_u16).prop_map(|unit| Piece::Unit(unit, false)),
        2 => select(r#""\/bfnrt"#.chars().collect::<Vec<_>>()).prop_map(Piece::Short),
    ];
    let said = select(vec!["STATUS_FAIL", "STATUS_SUCCESS"]).prop_map(|text| text.chars().map(Piece::Char).collect());
    prop_oneof![8 => prop::collection::vec(piece, 0..12), 1 => said]
}

/// Texts, and names that mean something to JavaScript or to the host.
fn key() -> impl Strategy<Value = Vec<Piece>> {
    let named = [
        "__proto__",
        "constructor",
        "then",
        "toJSON",
        "executionStatus",
        "executionStatus",
        "httpResponse",
        "length",
        "",
        "a",
        "a",
        "0",
        "1",
        "2",
        "10",
        "-1",
        "-0",
        "01",
        "1.5",
        "2147483647",
        "2147483648",
        "4294967294",
        "4294967295",
        "4294967296",
        "1e3",
    ];
    let named = (select(named.to_vec()), any::<bool>()).prop_map(|(name, escaped)| {
        let units = name.encode_utf16();
        match escaped {
            true => units.map(|unit| Piece::Unit(unit, false)).collect(),
            false => name.chars().map(Piece::Char).collect(),
        }
    });
    prop_oneof![3 => named, 1 => text()]
}

/// So many cases, unless `PROPTEST_CASES` says otherwise. What fails is told with its smallest form, and kept in
/// `file`, which is tried first from then on.
pub fn config(cases: u32, file: &'static str) -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    config.failure_persistence = Some(Box::new(proptest::test_runner::FileFailurePersistence::Direct(file)));
    config
}
