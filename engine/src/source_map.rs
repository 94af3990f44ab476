//! From a place in the code that runs back to the place its author wrote.
//!
//! It is a JSON source map, version 3, with two units of our own, so that nothing is converted when an error is shown:
//! generated columns are bytes, as QuickJS counts them, and original columns are characters, as a diagnostic counts them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A map as it lies in a module. Modules come from anywhere, so nothing of it is believed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Stored<'m> {
    pub version: u32,
    /// What QuickJS calls the code.
    #[serde(borrow)]
    pub file: Cow<'m, str>,
    #[serde(borrow)]
    pub sources: Vec<Cow<'m, str>>,
    /// Left out of what we make, and of no use to us in what others make.
    #[serde(skip_deserializing)]
    pub names: [(); 0],
    #[serde(borrow)]
    pub mappings: Cow<'m, str>,
}

/// Our largest map, of a megabyte of source, has a third of this.
const MAX_MAP_BYTES: usize = 8 << 20;

/// A map with a longer path is of no use to anybody: every frame that is mapped would hold it once more.
const MAX_PATH_BYTES: usize = 1 << 10;

/// All frames of one text, such as a log, may grow together by so many bytes: a log can hold a frame every ten bytes, and a
/// map can have names of megabytes for them. What comes after stays as it is.
pub(crate) const MAX_GROWTH_BYTES: usize = 64 << 10;

/// The digits of mappings, by value.
pub(crate) const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A map, ready to be asked.
pub(crate) struct SourceMap {
    file: String,
    sources: Vec<String>,
    /// Sorted by where in the code they are.
    places: Vec<Place>,
}

/// A place of the code, and the source, line and column it stands for; all from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    line: u32,
    column: u32,
    source: u32,
    origin: (u32, u32),
}

impl SourceMap {
    /// Reads a stored map; `None` if it is none.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_MAP_BYTES {
            return None;
        }
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        if stored.version != 3 || stored.sources.iter().any(|path| path.len() > MAX_PATH_BYTES) {
            return None;
        }
        let mut places = Vec::new();
        let (mut source, mut origin) = (0, (0, 0));
        for (line, segments) in stored.mappings.split(';').enumerate() {
            let mut column = 0;
            for segment in segments.split(',').filter(|segment| !segment.is_empty()) {
                let mut digits = segment.bytes();
                column = step(column, &mut digits)?;
                if digits.len() == 0 {
                    continue;
                }
                source = step(source, &mut digits)?;
                origin = (step(origin.0, &mut digits)?, step(origin.1, &mut digits)?);
                if source as usize >= stored.sources.len() {
                    return None;
                }
                places.push(Place {
                    line: u32::try_from(line).ok()?,
                    column,
                    source,
                    origin,
                });
            }
        }
        places.sort_unstable();
        // They are shown in logs, whose lines are lines.
        let plain = |name: Cow<str>| name.replace(|char: char| char.is_control(), "_");
        let sources = stored.sources.into_iter().map(plain).collect();
        Some(SourceMap {
            file: stored.file.into_owned(),
            sources,
            places,
        })
    }

    /// The files that it leads to.
    pub(crate) fn into_sources(self) -> Vec<String> {
        self.sources
    }

    /// Rewrites lines of a QuickJS stack, such as `    at handler (worker.ts:12:5)`, to the places their author knows. What
    /// is not a frame of the mapped code stays as it is.
    pub(crate) fn map_frames<'f>(&self, frames: impl IntoIterator<Item = &'f mut String>) {
        let mut left = MAX_GROWTH_BYTES;
        for frame in frames {
            let Some(mapped) = self.mapped(frame) else { continue };
            match left.checked_sub(mapped.len().saturating_sub(frame.len())) {
                Some(rest) => (*frame, left) = (mapped, rest),
                None => return,
            }
        }
    }

    /// One frame as its author knows it.
    #[cfg(test)]
    pub(crate) fn map_frame(&self, frame: &str) -> String {
        let mut frame = frame.to_owned();
        self.map_frames([&mut frame]);
        frame
    }

    fn mapped(&self, frame: &str) -> Option<String> {
        // Behind the last frame of an error that has properties, an opening brace is printed.
        let bare = frame.trim_end_matches(|char: char| char.is_whitespace() || "{}[],".contains(char));
        let (inner, close) = match bare.strip_suffix(')') {
            Some(inner) => (inner, ")"),
            None => (bare, ""),
        };
        let (rest, column) = inner.rsplit_once(':')?;
        let (rest, line) = rest.rsplit_once(':')?;
        let before = rest.strip_suffix(self.file.as_str())?;
        let opens = if close.is_empty() {
            before.trim_start() == "at "
        } else {
            before.ends_with(" (")
        };
        if self.file.is_empty() || !opens {
            return None;
        }
        let place = self.find(number(line)?.checked_sub(1)?, number(column)?.saturating_sub(1))?;
        let name = self.sources.get(place.source as usize)?;
        let (line, column) = (u64::from(place.origin.0) + 1, u64::from(place.origin.1) + 1);
        Some(format!("{before}{name}:{line}:{column}{close}{}", &frame[bare.len()..]))
    }

    /// The place at, or else before, a column; QuickJS may name the start of the expression, so else the line's first.
    fn find(&self, line: u32, column: u32) -> Option<Place> {
        let next = self
            .places
            .partition_point(|place| (place.line, place.column) <= (line, column));
        let before = next
            .checked_sub(1)
            .and_then(|at| self.places.get(at))
            .filter(|place| place.line == line);
        before
            .or_else(|| self.places.get(next).filter(|place| place.line == line))
            .copied()
    }
}

