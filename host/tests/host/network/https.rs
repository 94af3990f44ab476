//! TLS with a certificate made for the test.

use super::*;

/// A server of HTTPS with a certificate that it made itself.
async fn secure(alpn: &[&[u8]]) -> (SocketAddr, rustls::pki_types::CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["platform.test".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let address = listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let service = hyper::service::service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
                let body = format!("{:?} {}", request.version(), request.uri().path());
                Ok::<_, io::Error>(hyper::Response::new(http_body_util::Full::new(Bytes::from(body))))
            });
            let executor = hyper_util::rt::TokioExecutor::new();
            let server = hyper_util::server::conn::auto::Builder::new(executor);
            let stream = hyper_util::rt::TokioIo::new(stream);
            drop(server.serve_connection(stream, service).await);
        }
    });
    (address.await, certificate)
}

#[tokio::test]
async fn https_is_http2_where_the_server_has_it() {
    for (alpn, body, reason) in [
        (&[&b"h2"[..], b"http/1.1"][..], "HTTP/2.0 /x", ""),
        (&[], "HTTP/1.1 /x", "OK"),
    ] {
        let (address, certificate) = secure(alpn).await;
        let url = format!("https://platform.test:{}/x", address.port());
        let network = network(&Tls::trusting(vec![certificate]));
        for _ in 0..2 {
            let response = network.fetcher(platform(&url, ""), 0)(get(&url)).await.unwrap();
            assert_eq!(response.status_text, reason);
            assert_eq!(text(response).await.unwrap(), body);
        }
    }
}

#[tokio::test]
async fn certificates_that_are_not_valid_are_refused() {
    let (address, certificate) = secure(&[]).await;
    let (_, other) = secure(&[]).await;
    let port = address.port();
    for (trusted, host, wanted) in [
        (vec![], "platform.test", "install ca-certificates"),
        (vec![other], "platform.test", "the operator adds its issuer"),
        (vec![certificate.clone()], "127.0.0.1", "not valid for"),
    ] {
        let url = format!("https://{host}:{port}/");
        let fetch = network(&Tls::trusting(trusted)).fetcher(platform(&url, ""), 0);
        let message = failure(fetch(get(&url)).await);
        assert!(
            message.contains(&format!("the certificate of {host}:{port} is not valid: ")),
            "{message}"
        );
        assert!(message.contains(wanted), "{message}");
    }
    let plain = listen(|mut stream| async move {
        stream.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        read_request(&mut stream).await;
    })
    .await;
    let message = failure(fetch(get(format!("https://{plain}/"))).await);
    assert!(message.contains("no TLS with 127.0.0.1:"), "{message}");
}
