//! HTTPS: a certificate that is read, refused and replaced.

use super::program::Folder;
use super::server::{Server, request, workers};
use data_encoding::BASE64;
use rcgen::CertifiedKey;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FLAGS: [&str; 4] = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        BASE64.encode(der)
    )
}

/// A certificate that vouches for itself, and its key, both as PEM.
pub fn certificate() -> (CertificateDer<'static>, String, String) {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = pem("PRIVATE KEY", &signing_key.serialize_der());
    (cert.der().clone(), pem("CERTIFICATE", cert.der()), key)
}

fn write(folder: &Folder, cert: &str, key: &str) {
    folder.write("cert.pem", cert);
    folder.write("key.pem", key);
}

/// What a client that trusts this certificate alone is answered.
fn ask(address: SocketAddr, trusted: &CertificateDer<'static>, protocol: &[u8]) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut client = StreamOwned::new(tls, stream);
    let text = request("echo", "[1]").replace("Host: x", "Host: x\r\nConnection: close");
    client.write_all(text.as_bytes())?;
    assert_eq!(client.conn.alpn_protocol(), Some(protocol));
    let mut answer = String::new();
    // A server that closes without a word of TLS is no error here.
    let _ = client.read_to_string(&mut answer);
    Ok(answer)
}

#[test]
fn a_certificate_is_used_and_replaced() {
    let folder = workers();
    let (first, cert, key) = certificate();
    write(&folder, &cert, &key);
    let mut server = Server::start(folder, &[&FLAGS[..], &["--header-timeout", "1s"]].concat());
    let address = server.address;
    let answered = |trusted: &CertificateDer<'static>| ask(address, trusted, b"http/1.1");
    let answer = answered(&first).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("[1]"), "{answer}");
    // HTTP/2 is offered.
    assert!(ask(address, &first, b"h2").is_ok());
    let (second, cert, key) = certificate();
    assert!(answered(&second).is_err(), "a stranger was trusted");
    // Who speaks no TLS is left alone in the end, and so is who says nothing.
    for text in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""] {
        let mut client = server.connect();
        client.send(text).unwrap();
        let begun = Instant::now();
        while !client.is_closed() {}
        assert!(begun.elapsed() < Duration::from_secs(3), "{text:?}");
    }
    // A certificate without its key is not taken up; with it, it is.
    server.folder.write("cert.pem", cert);
    server.wait_for("the certificate of before is used on");
    assert!(answered(&first).is_ok());
    server.folder.write("key.pem", key);
    server.wait_for("the certificate was read again");
    assert!(answered(&second).is_ok());
    assert!(answered(&first).is_err());
    server.terminate();
    assert_eq!(server.exit_code(), 0);
}

#[test]
fn what_cannot_be_used_is_told_at_the_start() {
    let (_, cert, key) = certificate();
    let (_, _, other) = certificate();
    for (cert, key, flags, expected) in [
        (&cert, &other, &FLAGS[..], "cert.pem: cannot be used with key.pem"),
        (&key, &key, &FLAGS[..], "cert.pem: there is no certificate in it"),
        (&cert, &cert, &FLAGS[..], "key.pem: there is no private key in it"),
        (
            &cert,
            &key,
            &["--tls-cert", "none.pem", "--tls-key", "key.pem"][..],
            "none.pem: No such file",
        ),
        (&cert, &key, &FLAGS[..2], "--tls-cert: needs --tls-key beside it"),
    ] {
        let folder = workers();
        write(&folder, cert, key);
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(flags);
        let done = folder.run(&all);
        assert!(done.code == 1 || done.code == 2, "{done:?}");
        assert!(done.stderr.contains(expected), "{done:?}");
    }
}
