//! From the linked code back to the files as they were written, through what rolldown did and what `transform` did.

use std::collections::HashMap;
use std::sync::Arc;

use oxc_sourcemap::SourceMap;

use super::folder::ROOT;
use super::graph::Graph;
use super::load::Loaded;
use crate::transform::lines::Lines;
use crate::transform::mapping::{Printed, encode_all};

/// What a stack shows for code that nobody wrote: it must not pass for a line of the author's.
pub(crate) const NOBODY: &str = "bundler";

/// The map of `code`, for [`crate::source_map::SourceMap::parse`]; `entry` is what QuickJS will call it.
pub(super) fn compose(entry: &str, code: &str, map: &SourceMap, graph: &Graph) -> Vec<u8> {
    let module = |source: &str| graph.module(&format!("{ROOT}/{}", source.trim_start_matches("./")));
    let linked: Vec<Option<Arc<Loaded>>> = map.get_sources().map(module).collect();
    // Only what is left of the worker after tree shaking, in the order of the code.
    let mut sources: Vec<Arc<Loaded>> = Vec::new();
    let mut indices: HashMap<u32, usize> = HashMap::new();
    let mut places: Vec<(Option<usize>, Printed)> = Vec::new();
    let lines = Lines::of_source(code);
    let mut line = 0;
    for token in map.get_tokens() {
        let Some(id) = token.get_source_id() else { continue };
        let Some(module) = linked.get(id as usize).and_then(Option::as_ref) else {
            continue;
        };
        let place = (token.get_src_line(), token.get_src_col());
        let origin = match &module.compiled {
            Some(compiled) => compiled.origin(place),
            None => Some(place),
        };
        let Some(origin) = origin else { continue };
        let source = *indices.entry(id).or_insert_with(|| {
            sources.push(Arc::clone(module));
            sources.len() - 1
        });
        let code = (token.get_dst_line(), token.get_dst_col());
        places.extend((line..code.0).filter_map(|line| unwritten(&lines, line)));
        line = line.max(code.0 + 1);
        places.push((Some(source), Printed { code, source: origin }));
    }
    let mut named: Vec<(&str, &str)> = sources.iter().map(|module| (&*module.name, &*module.text)).collect();
    let nobody = named.len();
    named.push((NOBODY, ""));
    let places = places
        .into_iter()
        .map(|(source, place)| (source.unwrap_or(nobody), place));
    encode_all(entry, &named, code, 1, places)
}

/// A whole line that rolldown made up; empty ones need no mark.
fn unwritten(lines: &Lines, line: u32) -> Option<(Option<usize>, Printed)> {
    let place = Printed {
        code: (line, 0),
        source: (0, 0),
    };
    (!lines.range(line as usize).is_empty()).then_some((None, place))
}
