//! What may be reached, by what connection, and with what credentials.

use super::*;

#[tokio::test]
async fn what_is_not_public_or_not_allowed_is_denied() {
    let server = Server::start(|_| reply("200 OK", b"reached")).await;
    let port = server.address.port();
    for (allowed, url, wanted) in [
        ("*", "http://10.0.0.7/", "10.0.0.7 is a private address"),
        ("*", "http://127.0.0.1:PORT/", "--allow-net 127.0.0.1"),
        ("*", "http://0x7f.1:PORT/", "127.0.0.1 is a loopback address"),
        ("*", "http://2130706433:PORT/", "127.0.0.1 is a loopback address"),
        ("*", "http://[::ffff:127.0.0.1]:PORT/", "a loopback address"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]:PORT/", "is not allowed"),
        ("*", "http://169.254.169.254/latest", "a metadata service"),
        (
            "*",
            "http://localhost:PORT/",
            "localhost resolves to 127.0.0.1, a loopback address",
        ),
        ("*", "http://localhost.:PORT/", "a loopback address"),
        ("*,a.localhost", "http://a.localhost:PORT/", "a loopback address"),
        (
            "inside.test",
            "http://inside.test/",
            "inside.test resolves to 10.0.0.7, a private address",
        ),
        (
            "mixed.test",
            "http://mixed.test:PORT/",
            "mixed.test resolves to ::ffff:127.0.0.1, a loopback address",
        ),
        ("*.test", "http://metadata.test/", "a metadata service"),
        ("*.test", "http://empty.test/", "empty.test has no address"),
        (
            "*.test",
            "http://gone.test/",
            "the address of gone.test was not found: no such name",
        ),
        (
            "*",
            "http://1.1.1.1:25/",
            "1.1.1.1:25 is not allowed; the operator allows hosts with --allow-net 1.1.1.1:25",
        ),
        (
            "",
            "https://example.com/?s=1",
            "example.com:443 is not allowed; the operator allows hosts with --allow-net example.com",
        ),
        ("127.0.0.1", "http://u:p@127.0.0.1:PORT/", "user name"),
        ("127.0.0.1", "file:///etc/passwd", "scheme file"),
        ("127.0.0.1", "/x", "not valid"),
    ] {
        let url = url.replace("PORT", &port.to_string());
        let message = failure(network(&nobody()).fetcher(policy(allowed), 0)(get(&url)).await);
        assert!(message.contains(wanted), "{url}: {message}");
        // The same is denied when a redirect leads there.
        let from = Server::start(move |_| redirect(302, &url)).await;
        let allowed = format!("{allowed},127.0.0.1:{}", from.address.port());
        if !wanted.contains("scheme") && !wanted.contains("not valid") {
            let message = failure(network(&nobody()).fetcher(policy(&allowed), 0)(get(from.url("/"))).await);
            assert!(message.contains(wanted), "by a redirect: {message}");
        }
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_the_operator_named_is_reached() {
    let server = Server::start(|_| {
        reply(
            "200 Fine\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nkeep-alive: 5",
            b"reached",
        )
    })
    .await;
    let network = network(&nobody());
    let port = server.address.port();
    for (allowed, host) in [
        ("127.0.0.1", "127.1"),
        ("localhost", "LocalHost"),
        ("*,127.0.0.1", "127.0.0.1"),
    ] {
        let url = format!("http://{host}:{port}/x?y#z");
        let response = network.fetcher(policy(allowed), 0)(get(url)).await.unwrap();
        assert_eq!((response.status, response.status_text.as_str()), (200, "Fine"));
        assert!(
            response.url.ends_with("/x?y") && !response.redirected,
            "{}",
            response.url
        );
        let names: Vec<_> = response.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["set-cookie", "set-cookie", "content-length"]);
        assert_eq!(text(response).await.unwrap(), "reached");
    }
    // The connections were kept, one for each name.
    assert_eq!(server.connections.load(Ordering::Relaxed), 2);
    assert!(server.seen().iter().all(|seen| !seen.contains("x-worker-hops")));
}

#[tokio::test]
async fn a_connection_of_one_worker_opens_nothing_to_another() {
    let server = Server::start(|_| reply("200 OK", b"reached")).await;
    let url = format!("http://platform.test:{}", server.address.port());
    let network = network(&nobody());
    let reached = network.fetcher(platform(&url, ""), 0)(get(&url)).await.unwrap();
    assert_eq!(text(reached).await.unwrap(), "reached");
    let message = failure(network.fetcher(policy("platform.test"), 0)(get(&url)).await);
    assert!(message.contains("resolves to 127.0.0.1"), "{message}");
    let message = failure(network.fetcher(policy("other.test"), 0)(get(&url)).await);
    assert!(message.contains("is not allowed"), "{message}");
}

#[tokio::test]
async fn the_platform_gets_its_token_and_the_hops() {
    let server = Server::start(|request| match request.split(' ').nth(1).unwrap() {
        "/base/in" => redirect(307, "/base/there"),
        "/base/out" => redirect(307, "/elsewhere"),
        _ => reply("200 OK", b""),
    })
    .await;
    let fetch = network(&nobody()).fetcher(platform(&server.url("/base/"), ""), 6);
    let ask = |url: String, platform, headers: &[(&str, &str)]| {
        let mut request = with(get(url), headers);
        request.platform = platform;
        fetch(request)
    };
    ask("/x?y".to_owned(), true, &[("x-worker-hops", "0")]).await.unwrap();
    ask("/x".to_owned(), true, &[("authorization", "Basic own")])
        .await
        .unwrap();
    ask(server.url("/base/x"), false, &[("x-worker-hops", "0")])
        .await
        .unwrap();
    let seen = server.seen();
    assert!(
        seen.iter()
            .all(|seen| seen.matches("x-worker-hops").count() == 1 && seen.contains("x-worker-hops: 7\r\n"))
    );
    assert!(seen[0].starts_with("get /base/x?y ") && seen[0].contains("authorization: bearer t0ken\r\n"));
    assert!(seen[1].contains("authorization: basic own\r\n") && !seen[1].contains("t0ken"));
    assert!(!seen[2].contains("authorization"));
    // A redirect keeps the token below the platform's address, and nowhere else.
    ask("/in".to_owned(), true, &[]).await.unwrap();
    ask("/out".to_owned(), true, &[]).await.unwrap();
    let seen = server.seen();
    assert!(seen[1].starts_with("get /base/there ") && seen[1].contains("t0ken"));
    assert!(
        seen[3].starts_with("get /elsewhere ") && !seen[3].contains("t0ken") && seen[3].contains("x-worker-hops: 7")
    );
    for path in ["/../x", "/%2e%2e/x", "/..\\x", "@evil.example/", "x", ""] {
        assert!(
            failure(ask(path.to_owned(), true, &[]).await).contains("leads out"),
            "{path}"
        );
    }
    for path in ["//evil.example/x", "/\\evil", "/@evil.example"] {
        let response = ask(path.to_owned(), true, &[]).await.unwrap();
        assert!(response.url.starts_with(&server.url("/base/")), "{}", response.url);
    }
    let mut request = get("/x");
    request.platform = true;
    assert!(failure(network(&nobody()).fetcher(policy("*"), 0)(request).await).contains("--platform-url"));
}
