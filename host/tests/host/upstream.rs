//! What workers talk to in these tests: a server that delays, redirects, breaks off, sends much and never ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server on a port of its own, for as long as the tests run.
pub struct Upstream {
    pub address: SocketAddr,
    /// The heads of the requests, in lower case.
    pub seen: Arc<Mutex<Vec<String>>>,
    /// Connections on which a body is being sent.
    pub sending: Arc<AtomicUsize>,
}

impl Upstream {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            sending: Arc::default(),
        };
        let (seen, sending) = (upstream.seen.clone(), upstream.sending.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (seen, sending) = (seen.clone(), sending.clone());
                std::thread::spawn(move || while serve(&stream, &seen, &sending).is_some() {});
            }
        });
        upstream
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The last request that was seen.
    pub fn last(&self) -> String {
        self.seen.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

/// Answers one request: `/delay/MS`, `/status/CODE`, `/redirect/CODE?URL`, `/large`, `/endless`, `/cut`, or anything
/// else with what was asked.
fn serve(stream: &TcpStream, seen: &Mutex<Vec<String>>, sending: &AtomicUsize) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        (reader.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    let target = head.split(' ').nth(1)?.to_owned();
    let head = head.to_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next()?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    seen.lock().unwrap().push(head.clone());

    let mut stream = stream;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (what, number) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
    let mut reply = |status: &str, headers: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body].concat()).ok()
    };
    match what {
        "delay" => {
            std::thread::sleep(Duration::from_millis(number.parse().unwrap()));
            reply("200 OK", "content-type: text/plain\r\n", number.as_bytes())
        }
        "status" => reply(
            &format!("{number} Some Reason"),
            "content-type: application/json\r\n",
            br#"{"message":"why"}"#,
        ),
        "redirect" => reply(&format!("{number} Elsewhere"), &format!("location: {query}\r\n"), b""),
        "/large" => reply("200 OK", "", &vec![b'x'; 10 << 20]),
        "/cut" => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
                .ok()?;
            None
        }
        "/endless" => {
            sending.fetch_add(1, Ordering::SeqCst);
            let mut written = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while written.is_ok() {
                written = stream.write_all(&[b'y'; 1 << 14]);
            }
            sending.fetch_sub(1, Ordering::SeqCst);
            None
        }
        _ => {
            let asked = serde_json::json!({ "head": head, "body": String::from_utf8_lossy(&body) });
            reply(
                "200 OK",
                "content-type: application/json\r\n",
                asked.to_string().as_bytes(),
            )
        }
    }
}
