//! JSON as an author wrote it: fields in their order with the places of their values, and text that is laid out anew without
//! touching a number or a key.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// The members of an object, in their order.
pub struct Fields<'t>(pub Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Where a value stands in the text that it was read from.
pub fn place(text: &str, value: &RawValue) -> Range<usize> {
    let start = (value.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    start..start + value.get().len()
}

/// A valid document with one member or item a line, the first line where it stands, the others below `indent`.
pub fn laid_out(json: &str, indent: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut chars = json.trim().chars().peekable();
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(indent);
        text.push_str(&"  ".repeat(depth));
    };
    while let Some(char) = chars.next() {
        match char {
            '"' => {
                text.push(char);
                while let Some(char) = chars.next() {
                    text.push(char);
                    match char {
                        '\\' => text.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                text.push(char);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(close) = chars.next_if(|char| matches!(char, '}' | ']')) {
                    text.push(close);
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(char);
            }
            ',' => {
                text.push(char);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            char if char.is_ascii_whitespace() => {}
            char => text.push(char),
        }
    }
    text
}

/// Whether two documents say the same: 1 is 1.0, and the order of members means nothing.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let has = |(name, value): (&String, &Value)| other.get(name).is_some_and(|other| same(value, other));
            one.len() == other.len() && one.iter().all(has)
        }
        _ => one == other,
    }
}

/// A value with its members in the order of their names, so that lines compare.
pub fn sorted(value: &Value) -> String {
    laid_out(&in_order(value).to_string(), "")
}

/// Of maps that keep the order in which they were read.
fn in_order(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(in_order).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(name, value)| (name.clone(), in_order(value)))
                .collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            members.into_iter().collect()
        }
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn layout_touches_nothing_else() {
        let json = r#" {"b":1.0,"a":[ {} ,[], "x\"{,:}\\" , -1e400],"é":{"c" : null}} "#;
        let expected = "{\n  \"b\": 1.0,\n  \"a\": [\n    {},\n    [],\n    \"x\\\"{,:}\\\\\",\n    -1e400\n  ],\n  \"é\": {\n    \"c\": null\n  }\n}";
        assert_eq!(laid_out(json, ""), expected);
        assert_eq!(laid_out("[1]", "    "), "[\n      1\n    ]");
        assert_eq!(laid_out(" 7 ", ""), "7");
    }

    #[test]
    fn fields_keep_their_order_and_their_places() {
        let text = r#"{"b": [1, 2], "a": {"x": 1}, "b": 3}"#;
        let Fields(fields) = serde_json::from_str(text).unwrap();
        let shown: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), &text[place(text, value)]))
            .collect();
        assert_eq!(shown, [("b", "[1, 2]"), ("a", "{\"x\": 1}"), ("b", "3")]);
        assert!(serde_json::from_str::<Fields<'_>>("[]").is_err());
    }

    #[test]
    fn numbers_are_compared_by_value() {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert!(same(&parse("[1, {\"a\": 2.0}]"), &parse("[1.0, {\"a\": 2}]")));
        for (one, other) in [
            ("1", "2"),
            ("1", "\"1\""),
            ("[1]", "[1,1]"),
            ("{\"a\":1}", "{\"b\":1}"),
            ("null", "0"),
        ] {
            assert!(!same(&parse(one), &parse(other)), "{one} {other}");
        }
        assert_eq!(
            sorted(&json!({"b": [{"d": 1, "c": 2}], "a": []})),
            "{\n  \"a\": [],\n  \"b\": [\n    {\n      \"c\": 2,\n      \"d\": 1\n    }\n  ]\n}"
        );
    }
}
