//! UTF-8, for `TextEncoder`, `TextDecoder` and the bodies of requests.

use javy::quickjs::{ArrayBuffer, Ctx, Result, String as JsString};

/// `encodeUtf8(string)`; the string is well formed.
pub fn encode<'js>(ctx: Ctx<'js>, text: JsString<'js>) -> Result<ArrayBuffer<'js>> {
    ArrayBuffer::new(ctx, text.to_string()?.into_bytes())
}

/// `decodeUtf8(buffer, offset, length, fatal)`; undefined where the bytes are wrong and that is fatal.
pub fn decode<'js>(
    ctx: Ctx<'js>,
    buffer: ArrayBuffer<'js>,
    offset: usize,
    length: usize,
    fatal: bool,
) -> Result<Option<JsString<'js>>> {
    let bytes = buffer.as_bytes().unwrap_or_default();
    let bytes = bytes.get(offset..offset.saturating_add(length)).unwrap_or_default();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) if fatal => return Ok(None),
        // Rust replaces what the Encoding standard would.
        Err(_) => String::from_utf8_lossy(bytes),
    };
    JsString::from_str(ctx, &text).map(Some)
}
