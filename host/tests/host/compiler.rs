//! Builds and compilations run in child processes of the server, which take more than they may, or die, alone.

use super::client::Answer;
use super::server::{Server, TOKEN, workers};
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

/// Sends `body` to a path of the API.
fn send(server: &Server, method: &str, path: &str, body: &[u8]) -> Answer {
    let head = format!(
        "{method} /worker/api/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: {}\r\n\
         Content-Length: {}\r\n\r\n",
        if path.ends_with("/module") {
            "application/wasm"
        } else {
            "application/json"
        },
        body.len()
    );
    server.connect().ask([head.as_bytes(), body].concat())
}

fn deploy(server: &Server, key: &str, source: &str) -> Answer {
    let worker = json!({
        "key": key, "action": { "application": "worker", "name": "GENERIC_EVENT" }, "enabled": true, "sourceCode": source,
    });
    send(server, "POST", "v2/workers", worker.to_string().as_bytes())
}

/// The children of the server: what they are called with, and their numbers.
fn children(server: &Server) -> Vec<u32> {
    let pid = server.pid();
    let mut found = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let listed = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        found.extend(listed.split_whitespace().map(|child| child.parse::<u32>().unwrap()));
    }
    found
}

/// Waits for the child that is started ahead: the only one, for a while, as one that has done its job may still be ending.
fn spare(server: &Server) -> u32 {
    const STEADY: Duration = Duration::from_millis(300);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut alone = None;
    loop {
        let now = match children(server)[..] {
            [child] => Some(child),
            _ => None,
        };
        alone = match (now, alone) {
            (Some(child), Some((before, since))) if child == before => Some((child, since)),
            (now, _) => now.map(|child| (child, Instant::now())),
        };
        match alone {
            Some((child, since)) if since.elapsed() > STEADY => return child,
            _ => assert!(Instant::now() < deadline, "no child waits"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A module of `functions` functions, each of `length` times the same few instructions, that does nothing.
fn module(functions: u32, length: usize) -> Vec<u8> {
    fn number(mut value: usize, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        out.push(value.to_le_bytes()[0]);
    }
    fn section(id: u8, content: &[u8], out: &mut Vec<u8>) {
        out.push(id);
        number(content.len(), out);
        out.extend_from_slice(content);
    }
    // (local i32), then x = (x * 3) ^ x, a loop that ends at once, and so on.
    let mut body = vec![1, 1, 0x7f];
    for _ in 0..length {
        body.extend([
            0x03, 0x40, 0x20, 0, 0x41, 3, 0x6c, 0x20, 0, 0x73, 0x22, 0, 0x45, 0x0d, 0, 0x0b,
        ]);
    }
    body.push(0x0b);
    let mut code = Vec::new();
    number(functions as usize + 1, &mut code);
    code.extend([2, 0, 0x0b]);
    for _ in 0..functions {
        number(body.len(), &mut code);
        code.extend_from_slice(&body);
    }
    let mut types = Vec::new();
    number(functions as usize + 1, &mut types);
    types.resize(types.len() + functions as usize + 1, 0);
    let mut out = b"\0asm\x01\0\0\0".to_vec();
    section(1, &[1, 0x60, 0, 0], &mut out);
    section(3, &types, &mut out);
    section(5, &[1, 0, 1], &mut out);
    section(7, b"\x02\x06_start\0\0\x06memory\x02\0", &mut out);
    section(10, &code, &mut out);
    out
}

fn upload(server: &Server, module: &[u8]) -> Answer {
    send(server, "PUT", "v2/workers/w/module", module)
}

#[test]
fn the_server_and_its_children_are_confined() {
    let (secret, master) = ("HOST_PLATFORM_TOKEN", "HOST_MASTER_KEY");
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut server = Server::spawn(workers(), &["--data", "data"], |command| {
        command
            .env("HOST_ADMIN_TOKEN", TOKEN)
            .env(secret, "sesame")
            .env(master, key);
    });
    server.wait_for("ready:");
    let status = |pid: u32, name: &str| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().to_owned()
    };
    let child = spare(&server);
    for pid in [server.pid(), child] {
        assert_eq!(
            (status(pid, "NoNewPrivs:"), status(pid, "Seccomp:")),
            ("1".into(), "2".into())
        );
    }
    let environment = fs::read(format!("/proc/{}/environ", server.pid())).unwrap();
    assert!(
        environment.windows(6).any(|part| part == b"sesame"),
        "the test looks in the right place"
    );
    assert_eq!(fs::read(format!("/proc/{child}/environ")).unwrap(), b"");
    let files = |pid: u32| -> Vec<String> {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
        let links = open.filter_map(|file| fs::read_link(file.path()).ok());
        links.map(|file| file.to_string_lossy().into_owned()).collect()
    };
    let (own, servers) = (files(child), files(server.pid()));
    let shared: Vec<_> = own.iter().filter(|&file| servers.contains(file)).collect();
    assert!(
        servers.iter().any(|file| file.ends_with("host.db")),
        "the test looks in the right place"
    );
    assert!(
        !shared
            .iter()
            .any(|file| file.starts_with("socket:") || file.contains("host.db")),
        "{shared:?}"
    );
    assert!(
        !own.iter().any(|file| file.starts_with('/')
            && !["/dev/null", "/memfd:"].iter().any(|known| file.starts_with(known))
            && !file.ends_with("/statm")),
        "{own:?}"
    );
    drop(server);
    let free = Server::spawn(workers(), &["--unconfined"], |command| {
        command.env("HOST_ADMIN_TOKEN", TOKEN);
    });
    assert!(free.log.contains("is not confined"), "{}", free.log);
    assert_eq!(status(free.pid(), "Seccomp:"), "0");
}

#[test]
fn build_time_and_memory_obeyed_and_violated() {
    let server = Server::start(workers(), &["--build-time", "1s"]);
    assert_eq!(deploy(&server, "w", "export default () => 1").status, 201);
    let small = upload(&server, &module(3, 10));
    assert_eq!(small.status, 204, "{small:?}");
    let began = Instant::now();
    let answer = upload(&server, &module(400, 5_000));
    let sentence = answer.json()["errors"][0]["message"].to_string();
    assert_eq!(answer.status, 400, "{sentence}");
    assert!(sentence.contains("more than the 1 s of CPU time allowed"), "{sentence}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    server.is_well();

    let server = Server::start(workers(), &["--build-memory", "128MiB", "--build-time", "60s"]);
    assert_eq!(deploy(&server, "w", "export default () => 1").status, 201);
    let answer = upload(&server, &module(1, 300_000));
    let sentence = answer.json()["errors"][0]["message"].to_string();
    assert_eq!(answer.status, 400, "{sentence}");
    assert!(
        sentence.contains("more than the 128 MiB of memory allowed"),
        "{sentence}"
    );
    server.is_well();
}

#[test]
fn a_child_that_dies_costs_its_job_and_no_other() {
    let server = Server::start(workers(), &[]);
    let kill = |pid: u32| {
        let pid = rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    };
    // The one that waits is replaced unseen.
    kill(spare(&server));
    std::thread::sleep(Duration::from_millis(100));
    // What was built before, by another test or another run of this one, would come from the cache.
    let new = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_nanos();
    assert_eq!(
        deploy(&server, "a", &format!("export default () => {new}n")).status,
        201
    );
    // One at work is an answer.
    let spinning = "const end = Date.now(); for (;;) {} export default () => end";
    let waiting = spare(&server);
    let answer = std::thread::scope(|scope| {
        let answer = scope.spawn(|| deploy(&server, "b", spinning));
        std::thread::sleep(Duration::from_millis(300));
        kill(waiting);
        answer.join().unwrap()
    });
    let sentence = answer.json()["errors"][0]["message"].to_string();
    assert_eq!(answer.status, 400, "{sentence}");
    assert!(sentence.contains("did not survive it (signal: 15"), "{sentence}");
    assert_eq!(deploy(&server, "b", "export default () => 2").status, 201);
    server.is_well();
}

#[test]
fn children_end_with_the_server() {
    let mut server = Server::start(workers(), &[]);
    let child = spare(&server);
    server.signal(rustix::process::Signal::KILL);
    server.exit_code();
    let deadline = Instant::now() + Duration::from_secs(10);
    while fs::read_to_string(format!("/proc/{child}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(Instant::now() < deadline, "the child is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}
