//! Where `console` ends: one line of stderr per line of text, each with its level as in sd-daemon(3).

use crate::stdio;
use javy::quickjs::{Ctx, Function, Result, String as JsString};

/// A native function `(level, text)` for the prelude's `console`.
pub fn writer<'js>(ctx: &Ctx<'js>) -> Result<Function<'js>> {
    Function::new(ctx.clone(), |level: u8, text: JsString<'js>| {
        let text = text.to_string().unwrap_or_else(|error| javy::to_string_lossy(text.ctx(), &text, error));
        let mut lines = Vec::with_capacity(text.len() + 16);
        for line in text.split('\n') {
            // Every line gets the prefix, so that a line of the text cannot pose as one of another level.
            lines.extend([b'<', b'0' + level.min(7), b'>']);
            lines.extend(line.as_bytes());
            lines.push(b'\n');
        }
        stdio::write_log(&lines);
    })
}
