//! What is sent, what misbehaving servers are called, and who waits for whom.

use super::*;
use tokio::sync::Notify;

#[tokio::test]
async fn servers_that_misbehave_are_described() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let large = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(9000));
    for (answer, wanted) in [
        (
            &b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort"[..],
            "ended too early",
        ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
            "ended too early",
        ),
        (b"", "ended too early"),
        (b"220 mail.example ESMTP\r\n\r\n", "did not answer in HTTP"),
        (
            b"HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n",
            "answered with the status 999",
        ),
        (large.as_bytes(), "the head of the response of 127.0.0.1:"),
        // These two are not closed.
        (b"HTTP/1.1 200 OK\r\nx-open:", "did not answer within 500ms"),
        (
            b"HTTP/1.1 200 OK\r\nx-open: 1\r\ncontent-length: 10\r\n\r\nshort",
            "sent no more of its response within 500ms",
        ),
    ] {
        let answer = answer.to_vec();
        let address = listen(move |mut stream| {
            let answer = answer.clone();
            async move {
                read_request(&mut stream).await;
                stream.write_all(&answer).await.unwrap();
                if String::from_utf8_lossy(&answer).contains("x-open") {
                    std::future::pending::<()>().await;
                }
            }
        })
        .await;
        let fetch = within(Duration::from_millis(500), &nobody()).fetcher(policy("127.0.0.1"), 0);
        let ask = async { text(fetch(get(format!("http://{address}/path?query"))).await?).await };
        let error = ask.await.unwrap_err();
        assert!(
            error.message.contains(wanted) && error.message.contains(&address.to_string()),
            "{error}"
        );
        assert!(
            !error.message.contains("path") && !error.message.contains("query"),
            "{error}"
        );
        assert_eq!(
            error.name == "TimeoutError",
            error.message.contains(" within "),
            "{error}"
        );
    }
    let message = failure(fetch(get(format!("http://{closed}/path"))).await);
    assert!(
        message.contains(&format!("cannot connect to {closed}: Connection refused")),
        "{message}"
    );
}

#[tokio::test]
async fn methods_and_lengths_are_as_the_standard_has_them() {
    let server = Server::start(|_| reply("200 OK", b"")).await;
    for method in ["CONNECT", "trace", "TRACK"] {
        let mut request = get(server.url("/"));
        request.method = method.to_owned();
        assert!(failure(fetch(request).await).contains("is forbidden"), "{method}");
    }
    for (method, body, length) in [
        ("POST", None, "content-length: 0\r\n"),
        ("PUT", None, "content-length: 0\r\n"),
        ("POST", Some("body"), "content-length: 4\r\n"),
        ("PURGE", Some("body"), "content-length: 4\r\n"),
    ] {
        let headers = [
            ("content-length", "99"),
            ("host", "evil.example"),
            ("transfer-encoding", "chunked"),
        ];
        let mut request = with(get(server.url("/")), &headers);
        request.method = method.to_owned();
        request.body = body.map(Bytes::from);
        fetch(request).await.unwrap();
        let seen = server.seen().remove(0);
        assert!(seen.contains(length), "{method}: {seen}");
        assert!(
            !seen.contains("99") && !seen.contains("evil") && !seen.contains("chunked"),
            "{seen}"
        );
    }
    fetch(get(server.url("/"))).await.unwrap();
    assert!(!server.seen()[0].contains("content-length"));
}

#[tokio::test]
async fn an_endless_body_waits_for_its_reader_and_ends_with_it() {
    let written = Arc::new(AtomicUsize::new(0));
    let ended = Arc::new(Notify::new());
    let (count, end) = (written.clone(), ended.clone());
    let address = listen(move |mut stream| {
        let (count, end) = (count.clone(), end.clone());
        async move {
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {
                count.fetch_add(4096, Ordering::Relaxed);
            }
            end.notify_one();
        }
    })
    .await;
    let mut body = fetch(get(format!("http://{address}/"))).await.unwrap().body;
    body.next().await.unwrap().unwrap();
    // The buffers of the system fill up, and then it stops.
    let mut before = 0;
    while before != written.load(Ordering::Relaxed) {
        before = written.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(
        before < 16 << 20,
        "{before} bytes were sent to a reader that does not read"
    );
    drop(body);
    tokio::time::timeout(Duration::from_secs(5), ended.notified())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_request_that_is_dropped_closes_its_connection() {
    let (asked, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (ask, end) = (asked.clone(), ended.clone());
    let address = listen(move |mut stream| {
        let (ask, end) = (ask.clone(), end.clone());
        async move {
            read_request(&mut stream).await;
            ask.notify_one();
            assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
            end.notify_one();
        }
    })
    .await;
    let request = tokio::spawn(fetch(get(format!("http://{address}/"))));
    asked.notified().await;
    request.abort();
    tokio::time::timeout(Duration::from_secs(5), ended.notified())
        .await
        .unwrap();
}

/// A peer that takes connections and reads nothing until it is told to look how they end.
async fn silent_peer() -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<TcpStream>) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let sender = Arc::new(sender);
    let address = listen(move |stream| {
        let sender = sender.clone();
        async move { drop(sender.send(stream)) }
    });
    (address.await, receiver)
}

#[tokio::test]
async fn an_upload_that_is_given_up_closes_its_connection() {
    let (address, mut connections) = silent_peer().await;
    let mut request = get(format!("http://{address}/"));
    request.method = "POST".to_owned();
    request.body = Some(vec![0; 32 << 20].into());
    // By the worker, and by the time that a peer may take nothing.
    for (limit, patience) in [(10, 100), (1, 10_000)] {
        let network = within(Duration::from_secs(limit), &nobody());
        let sent = network.fetcher(policy("127.0.0.1"), 0)(request.clone());
        drop(tokio::time::timeout(Duration::from_millis(patience), sent).await);
        let mut stream = connections.recv().await.unwrap();
        let rest = tokio::time::timeout(Duration::from_secs(3), stream.read_to_end(&mut Vec::new())).await;
        let received = rest.expect("the connection is still open").map_or(0, |bytes| bytes);
        assert!(received < 32 << 20, "all of it was sent: {received}");
    }
}
