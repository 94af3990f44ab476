//! Redirects, as the standard has them.

use super::*;

#[tokio::test]
async fn credentials_stay_at_their_origin() {
    let other = Server::start(|_| reply("200 OK", b"")).await;
    let back = Arc::new(Mutex::new(String::new()));
    let (target, way_back) = (other.url("/there"), back.clone());
    let detour = Server::start(move |_| redirect(302, &way_back.lock().unwrap())).await;
    let by = detour.url("/");
    let first = Server::start(move |request| match request.split(' ').nth(1).unwrap() {
        "/away" => redirect(308, &target),
        "/round" => redirect(302, &by),
        _ => reply("200 OK", b""),
    })
    .await;
    *back.lock().unwrap() = first.url("/end");
    let fetch = network(&nobody()).fetcher(platform(&first.url(""), "127.0.0.1"), 0);
    let credentials = [("authorization", "secret"), ("cookie", "secret"), ("x-other", "kept")];
    for (path, headers, end) in [
        ("/away", &credentials[..], &other),
        ("/away", &[("x-other", "kept")], &other),
        ("/round", &[("x-other", "kept")], &first),
    ] {
        let mut request = with(get(path), headers);
        request.platform = true;
        let response = fetch(request).await.unwrap();
        assert!(
            response.redirected && response.url.starts_with(&end.url("/")),
            "{}",
            response.url
        );
        let seen = end.seen();
        let seen = seen.last().unwrap();
        assert!(seen.contains("x-other: kept"), "{seen}");
        assert!(!seen.contains("secret") && !seen.contains("t0ken"), "{seen}");
        assert_eq!(seen.contains("x-worker-hops"), path == "/round");
    }
}

#[tokio::test]
async fn redirects_change_the_method_as_the_standard_has_it() {
    for (status, method, then) in [
        (301, "POST", "get"),
        (302, "POST", "get"),
        (303, "POST", "get"),
        (303, "PUT", "get"),
        (303, "HEAD", "head"),
        (301, "PUT", "put"),
        (307, "POST", "post"),
        (308, "POST", "post"),
    ] {
        let server = Server::start(move |request| match request.split(' ').nth(1).unwrap() {
            "/a/from" => redirect(status, "../to?x#y"),
            _ => reply("200 OK", b""),
        })
        .await;
        let mut request = with(get(server.url("/a/from")), &[("content-type", "a/b")]);
        request.method = method.to_owned();
        request.body = (method != "HEAD").then(|| Bytes::from_static(b"body"));
        let response = fetch(request).await.unwrap();
        assert_eq!(response.url, server.url("/to?x"));
        let seen = &server.seen()[1];
        assert!(
            seen.starts_with(&format!("{then} /to?x http")),
            "{status} {method}: {seen}"
        );
        let keeps = then == "put" || then == "post";
        assert_eq!(
            (seen.ends_with("\r\n\r\nbody"), seen.contains("content-length: 4")),
            (keeps, keeps),
            "{seen}"
        );
        assert_eq!(seen.contains("content-type"), keeps || then == "head", "{seen}");
    }
}

#[tokio::test]
async fn redirects_are_followed_20_times_or_as_asked() {
    let server = Server::start(|request| match request.split(' ').nth(1).unwrap() {
        "/nowhere" => reply("302 Found", b"stays"),
        "/mail" => redirect(302, "mailto:a@b"),
        "/broken" => redirect(302, "http://[:"),
        "/user" => redirect(302, "//u:p@127.0.0.1/"),
        path => match path[1..].parse().unwrap_or(0) {
            0 => reply("200 OK", b"end"),
            left => redirect(302, &format!("/{}", left - 1)),
        },
    })
    .await;
    let response = fetch(get(server.url("/20"))).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "end");
    assert!(failure(fetch(get(server.url("/21"))).await).contains("more than 20 redirects"));
    assert!(failure(fetch(get(server.url("/mail"))).await).contains("scheme mailto"));
    assert!(failure(fetch(get(server.url("/broken"))).await).contains("URL that is not valid"));
    assert!(failure(fetch(get(server.url("/user"))).await).contains("user name"));
    let response = fetch(get(server.url("/nowhere"))).await.unwrap();
    assert_eq!(
        (response.status, text(response).await.unwrap().as_str()),
        (302, "stays")
    );
    let mut request = get(server.url("/1"));
    request.redirect = Redirect::Manual;
    let response = fetch(request.clone()).await.unwrap();
    assert_eq!(
        (response.status, header(&response, "location"), response.redirected),
        (302, Some("/0"), false)
    );
    request.redirect = Redirect::Error;
    assert!(failure(fetch(request).await).contains("a redirect, which the request forbids"));
}
