//! What stands in a path and in a query, decoded.

use super::reply::Refusal;
use crate::manifest;
use hyper::StatusCode;
use percent_encoding::percent_decode_str;

/// The key in a path.
pub fn decode_key(key: &str) -> Result<String, Refusal> {
    let decoded = percent_decode_str(key).decode_utf8().ok();
    decoded
        .filter(|key| manifest::is_key(key))
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| {
            let expected = "at most 64 letters, digits, '_', '.' and '-', the first a letter or a digit";
            Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("This is not a worker key: a key has {expected}"),
            )
        })
}

/// The names and values of a query, as forms write them, in order.
pub fn pairs(query: Option<&str>) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(move |(name, value)| (decode(name), decode(value)))
}

/// Every value of `name` in the query that is not empty.
pub fn asked<'a>(query: Option<&'a str>, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let asked = pairs(query).filter(move |(known, value)| known == name && !value.is_empty());
    asked.map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::super::reply::Reply;
    use super::*;

    #[test]
    fn keys_are_decoded_once_and_then_checked() {
        assert_eq!(decode_key("my-%77orker").unwrap(), "my-worker");
        for key in [
            "..",
            "%2e%2e%2f",
            "%252e",
            "a%00",
            "%22",
            "%ff",
            "a%2Fb",
            "%zz",
            "%",
            &"x".repeat(300),
        ] {
            assert_eq!(Reply::from(decode_key(key).unwrap_err()).status(), 400, "{key}");
        }
    }

    #[test]
    fn projects_that_were_asked_for() {
        let asked = |query| asked(query, "projectKey").collect::<Vec<_>>();
        assert!(asked(None).is_empty() && asked(Some("projectKey=&x=1&projectKey")).is_empty());
        assert_eq!(asked(Some("a=b&projectKey=my%2Dp&project%4bey=q+r")), ["my-p", "q r"]);
    }
}
