//! A `host serve` of its own on a free port, gone with the test.

use super::client::{Answer, Client};
use super::program::Folder;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The workers that tests execute. `spin` runs for as many milliseconds as its payload says.
pub const WORKERS: &[(&str, &str)] = &[
    ("echo", "export default async (context, data) => { return data; }"),
    (
        "throws",
        "function inner() {\n  throw new TypeError('no', { cause: new Error('why') });\n}\nexport default () => inner()",
    ),
    (
        "spin",
        "export default (_, ms) => { const end = Date.now() + ms; while (Date.now() < end); return 'done' }",
    ),
    ("loop", "export default () => { for (;;) {} }"),
    (
        "allocate",
        "export default () => { const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1)) }",
    ),
    ("never", "export default () => new Promise(() => {})"),
    (
        "count",
        "export default () => (globalThis['n'] = (globalThis['n'] ?? 0) + 1)",
    ),
    ("random", "Math.random(); export default () => Math.random()"),
    (
        "recurse",
        "const down = (n) => down(n + 1) + 1; export default () => down(0)",
    ),
    ("large", "export default () => 'x'.repeat(2 << 20)"),
    ("bigint", "export default () => 1n"),
];

/// A running server.
pub struct Server {
    child: Child,
    /// Behind a lock, so that threads of a test can share the server.
    lines: Mutex<Receiver<String>>,
    pub address: SocketAddr,
    /// Everything it has logged until it was ready.
    pub log: String,
    pub folder: Folder,
}

/// What a server holds of its machine.
#[derive(Clone, Copy, Debug)]
pub struct Holdings {
    pub descriptors: usize,
    pub threads: usize,
    /// Bytes of memory.
    pub resident: usize,
}

/// The token of every server that makes none.
pub const TOKEN: &str = "a-token-for-tests";

/// A folder with [`WORKERS`] in `workers`.
pub fn workers() -> Folder {
    let folder = Folder::new(&[]);
    for (name, source) in WORKERS {
        add_worker(&folder, name, source, "");
    }
    folder
}

/// Adds a worker; `more` goes into its manifest.
pub fn add_worker(folder: &Folder, name: &str, source: &str, more: &str) {
    let manifest = format!(
        r#"{{"name":"{name}","description":"","secrets":{{}},"sourceCodePath":"./worker.ts","action":"GENERIC_EVENT",
            "enabled":true,"debug":false,"projectKey":"","application":"worker"{more}}}"#
    );
    folder.write(&format!("workers/{name}/manifest.json"), manifest);
    folder.write(&format!("workers/{name}/worker.ts"), source);
}

impl Server {
    /// Starts one in `folder` and waits until it is ready.
    pub fn start(folder: Folder, arguments: &[&str]) -> Self {
        let mut server = Self::spawn(folder, arguments, |command| {
            command.env("HOST_ADMIN_TOKEN", TOKEN);
        });
        server.wait_for("ready:");
        server
    }

    /// Starts one in `folder` and waits until it listens.
    pub fn spawn(folder: Folder, arguments: &[&str], adjust: impl FnOnce(&mut Command)) -> Self {
        let mut command = folder.host(&["serve"]);
        command
            .env("HOST_WORKERS", "workers")
            .env("HOST_LISTEN", "127.0.0.1:0")
            .args(arguments)
            .stderr(Stdio::piped());
        adjust(&mut command);
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self {
            child,
            lines: Mutex::new(lines),
            address: nowhere,
            log: String::new(),
            folder,
        };
        let line = server.wait_for("listening on http");
        let url = line.split("://").nth(1).unwrap().split([',', ' ']).next().unwrap();
        server.address = url.parse().unwrap();
        server
    }

    /// Waits for a line of its log.
    pub fn wait_for(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.get_mut().unwrap().recv_timeout(Duration::from_secs(120)) else {
                panic!("the server never said {text:?}, but:\n{}", self.log);
            };
            self.log += &format!("{line}\n");
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Executes a worker on a connection of its own.
    pub fn execute(&self, key: &str, payload: &str) -> Answer {
        self.connect().ask(request(key, payload))
    }

    /// Checks that the next request is answered as if nothing had happened.
    pub fn is_well(&self) {
        let answer = self.execute("echo", "[1]");
        assert_eq!(
            answer.json(),
            serde_json::json!({ "data": [1], "executionStatus": "STATUS_SUCCESS" })
        );
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How many threads it has.
    pub fn threads(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/task", self.child.id()))
            .unwrap()
            .count()
    }

    /// What it holds now.
    pub fn holdings(&self) -> Holdings {
        let process = format!("/proc/{}", self.child.id());
        let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Holdings {
            descriptors: std::fs::read_dir(format!("{process}/fd")).unwrap().count(),
            threads: self.threads(),
            resident: resident.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10,
        }
    }

    /// Checks that it is the same process, answers at once, and soon holds what it held before: up to `bytes` more memory,
    /// and the few descriptors and threads that its database and its pool come to have.
    pub fn is_as_before(&self, before: Holdings, bytes: usize) {
        const FEW: usize = 8;
        let began = Instant::now();
        self.is_well();
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            let now = self.holdings();
            let fits = now.descriptors <= before.descriptors + FEW
                && now.threads <= before.threads + FEW
                && now.resident <= before.resident + bytes;
            if fits {
                return;
            }
            assert!(Instant::now() < deadline, "{before:?} became {now:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it has logged since this was last asked.
    pub fn logged(&mut self) -> String {
        let lines = self.lines.get_mut().unwrap();
        lines.try_iter().map(|line| line + "\n").collect()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits for its end, and gives its exit code.
    pub fn exit_code(&mut self) -> i32 {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the server does not end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request that executes a worker. No payload is no body.
pub fn request(key: &str, payload: &str) -> String {
    request_with(key, "Content-Type: application/json\r\n", payload)
}

/// The same with other headers beside the token.
pub fn request_with(key: &str, headers: &str, payload: &str) -> String {
    let length = if payload.is_empty() {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", payload.len())
    };
    format!(
        "POST /worker/api/v1/execute/{key} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         {headers}{length}\r\n{payload}"
    )
}
