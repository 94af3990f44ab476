//! The token in a request's headers.

use data_encoding::BASE64;
use hyper::header::{AUTHORIZATION, HeaderMap};
use std::borrow::Cow;

/// The token of `Bearer`, or the password of `Basic`, which is what old clients can send; `None` when there is none, or
/// two.
pub fn presented(headers: &HeaderMap) -> Option<Cow<'_, [u8]>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    // Which of two would be meant?
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value.as_bytes();
    let (scheme, credentials) = value.split_at(value.iter().position(|&byte| byte == b' ')?);
    let credentials = credentials.trim_ascii();
    let token = if scheme.eq_ignore_ascii_case(b"bearer") {
        Cow::Borrowed(credentials)
    } else if scheme.eq_ignore_ascii_case(b"basic") {
        let decoded = BASE64.decode(credentials).ok()?;
        let colon = decoded.iter().position(|&byte| byte == b':')?;
        Cow::Owned(decoded[colon + 1..].to_vec())
    } else {
        return None;
    };
    (!token.is_empty()).then_some(token)
}
