//! Decoding: codings, broken ones, bombs.

use super::*;

async fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzipEncoder::new(Vec::new());
    encoder.write_all(body).await.unwrap();
    encoder.shutdown().await.unwrap();
    encoder.into_inner()
}

#[tokio::test]
async fn bodies_are_decoded() {
    let body = "many words ".repeat(10_000).into_bytes();
    let mut brotli = BrotliEncoder::new(Vec::new());
    brotli.write_all(&body).await.unwrap();
    brotli.shutdown().await.unwrap();
    let (packed, brotli) = (gzip(&body).await, brotli.into_inner());
    let server = Server::start(move |request| match request.split(' ').nth(1).unwrap() {
        "/gzip" => reply("200 OK\r\ncontent-encoding: gzip", &packed),
        "/twice" => reply("200 OK\r\ncontent-encoding: X-GZIP", &[&packed[..], &packed].concat()),
        "/br" => reply("200 OK\r\ncontent-encoding: br", &brotli),
        "/short" => reply("200 OK\r\ncontent-encoding: gzip", &packed[..packed.len() / 2]),
        "/wrong" => reply("200 OK\r\ncontent-encoding: gzip", b"this is no gzip at all"),
        "/nothing" => reply("200 OK\r\ncontent-encoding: gzip", b""),
        "/chunked" => {
            b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec()
        }
        "/other" => reply("200 OK\r\ncontent-encoding: zstd", b"packed"),
        _ => b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\n".to_vec(),
    })
    .await;
    for (path, times) in [("/gzip", 1), ("/twice", 2), ("/br", 1), ("/chunked", 0)] {
        let response = fetch(get(server.url(path))).await.unwrap();
        assert_eq!(
            (
                header(&response, "content-encoding"),
                header(&response, "content-length")
            ),
            (None, None)
        );
        assert!(
            text(response).await.unwrap().into_bytes() == body.repeat(times),
            "{path}"
        );
    }
    assert!(server.seen()[0].contains("accept-encoding: gzip, br\r\n"));
    for (path, wanted) in [("/short", "ended too early"), ("/wrong", "cannot be decoded as Gzip")] {
        let message = failure(text(fetch(get(server.url(path))).await.unwrap()).await);
        assert!(message.contains(wanted), "{path}: {message}");
    }
    let other = fetch(get(server.url("/other"))).await.unwrap();
    assert_eq!(
        (header(&other, "content-encoding"), header(&other, "content-length")),
        (Some("zstd"), Some("6"))
    );
    assert_eq!(text(other).await.unwrap(), "packed");
    assert_eq!(
        text(fetch(get(server.url("/nothing"))).await.unwrap()).await.unwrap(),
        ""
    );
    let mut head = get(server.url("/head"));
    head.method = "HEAD".to_owned();
    let head = fetch(head).await.unwrap();
    assert_eq!(
        (header(&head, "content-encoding"), header(&head, "content-length")),
        (Some("gzip"), Some("7"))
    );
    assert_eq!(text(head).await.unwrap(), "");
}

#[tokio::test]
async fn large_bodies_and_bombs_come_in_parts() {
    let large = vec![b'x'; 10 << 20];
    let bomb = gzip(&vec![0; 64 << 20]).await;
    assert!(bomb.len() < 100_000);
    let server = Server::start(move |request| match request.split(' ').nth(1).unwrap() {
        "/large" => reply("200 OK", &large),
        _ => reply("200 OK\r\ncontent-encoding: gzip", &bomb),
    })
    .await;
    for (path, length) in [("/large", 10 << 20), ("/bomb", 64 << 20)] {
        let mut body = fetch(get(server.url(path))).await.unwrap().body;
        let mut read = 0;
        while let Some(part) = body.next().await {
            let part = part.unwrap();
            assert!(part.len() <= 64 << 10, "{}", part.len());
            read += part.len();
        }
        assert_eq!(read, length);
    }
}
