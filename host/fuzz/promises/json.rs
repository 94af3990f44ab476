//! JSON read once more, by the letter of RFC 8259 and with the values that JavaScript makes of it: what answers are
//! compared with, so it shares nothing with the host.

use std::collections::BTreeMap;

/// A document; texts are UTF-16, because JSON can spell half of a character.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(Vec<u16>),
    Array(Vec<Value>),
    /// The last of equal keys counts; their order is not kept.
    Object(BTreeMap<Vec<u16>, Value>),
}

/// The one document that `bytes` are, of at most `levels` arrays and objects within each other.
pub fn read(bytes: &[u8], levels: usize) -> Option<Value> {
    let mut reader = Reader {
        text: std::str::from_utf8(bytes).ok()?,
        levels,
    };
    let value = reader.value()?;
    reader.space();
    reader.text.is_empty().then_some(value)
}

impl Value {
    pub fn text(text: &str) -> Self {
        Value::Text(text.encode_utf16().collect())
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Value::Object(_))
    }

    /// What is at this path of keys and places.
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        let inner = match self {
            Value::Object(members) => members.get(&first.encode_utf16().collect::<Vec<_>>()),
            Value::Array(items) => items.get(first.parse::<usize>().ok()?),
            _ => None,
        };
        inner?.at(rest)
    }

    /// After `JSON.parse` and `JSON.stringify`: infinity is null, and zero has no sign.
    pub fn through_javascript(self) -> Self {
        match self {
            Value::Number(number) if number.is_infinite() => Value::Null,
            Value::Number(number) => Value::Number(number + 0.0),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::through_javascript).collect()),
            Value::Object(members) => {
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key, value.through_javascript()));
                Value::Object(members.collect())
            }
            other => other,
        }
    }

    /// Bytes that `JSON.stringify` writes it with.
    pub fn written(&self) -> usize {
        match self {
            Value::Null => 4,
            Value::Bool(value) => 5 - usize::from(*value),
            Value::Number(number) => written_number(*number),
            Value::Text(units) => written_text(units),
            Value::Array(items) => 2 + commas(items.len()) + items.iter().map(Value::written).sum::<usize>(),
            Value::Object(members) => {
                let inner = members
                    .iter()
                    .map(|(key, value)| written_text(key) + 1 + value.written());
                2 + commas(members.len()) + inner.sum::<usize>()
            }
        }
    }
}

fn commas(items: usize) -> usize {
    items.saturating_sub(1)
}

/// As `Number::toString` of ECMAScript: digits, and how far the point is from their start.
fn written_number(number: f64) -> usize {
    let scientific = format!("{:e}", number.abs());
    let (digits, exponent) = scientific.split_once('e').expect("an exponent");
    let digits = digits.len() - usize::from(digits.contains('.'));
    let exponent: i32 = exponent.parse().expect("a number");
    let sign = usize::from(number < 0.0);
    let point = |digits| usize::from(digits > 1);
    sign + match exponent {
        // Zeros up to the point, or a point among the digits.
        0..=20 => match usize::try_from(exponent).expect("it is positive") + 1 {
            whole if whole >= digits => whole,
            _ => digits + 1,
        },
        -6..=-1 => usize::try_from(1 - exponent).expect("it is positive") + digits,
        _ => digits + point(digits) + 2 + exponent.unsigned_abs().to_string().len(),
    }
}

/// Well-formed `JSON.stringify`: half of a character is escaped.
fn written_text(units: &[u16]) -> usize {
    let written = char::decode_utf16(units.iter().copied()).map(|char| match char {
        Ok('"' | '\\' | '\u{8}' | '\u{c}' | '\n' | '\r' | '\t') => 2,
        Ok('\0'..='\u{1f}') | Err(_) => 6,
        Ok(char) => char.len_utf8(),
    });
    2 + written.sum::<usize>()
}

struct Reader<'a> {
    text: &'a str,
    levels: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        self.text = self.text.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, what: &str) -> bool {
        let rest = self.text.strip_prefix(what);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn value(&mut self) -> Option<Value> {
        self.space();
        match self.text.bytes().next()? {
            b'n' => self.take("null").then_some(Value::Null),
            b't' => self.take("true").then_some(Value::Bool(true)),
            b'f' => self.take("false").then_some(Value::Bool(false)),
            b'"' => Some(Value::Text(self.string()?)),
            b'[' => {
                let mut items = Vec::new();
                self.list("[", "]", |reader| {
                    items.push(reader.value()?);
                    Some(())
                })?;
                Some(Value::Array(items))
            }
            b'{' => {
                let mut members = BTreeMap::new();
                self.list("{", "}", |reader| {
                    reader.space();
                    let key = reader.string()?;
                    reader.space();
                    reader.take(":").then_some(())?;
                    members.insert(key, reader.value()?);
                    Some(())
                })?;
                Some(Value::Object(members))
            }
            _ => self.number(),
        }
    }

    /// Items between `open` and `close`, with commas between them.
    fn list(&mut self, open: &str, close: &str, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.levels = self.levels.checked_sub(1)?;
        self.take(open).then_some(())?;
        self.space();
        if !self.take(close) {
            loop {
                item(self)?;
                self.space();
                if self.take(close) {
                    break;
                }
                self.take(",").then_some(())?;
            }
        }
        self.levels += 1;
        Some(())
    }

    fn number(&mut self) -> Option<Value> {
        let text = self.text;
        self.take("-");
        let whole = self.digits()?;
        (whole.len() == 1 || !whole.starts_with('0')).then_some(())?;
        if self.take(".") {
            self.digits()?;
        }
        if self.take("e") || self.take("E") {
            let _sign = self.take("+") || self.take("-");
            self.digits()?;
        }
        let number = &text[..text.len() - self.text.len()];
        Some(Value::Number(number.parse().ok()?))
    }

    fn digits(&mut self) -> Option<String> {
        let rest = self.text.trim_start_matches(|char: char| char.is_ascii_digit());
        let digits = &self.text[..self.text.len() - rest.len()];
        self.text = rest;
        (!digits.is_empty()).then(|| digits.to_owned())
    }

    fn string(&mut self) -> Option<Vec<u16>> {
        self.take("\"").then_some(())?;
        let mut units = Vec::new();
        loop {
            let char = self.text.chars().next()?;
            self.text = &self.text[char.len_utf8()..];
            match char {
                '"' => return Some(units),
                '\\' => units.push(self.escape()?),
                '\0'..='\u{1f}' => return None,
                char => units.extend_from_slice(char.encode_utf16(&mut [0; 2])),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        let char = self.text.chars().next()?;
        self.text = &self.text[char.len_utf8()..];
        Some(match char {
            '"' | '\\' | '/' => u16::try_from(u32::from(char)).ok()?,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let digits = self.text.get(..4)?;
                digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
                self.text = &self.text[4..];
                u16::from_str_radix(digits, 16).ok()?
            }
            _ => return None,
        })
    }
}
