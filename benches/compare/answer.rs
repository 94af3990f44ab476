//! Reads one HTTP/1.1 answer out of the bytes that have arrived. By hand, because it runs for every request on the one
//! core that the load generator has.

use anyhow::{Context, bail, ensure};
use std::borrow::Cow;

/// An answer.
#[derive(Debug, PartialEq)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its body, without the frames of a chunked one.
    pub body: Cow<'a, [u8]>,
    /// Bytes it took, head included.
    pub length: usize,
    /// Whether the server closes the connection behind it.
    pub closes: bool,
}

/// The answer that these bytes begin with; none as long as it is not complete.
pub fn parse(bytes: &[u8]) -> anyhow::Result<Option<Answer<'_>>> {
    let mut rest = bytes;
    let Some(first) = line(&mut rest) else { return Ok(None) };
    let status = first.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = number(status.context("not an answer in HTTP/1.1")?, 10)?;
    let (mut length, mut chunked, mut closes) = (None, false, false);
    loop {
        let Some(field) = line(&mut rest) else { return Ok(None) };
        if field.is_empty() {
            break;
        }
        let colon = field.iter().position(|byte| *byte == b':');
        let (name, value) = field.split_at(colon.context("a header without a colon")?);
        let value = value[1..].trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            length = Some(number(value, 10)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            chunked = value.eq_ignore_ascii_case(b"chunked");
        } else if name.eq_ignore_ascii_case(b"connection") {
            closes = value.eq_ignore_ascii_case(b"close");
        }
    }
    let body = match length {
        _ if chunked => dechunk(&mut rest)?.map(Cow::Owned),
        Some(length) => take(&mut rest, length).map(Cow::Borrowed),
        None => bail!("an answer that does not say how long it is"),
    };
    Ok(body.map(|body| Answer {
        status: u16::try_from(status).unwrap_or_default(),
        body,
        length: bytes.len() - rest.len(),
        closes,
    }))
}

/// The body in chunks at the beginning of these bytes, if all of it is there.
fn dechunk(rest: &mut &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    loop {
        let Some(size) = line(rest) else { return Ok(None) };
        // What follows a semicolon is an extension.
        let size = size.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = number(size.trim_ascii(), 16)?;
        if size == 0 {
            // Trailers, up to an empty line.
            loop {
                match line(rest) {
                    None => return Ok(None),
                    Some([]) => return Ok(Some(body)),
                    Some(_) => {}
                }
            }
        }
        let Some(chunk) = take(rest, size) else { return Ok(None) };
        body.extend_from_slice(chunk);
        match line(rest) {
            None => return Ok(None),
            Some(end) => ensure!(end.is_empty(), "a chunk that is longer than it says"),
        }
    }
}

/// The next line, without its end; none as long as its end is missing.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line = &rest[..end];
    *rest = &rest[end + 1..];
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn number(digits: &[u8], radix: u32) -> anyhow::Result<usize> {
    let digits = std::str::from_utf8(digits)?;
    usize::from_str_radix(digits, radix).with_context(|| format!("not a number: {digits:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    const CHUNKED: &[u8] =
        b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;a=b\r\n{\"a\r\n4\r\n\":1}\r\n0\r\nX: y\r\n\r\n";

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let twice = [COUNTED, COUNTED].concat();
        let answer = parse(&twice).unwrap().unwrap();
        assert_eq!((answer.status, answer.closes), (200, false));
        assert_eq!(*answer.body, *b"{}");
        assert_eq!(answer.length, COUNTED.len());
    }

    #[test]
    fn chunks_are_joined() {
        let answer = parse(CHUNKED).unwrap().unwrap();
        assert_eq!((answer.status, answer.closes), (500, true));
        assert_eq!(*answer.body, *b"{\"a\":1}");
        assert_eq!(answer.length, CHUNKED.len());
    }

    #[test]
    fn a_part_is_not_an_answer_yet() {
        for whole in [COUNTED, CHUNKED] {
            for end in 0..whole.len() {
                assert_eq!(parse(&whole[..end]).unwrap(), None, "{end}");
            }
        }
    }

    #[test]
    fn what_is_no_answer_is_said() {
        for bytes in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
        ] {
            assert!(parse(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }
}
