//! The payload at the door: checked once, then carried byte for byte to the worker's stdin.

use crate::limits::MAX_NESTING;
use bytes::Bytes;

/// A JSON document that a worker can be given: UTF-8, valid, not too large and not nested too deep; or nothing.
#[derive(Clone, Debug, Default)]
pub struct Payload(Bytes);

/// Why a payload was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PayloadError {
    /// Not JSON; the place is where reading stopped.
    #[error("the payload is not valid JSON: {reason} at line {line} column {column}")]
    Malformed {
        /// What is wrong, without the place.
        reason: String,
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault in bytes, from 1.
        column: usize,
    },
    /// More than [`MAX_NESTING`] arrays and objects inside each other.
    #[error("the payload is nested deeper than {MAX_NESTING} arrays and objects at line {line} column {column}")]
    TooDeep {
        /// Line of the bracket that is one too many, from 1.
        line: usize,
        /// Column of that bracket in bytes, from 1.
        column: usize,
    },
    /// More bytes than allowed.
    #[error("the payload has {bytes} bytes, more than the {most} allowed")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        most: usize,
    },
}

impl Payload {
    /// No payload: the worker's second parameter is `undefined`.
    pub const NONE: Payload = Payload(Bytes::new());

    /// Checks `bytes`, of which there may be `most` ([`crate::Limits::payload_bytes`]). Nothing at all is no payload; white
    /// space alone is malformed.
    pub fn parse(bytes: Bytes, most: usize) -> Result<Self, PayloadError> {
        if bytes.is_empty() {
            return Ok(Self::NONE);
        }
        if bytes.len() > most {
            let bytes = bytes.len();
            return Err(PayloadError::TooLarge { bytes, most });
        }
        if let Err(error) = std::str::from_utf8(&bytes) {
            let (line, column) = place(&bytes, error.valid_up_to());
            return Err(PayloadError::Malformed {
                reason: "invalid UTF-8".into(),
                line,
                column,
            });
        }
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
            let text = error.to_string();
            let reason = text
                .rsplit_once(" at line ")
                .map_or(text.as_str(), |(reason, _)| reason)
                .to_owned();
            return Err(PayloadError::Malformed {
                reason,
                line: error.line(),
                column: error.column(),
            });
        }
        if let Some(offset) = too_deep(&bytes) {
            let (line, column) = place(&bytes, offset);
            return Err(PayloadError::TooDeep { line, column });
        }
        Ok(Self(bytes))
    }

    /// The document as it was sent; empty when there is none.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }
}

/// Line and column, both from 1, of a byte offset.
fn place(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = &bytes[..offset];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    (line, column)
}

/// Offset of the first bracket of valid JSON that exceeds [`MAX_NESTING`].
fn too_deep(json: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (offset, byte) in json.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_NESTING {
                    return Some(offset);
                }
            }
            b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1000;

    fn parse(text: impl AsRef<[u8]>) -> Result<Payload, PayloadError> {
        Payload::parse(Bytes::copy_from_slice(text.as_ref()), MOST)
    }

    #[test]
    fn valid_documents_are_kept_byte_for_byte() {
        let deepest = "[".repeat(MAX_NESTING) + &"]".repeat(MAX_NESTING);
        for text in [
            "null",
            " {\"a\" : 1e400}\n",
            r#""\ud800""#,
            r#"{"a":1,"a":2}"#,
            r#"["]]]", "\"[[["]"#,
            &deepest,
        ] {
            assert_eq!(parse(text).unwrap().bytes(), text.as_bytes(), "{text}");
        }
        assert!(parse("").unwrap().bytes().is_empty());
    }

    #[test]
    fn faults_are_placed() {
        let malformed = |reason: &str, line, column| PayloadError::Malformed {
            reason: reason.into(),
            line,
            column,
        };
        let cases: [(&[u8], PayloadError); 6] = [
            (b" ", malformed("EOF while parsing a value", 1, 1)),
            (b"{\n \"a\": nope}", malformed("expected ident", 2, 8)),
            (b"{} {}", malformed("trailing characters", 1, 4)),
            (b"[1,\n\"\xff\"]", malformed("invalid UTF-8", 2, 2)),
            (b"{'a':1}", malformed("key must be a string", 1, 2)),
            (b"[1", malformed("EOF while parsing a list", 1, 2)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(
                parse(bytes).unwrap_err(),
                expected,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    fn nested(levels: usize) -> String {
        "\n".to_owned() + &"[".repeat(levels) + &"]".repeat(levels)
    }

    #[test]
    fn nesting_obeyed() {
        parse(nested(MAX_NESTING)).unwrap();
        // What is no bracket of its own does not count, nor what is beside another.
        parse(format!("[{}\"{}\"]", "[],".repeat(200), "[".repeat(200))).unwrap();
    }

    #[test]
    fn nesting_violated() {
        let (line, column) = (2, MAX_NESTING + 1);
        let error = parse(nested(MAX_NESTING + 1)).unwrap_err();
        assert_eq!(error, PayloadError::TooDeep { line, column });
    }

    #[test]
    fn size_obeyed_and_violated() {
        let sized = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        parse(sized(MOST)).unwrap();
        let bytes = MOST + 1;
        assert_eq!(
            parse(sized(bytes)).unwrap_err(),
            PayloadError::TooLarge { bytes, most: MOST }
        );
    }
}
