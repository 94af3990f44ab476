//! A client: one connection that is kept, HTTP/1.1 by hand so that it can be wrong, and a word for whatever came of a
//! request.

use crate::attacks;
use crate::process::TOKEN;
use crate::tally::{Random, Tally};
use crate::workers::{self, Work};
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub struct Wire(BufReader<TcpStream>);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    closes: bool,
}

impl Wire {
    /// A new one.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends these bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        tokio::time::timeout(PATIENCE, self.0.get_mut().write_all(bytes.as_ref())).await?
    }

    /// The next answer.
    pub async fn answer(&mut self) -> io::Result<Answer> {
        tokio::time::timeout(PATIENCE, self.read()).await?
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.0.read_line(&mut line).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    async fn read(&mut self) -> io::Result<Answer> {
        let status = self.line().await?;
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            body: Vec::new(),
            closes: false,
        };
        let mut length = 0;
        loop {
            let line = self.line().await?.to_lowercase();
            match line.split_once(": ") {
                None => break,
                Some(("content-length", value)) => length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?,
                Some(("connection", "close")) => answer.closes = true,
                Some(_) => {}
            }
        }
        answer.body = vec![0; length];
        self.0.read_exact(&mut answer.body).await?;
        Ok(answer)
    }
}

/// A word for what came of it: the status, the code of a failed execution, or how the connection ended.
pub fn word(answered: &io::Result<Answer>) -> String {
    match answered {
        Ok(answer) => {
            let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            match json["error"]["code"].as_str() {
                Some(code) => format!("{} {code}", answer.status),
                None => answer.status.to_string(),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => "no answer".into(),
        Err(_) => "closed".into(),
    }
}

/// A request that executes a worker.
pub fn execute(key: &str, payload: &str) -> String {
    with(
        "POST",
        &format!("v1/execute/{key}"),
        "Content-Type: application/json\r\n",
        payload,
    )
}

/// Any request of the admin.
pub fn with(method: &str, path: &str, headers: &str, body: &str) -> String {
    format!(
        "{method} /worker/api/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         {headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A request that uploads a module.
pub fn upload(key: &str, module: &[u8]) -> Vec<u8> {
    let head = format!(
        "PUT /worker/api/v2/workers/{key}/module HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: {}\r\n\r\n",
        module.len()
    );
    [head.as_bytes(), module].concat()
}

/// One client.
pub struct Client {
    /// The host.
    pub address: SocketAddr,
    /// What it decides by.
    pub random: Random,
    /// What it counts with.
    pub tally: Arc<Tally>,
    kept: Option<Wire>,
    /// Workers it has made.
    made: u64,
}

impl Client {
    /// One that has sent nothing.
    pub fn new(address: SocketAddr, tally: Arc<Tally>, random: Random) -> Self {
        Self {
            address,
            random,
            tally,
            kept: None,
            made: 0,
        }
    }

    /// Sends a request on the connection that is kept, or on a new one if that was closed meanwhile.
    pub async fn ask(&mut self, request: impl AsRef<[u8]>) -> io::Result<Answer> {
        if let Some(mut wire) = self.kept.take()
            && wire.send(&request).await.is_ok()
            && let answered = wire.answer().await
            && !matches!(&answered, Err(error) if error.kind() != io::ErrorKind::TimedOut)
        {
            return self.keep(wire, answered);
        }
        let mut wire = Wire::open(self.address).await?;
        wire.send(&request).await?;
        let answered = wire.answer().await;
        self.keep(wire, answered)
    }

    fn keep(&mut self, wire: Wire, answered: io::Result<Answer>) -> io::Result<Answer> {
        self.kept = Some(wire).filter(|_| answered.as_ref().is_ok_and(|answer| !answer.closes));
        answered
    }

    /// An echo; whether it came back.
    pub async fn echo(&mut self) -> bool {
        let answered = self.ask(execute("echo", "[1]")).await;
        matches!(answered, Ok(answer) if answer.body == br#"{"data":[1],"executionStatus":"STATUS_SUCCESS"}"#)
    }

    /// One piece of honest work.
    pub async fn honest(&mut self) {
        if self.random.one_in(20) {
            return self.churn().await;
        }
        let works = workers::HONEST;
        let work = &works[self.random.below(works.len())];
        self.work(false, work).await;
    }

    /// One attack.
    pub async fn attack(&mut self) {
        let hostile = &*crate::hostile::HOSTILE;
        // Half are workers, half are everything else.
        if self.random.one_in(2) {
            let work = &hostile[self.random.below(hostile.len())];
            self.work(true, work).await;
        } else {
            attacks::any(self).await;
        }
    }

    async fn work(&mut self, attack: bool, work: &Work) {
        let payload = (work.payload)(&mut self.random);
        let answered = self.ask(execute(work.key, &payload)).await;
        let word = word(&answered);
        // Too much at once is an answer too.
        let wrong = match &answered {
            Ok(answer) if ["429", "503"].contains(&&*word) || work.is_right(&payload, &word, answer) => None,
            Ok(answer) => Some(format!("{word} {}", shortened(&answer.body))),
            Err(_) => Some(word.clone()),
        };
        self.tally.count(attack, work.key, &word, wrong);
    }

    /// Makes a worker, executes it, deletes it, and looks whether it is gone.
    async fn churn(&mut self) {
        self.made += 1;
        let marker = format!("{}-{:x}", self.made, self.random.next());
        let key = format!("churn-{marker}");
        let module = workers::saying(&marker);
        let steps = [
            ("churn: upload", upload(&key, &module), "201", None),
            (
                "churn: execute",
                execute(&key, "").into_bytes(),
                "200",
                Some(format!("{{\"data\":\"{marker}\",")),
            ),
            (
                "churn: delete",
                with("DELETE", &format!("v2/workers/{key}"), "", "").into_bytes(),
                "204",
                None,
            ),
            ("churn: gone", execute(&key, "").into_bytes(), "404", None),
        ];
        for (kind, request, status, begins) in steps {
            let answered = self.ask(request).await;
            let word = word(&answered);
            let body = answered.map(|answer| answer.body).unwrap_or_default();
            let begins = begins.filter(|_| word == status).unwrap_or_default();
            let refused = ["429", "503"].contains(&&*word);
            let right = refused || (word == status && body.starts_with(begins.as_bytes()));
            let wrong = (!right).then(|| format!("{word} {}", shortened(&body)));
            self.tally.count(false, kind, &word, wrong);
            if refused {
                return;
            }
        }
    }
}

/// The beginning of a body.
pub fn shortened(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned()
}