fn number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// The next value: what it was, and the signed difference that the digits spell.
fn step(value: u32, digits: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut spelled = 0_i64;
    // Seven digits hold every difference of two 32-bit numbers; more are a fault, so the shift cannot overflow.
    for shift in (0..35).step_by(5) {
        let digit = BASE64_VALUES[usize::from(digits.next()?)];
        if digit == NO_DIGIT {
            return None;
        }
        spelled |= i64::from(digit & 31) << shift;
        if digit < 32 {
            let difference = if spelled & 1 == 0 {
                spelled >> 1
            } else {
                -(spelled >> 1)
            };
            return u32::try_from(i64::from(value) + difference).ok();
        }
    }
    None
}

const NO_DIGIT: u8 = 64;

const BASE64_VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 64 {
        values[BASE64[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::{MAX_GROWTH_BYTES, MAX_PATH_BYTES, SourceMap};
    use crate::transform::mapping::{Printed, encode};

    fn map(source: &str, code: &str, places: &[[u32; 4]]) -> SourceMap {
        let places = places.iter().map(|p| Printed {
            code: (p[0], p[1]),
            source: (p[2], p[3]),
        });
        SourceMap::parse(&encode("src/worker.ts", source, code, 1, places)).unwrap()
    }

    #[test]
    fn frames_of_the_code_are_rewritten_and_others_are_not() {
        let map = map(
            "\nlet a;\n  let bb = 1;",
            "let bb = 1;\nq;",
            &[[0, 0, 2, 2], [0, 4, 2, 6], [1, 0, 1, 0]],
        );
        for (frame, expected) in [
            (
                "    at handler (src/worker.ts:2:1)",
                "    at handler (src/worker.ts:3:3)",
            ),
            (
                "    at handler (src/worker.ts:2:5)\n",
                "    at handler (src/worker.ts:3:7)\n",
            ),
            (
                "    at handler (src/worker.ts:2:900)",
                "    at handler (src/worker.ts:3:7)",
            ),
            (
                "    at <anonymous> (src/worker.ts:3:1)",
                "    at <anonymous> (src/worker.ts:2:1)",
            ),
            ("at src/worker.ts:3:1", "at src/worker.ts:2:1"),
            ("at src/worker.ts:3:0", "at src/worker.ts:2:1"),
        ] {
            assert_eq!(map.map_frame(frame), expected);
        }
        for frame in [
            "",
            "at",
            ":1:1",
            "    at parse (native)",
            "    at handler (other.ts:2:1)",
            "    at handler (evilsrc/worker.ts:2:1)",
            "at evilsrc/worker.ts:2:1",
            "    at handler (src/worker.ts)",
            "    at handler (src/worker.ts:2)",
            "    at handler (src/worker.ts:1:1)",
            "    at handler (src/worker.ts:99:1)",
            "    at handler (src/worker.ts:0:1)",
            "    at handler (src/worker.ts:-2:1)",
            "    at handler (src/worker.ts:+2:1)",
            "    at handler (src/worker.ts:2:99999999999)",
            "    at handler (src/worker.ts:2:)",
            "Error: (src/worker.ts:2:1",
            "é:2:1)",
        ] {
            assert_eq!(map.map_frame(frame), frame);
        }
    }

    #[test]
    fn growth_obeyed_and_violated() {
        let mapped = |name: usize, frames: usize| {
            let name = "n".repeat(name);
            let stored = format!(r#"{{"version":3,"file":"a","sources":["{name}"],"names":[],"mappings":"AAAA"}}"#);
            let mut frames = vec!["at a:1:1".to_owned(); frames];
            SourceMap::parse(stored.as_bytes())?.map_frames(&mut frames);
            Some(frames.iter().filter(|frame| *frame != "at a:1:1").count())
        };
        assert_eq!(mapped(2, 20_000), Some(20_000));
        let fit = MAX_GROWTH_BYTES / (MAX_PATH_BYTES - 1);
        assert_eq!(mapped(MAX_PATH_BYTES, 100), Some(fit), "the others stay");
        assert_eq!(mapped(MAX_PATH_BYTES + 1, 1), None, "no map");
    }

    #[test]
    fn names_cannot_forge_lines() {
        let stored = br#"{"version":3,"file":"a","sources":["x\n\u001b[31m\u0085"],"names":[],"mappings":"AAAA"}"#;
        let map = SourceMap::parse(stored).unwrap();
        assert_eq!(map.map_frame("at a:1:1"), "at x__[31m_:1:1");
    }

    #[test]
    fn code_columns_are_bytes_and_source_columns_characters() {
        // Each 😀 is four bytes, two UTF-16 units, one character.
        let map = map(
            "'😀' + f()",
            "\"😀\";\nx(\"😀😀\" + f())",
            &[[1, 2, 0, 0], [1, 11, 0, 7]],
        );
        assert_eq!(
            map.map_frame("at f (src/worker.ts:3:15) {"),
            "at f (src/worker.ts:1:1) {"
        );
        assert_eq!(map.map_frame("at src/worker.ts:3:15"), "at src/worker.ts:1:1");
        assert_eq!(map.map_frame("at src/worker.ts:3:16"), "at src/worker.ts:1:7");
    }

    #[test]
    fn a_separator_in_a_template_is_no_line_to_quickjs() {
        let map = map("`\u{2028}`;f()", "`\u{2028}`;\nf()", &[[0, 0, 0, 0], [2, 0, 1, 2]]);
        assert_eq!(map.map_frame("at src/worker.ts:3:1"), "at src/worker.ts:2:3");
    }

    #[test]
    fn a_map_that_is_none_is_refused() {
        let stored = |mappings: &str| {
            format!(r#"{{"version":3,"file":"a.ts","sources":["a.ts"],"names":[],"mappings":"{mappings}"}}"#)
        };
        for good in ["", ";;;", ",,A,;", "AAAA", "AAAAA", "gggggCAAA"] {
            assert!(SourceMap::parse(stored(good).as_bytes()).is_some(), "{good}");
        }
        for bad in [
            "A!",
            "é",
            "AA",
            "AAA",
            "g",
            "D",
            "ACAA",
            "AAAD",
            "AADA",
            "gggggggA",
            "ggggggggggggggggA",
            "/////////D",
        ] {
            assert!(SourceMap::parse(stored(bad).as_bytes()).is_none(), "{bad}");
        }
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            "\u{0}",
            &stored("").replace('3', "2"),
            &"[".repeat(100_000),
        ] {
            assert!(SourceMap::parse(bad.as_bytes()).is_none());
        }
        assert!(SourceMap::parse(stored(&"A".repeat(9 << 20)).as_bytes()).is_none());
    }

    #[test]
    fn mangled_maps_do_no_harm() {
        let places: Vec<[u32; 4]> = (0..50).map(|n| [n / 7, n % 7 * 3, n * 31 % 11, n % 5]).collect();
        let printed = places.iter().map(|p| Printed {
            code: (p[0], p[1]),
            source: (p[2], p[3]),
        });
        let good = encode(
            "a.ts",
            &"x\n".repeat(20),
            &"abcdefghijklmnopqrstuvwxyz\n".repeat(9),
            1,
            printed,
        );
        let mut seed = 1_u64;
        let mut random = |below: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(seed >> 33).unwrap() % below
        };
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                bytes[at] = u8::try_from(random(256)).unwrap();
            }
            if let Some(map) = SourceMap::parse(&bytes) {
                map.map_frame(&format!("at f (a.ts:{}:{})", random(12), random(30)));
            }
        }
    }
}
