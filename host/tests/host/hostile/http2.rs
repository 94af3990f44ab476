//! Clients that speak HTTP/2 badly on purpose, frame by frame.

use super::{SOME, besieged};
use crate::server::{Server, TOKEN};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH: u8 = 5;
const PING: u8 = 6;
const WINDOW: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header in HPACK, as a literal that is not indexed.
fn header(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| {
        let mut bytes = vec![u8::try_from(text.len().min(127)).unwrap()];
        if let Some(mut rest) = text.len().checked_sub(127) {
            while rest >= 128 {
                bytes.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            bytes.push(u8::try_from(rest).unwrap());
        }
        bytes.extend(text.as_bytes());
        bytes
    };
    [vec![0], text(name), text(value)].concat()
}

/// The headers of a request that executes a worker.
fn execute(key: &str) -> Vec<u8> {
    [
        header(":method", "POST"),
        header(":scheme", "http"),
        header(":authority", "x"),
        header(":path", &format!("/worker/api/v1/execute/{key}")),
        header("authorization", &format!("Bearer {TOKEN}")),
    ]
    .concat()
}

/// A request without a body.
fn open(stream: u32, key: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &execute(key))
}

/// Gives a request up.
fn reset(stream: u32) -> Vec<u8> {
    frame(RESET, 0, stream, &8_u32.to_be_bytes())
}

/// A connection that has said hello.
fn connect(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
    stream.write_all(&frame(SETTINGS, 0, 0, b"")).unwrap();
    stream
}

/// Sends so much of this as the server takes, reading away what it says.
fn flood(server: &Server, frames: impl Iterator<Item = Vec<u8>>) {
    let mut stream = connect(server);
    let mut reader = stream.try_clone().unwrap();
    let reading = std::thread::spawn(move || {
        let mut away = [0; 65536];
        while !matches!(reader.read(&mut away), Ok(0) | Err(_)) {}
    });
    for bytes in frames {
        if stream.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Both);
    reading.join().unwrap();
}

/// The streams that a client opens.
fn streams() -> impl Iterator<Item = u32> {
    (1..).step_by(2)
}

