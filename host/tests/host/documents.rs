//! Any JSON document survives an echo over HTTP as documented, however its bytes arrive.

use super::api::upload;
use super::json::{WASI_ECHO, config, document, spaces};
use super::server::{Server, request, request_with, workers};
use proptest::prelude::*;
use std::cell::RefCell;

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/documents.regressions");

#[test]
fn any_document_survives_an_echo_over_http() {
    let server = Server::start(workers(), &[]);
    let uploaded = server
        .connect()
        .ask(upload("wasi", &wat::parse_str(WASI_ECHO).unwrap()));
    assert_eq!(uploaded.status, 201);
    // One connection for all of them.
    let client = RefCell::new(server.connect());
    let input = (
        document(engine::MAX_NESTING),
        spaces(),
        prop::collection::vec(1..300_usize, 0..6),
    );
    proptest!(config(100, REGRESSIONS), |((document, spaces, chunks) in input)| {
        let text = document.written(&spaces);
        let status = if document.says_failed() { "STATUS_FAIL" } else { "STATUS_SUCCESS" };
        let mut client = client.borrow_mut();
        let json = [' ', '\t', '\r', '\n'];
        for (key, data) in [("wasi", text.trim_matches(json)), ("echo", &document.in_javascript())] {
            if chunks.is_empty() {
                client.send(request(key, &text)).unwrap();
            } else {
                client.send(request_with(key, "Transfer-Encoding: chunked\r\n", "")).unwrap();
                let (mut rest, mut sizes) = (text.as_bytes(), chunks.iter().cycle());
                while let (false, Some(size)) = (rest.is_empty(), sizes.next()) {
                    // In the middle of a character too.
                    let (chunk, after) = rest.split_at(rest.len().min(*size));
                    let head = format!("{:x}\r\n", chunk.len());
                    client.send([head.as_bytes(), chunk, b"\r\n"].concat()).unwrap();
                    rest = after;
                }
                client.send("0\r\n\r\n").unwrap();
            }
            let answer = client.answer().unwrap();
            let expected = format!(r#"{{"data":{data},"executionStatus":"{status}"}}"#);
            prop_assert_eq!(String::from_utf8(answer.body), Ok(expected));
            prop_assert_eq!(answer.status, 200);
        }
    });
}
