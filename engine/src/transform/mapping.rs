//! Writes down where printed code comes from, for `source_map` to read.

use super::lines::Lines;
use crate::source_map::{BASE64, Stored};

/// One place printed for one place written, lines and columns from 0, columns in UTF-16 units.
#[derive(Clone, Copy)]
pub(crate) struct Printed {
    pub code: (u32, u32),
    pub source: (u32, u32),
}

/// Stores where `code`, printed for `source`, comes from. `shift` lines were put before the code after it was printed.
pub(crate) fn encode(
    file: &str,
    source: &str,
    code: &str,
    shift: usize,
    places: impl Iterator<Item = Printed>,
) -> Vec<u8> {
    encode_all(file, &[(file, source)], code, shift, places.map(|place| (0, place)))
}

/// Stores where code printed for several sources, each with its name and text, comes from. Places name the source by its
/// index.
pub(crate) fn encode_all(
    file: &str,
    sources: &[(&str, &str)],
    code: &str,
    shift: usize,
    places: impl Iterator<Item = (usize, Printed)>,
) -> Vec<u8> {
    let mut written: Vec<Lines> = sources.iter().map(|(_, text)| Lines::of_source(text)).collect();
    let mut printed = Lines::of_source(code);
    let counted = Lines::of_code(code);
    let mut mappings = ";".repeat(shift);
    let (mut line, mut first) = (0, true);
    let (mut column, mut from) = (0, (0, 0, 0));
    let mut last = None;
    for (source, place) in places {
        let (byte, _) = printed.utf16(place.code.0 as usize, place.code.1 as usize);
        let (to_line, to_column) = counted.bytes(byte);
        let (_, characters) = written[source].utf16(place.source.0 as usize, place.source.1 as usize);
        let origin = (source, place.source.0 as usize, characters);
        if to_line < line || last == Some((to_line, origin)) {
            continue;
        }
        last = Some((to_line, origin));
        while line < to_line {
            mappings.push(';');
            (line, column, first) = (line + 1, 0, true);
        }
        if !first {
            mappings.push(',');
        }
        first = false;
        push_vlq(&mut mappings, distance(column, to_column));
        push_vlq(&mut mappings, distance(from.0, origin.0));
        push_vlq(&mut mappings, distance(from.1, origin.1));
        push_vlq(&mut mappings, distance(from.2, origin.2));
        (column, from) = (to_column, origin);
    }
    let stored = Stored {
        version: 3,
        file: file.into(),
        sources: sources.iter().map(|(name, _)| (*name).into()).collect(),
        names: [],
        mappings: mappings.into(),
    };
    // Strings and numbers only: serde_json has nothing to refuse, and a module without a map still runs.
    serde_json::to_vec(&stored).unwrap_or_default()
}

/// Places in a source of a megabyte: they fit.
fn distance(from: usize, to: usize) -> i64 {
    to as i64 - from as i64
}

fn push_vlq(into: &mut String, value: i64) {
    let mut rest = value.unsigned_abs() << 1 | u64::from(value < 0);
    loop {
        let digit = rest.to_le_bytes()[0] & 31;
        rest >>= 5;
        let more = if rest > 0 { 32 } else { 0 };
        into.push(char::from(BASE64[usize::from(digit | more)]));
        if rest == 0 {
            return;
        }
    }
}
