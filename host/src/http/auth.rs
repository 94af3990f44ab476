//! Who is asking: the admin, or nobody we know.

use super::reply::Refusal;
use crate::token::Token;
use data_encoding::BASE64;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use std::borrow::Cow;

/// Lets the admin pass. No token and a wrong one are refused alike, so that nothing can be learnt from the answer.
pub fn admin(headers: &HeaderMap, token: &Token) -> Result<(), Refusal> {
    if presented(headers).is_some_and(|presented| token.is(&presented)) {
        return Ok(());
    }
    let refusal = Refusal::new(
        StatusCode::UNAUTHORIZED,
        "A valid token is needed: Authorization: Bearer <token>",
    );
    Err(refusal.with(WWW_AUTHENTICATE, "Bearer realm=\"workers\""))
}

/// The token of `Bearer`, or the password of `Basic`, which is what old clients can send.
fn presented(headers: &HeaderMap) -> Option<Cow<'_, [u8]>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    // Which of two would be meant?
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value.as_bytes();
    let (scheme, credentials) = value.split_at(value.iter().position(|&byte| byte == b' ')?);
    let credentials = credentials.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        Some(Cow::Borrowed(credentials))
    } else if scheme.eq_ignore_ascii_case(b"basic") {
        let decoded = BASE64.decode(credentials).ok()?;
        let colon = decoded.iter().position(|&byte| byte == b':')?;
        Some(Cow::Owned(decoded[colon + 1..].to_vec()))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::reply::{Reply, tests::text};
    use super::*;

    fn refused(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        let reply = Reply::from(admin(&headers, &Token::new("t:0k3n")).err()?);
        assert_eq!(reply.status(), 401);
        assert_eq!(reply.headers()["www-authenticate"], "Bearer realm=\"workers\"");
        Some(text(reply))
    }

    #[test]
    fn bearer_and_basic_obeyed() {
        let basic = format!("Basic {}", BASE64.encode(b"anyone:t:0k3n"));
        for value in ["Bearer t:0k3n", "bearer t:0k3n", "BEARER   t:0k3n ", &basic] {
            assert_eq!(refused(&[value]), None, "{value}");
        }
    }

    #[test]
    fn all_others_are_refused_alike() {
        let without = refused(&[]).unwrap();
        let wrong = format!("Basic {}", BASE64.encode(b"t:0k3n"));
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer wrong",
            "t:0k3n",
            "Bearer t:0k3",
            "Token t:0k3n",
            "Basic !",
            &wrong,
        ] {
            assert_eq!(refused(&[value]).as_ref(), Some(&without), "{value}");
        }
        assert_eq!(refused(&["Bearer t:0k3n", "Bearer t:0k3n"]).as_ref(), Some(&without));
    }
}