#[test]
fn floods_of_frames_are_no_burden() {
    const MANY: usize = 20_000;
    let server = besieged(&[]);
    let before = server.holdings();
    let huge = frame(HEADERS, 0, 1, &execute("echo"));
    type Frames = Box<dyn Iterator<Item = Vec<u8>> + Send>;
    let floods: Vec<(&str, Frames)> = vec![
        (
            "rapid reset",
            Box::new(
                streams()
                    .take(MANY)
                    .map(|stream| [open(stream, "echo"), reset(stream)].concat()),
            ),
        ),
        (
            "rapid reset of requests without their body",
            Box::new(
                streams()
                    .take(MANY)
                    .map(|stream| [frame(HEADERS, END_HEADERS, stream, &execute("echo")), reset(stream)].concat()),
            ),
        ),
        (
            "headers that never end",
            Box::new(std::iter::once(huge.clone()).chain(std::iter::repeat_n(
                frame(CONTINUATION, 0, 1, &header("x", &"y".repeat(10_000))),
                2000,
            ))),
        ),
        (
            "empty continuations",
            Box::new(std::iter::once(huge).chain(std::iter::repeat_n(frame(CONTINUATION, 0, 1, b""), MANY))),
        ),
        (
            "settings",
            Box::new(std::iter::repeat_n(frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]), MANY)),
        ),
        ("pings", Box::new(std::iter::repeat_n(frame(PING, 0, 0, &[7; 8]), MANY))),
        (
            "priorities",
            Box::new(std::iter::repeat_n(frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]), MANY)),
        ),
        (
            "empty data",
            Box::new(
                std::iter::once(frame(HEADERS, END_HEADERS, 1, &execute("echo")))
                    .chain(std::iter::repeat_n(frame(DATA, 0, 1, b""), MANY)),
            ),
        ),
        (
            "streams without end",
            Box::new(
                streams()
                    .take(MANY)
                    .map(|stream| frame(HEADERS, END_HEADERS, stream, &execute("echo"))),
            ),
        ),
        ("resets of what never was", Box::new(streams().take(MANY).map(reset))),
        (
            "a window of nothing",
            Box::new(std::iter::once(frame(WINDOW, 0, 0, &[0; 4]))),
        ),
        (
            "a window that overflows",
            Box::new(std::iter::repeat_n(frame(WINDOW, 0, 0, &[0x7f, 0xff, 0xff, 0xff]), 3)),
        ),
        (
            "a push",
            Box::new(std::iter::once(frame(PUSH, END_HEADERS, 1, &[0, 0, 0, 2]))),
        ),
        ("a stream of the server's", Box::new(std::iter::once(open(2, "echo")))),
        (
            "a stream twice",
            Box::new([open(1, "echo"), open(1, "echo")].into_iter()),
        ),
        (
            "a frame longer than allowed",
            Box::new(std::iter::once(frame(DATA, 0, 1, &vec![0; 1 << 20]))),
        ),
        (
            "headers that cannot be decoded",
            Box::new(std::iter::once(frame(HEADERS, END_HEADERS, 1, &[0xff; 100]))),
        ),
        // A table entry of 4 kilobytes, named thousands of times.
        (
            "a bomb of headers",
            Box::new(std::iter::once(frame(HEADERS, END_HEADERS | END_STREAM, 1, &{
                let mut block = execute("echo");
                let mut entry = header("x", &"y".repeat(3000));
                entry[0] = 0x40;
                block.extend(entry);
                block.extend([0xbe; 10_000]);
                block
            }))),
        ),
    ];
    for (name, frames) in floods {
        let began = Instant::now();
        std::thread::scope(|scope| {
            let flooding = scope.spawn(|| flood(&server, frames));
            // Others are answered all along.
            while !flooding.is_finished() {
                let asked = Instant::now();
                server.is_well();
                assert!(
                    asked.elapsed() < Duration::from_secs(3),
                    "{name}: {:?}",
                    asked.elapsed()
                );
            }
            flooding.join().unwrap();
        });
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{name}: {:?}",
            began.elapsed()
        );
        server.is_as_before(before, SOME);
    }
}

#[test]
fn answers_that_nobody_takes_are_given_up() {
    let server = besieged(&["--header-timeout", "500ms"]);
    let before = server.holdings();
    let mut clients = Vec::new();
    for _ in 0..20 {
        // A window of nothing, then as many requests as may be under way, each for an answer of a megabyte.
        let mut stream = connect(&server);
        stream.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).unwrap();
        for number in streams().take(10) {
            let body = serde_json::json!("return 'x'.repeat(1e6)").to_string();
            stream
                .write_all(&frame(HEADERS, END_HEADERS, number, &execute("any")))
                .unwrap();
            stream
                .write_all(&frame(DATA, END_STREAM, number, body.as_bytes()))
                .unwrap();
        }
        clients.push(stream);
    }
    std::thread::sleep(Duration::from_millis(500));
    server.is_well();
    drop(clients);
    server.is_as_before(before, 2 * SOME);
}

#[test]
fn a_connection_that_is_reset_too_often_is_closed() {
    let server = besieged(&[]);
    let mut stream = connect(&server);
    let mut closed = false;
    for number in streams().take(50_000) {
        let bytes = [
            frame(HEADERS, END_HEADERS, number, &execute("echo")),
            frame(RESET, 0, number, &8_u32.to_be_bytes()),
        ];
        match stream.write_all(&bytes.concat()) {
            Ok(()) => {}
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::WouldBlock, "neither read nor closed");
                closed = true;
                break;
            }
        }
    }
    // Or it says so, and closes.
    let mut away = Vec::new();
    closed |= stream.read_to_end(&mut away).is_ok();
    assert!(closed);
    server.is_well();
}
