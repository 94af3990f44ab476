//! What the host does when what it stands on fails: a full disk, a full cache, a database that is down or hung. Saves
//! fail with 503, whatever is loaded goes on, and when the fault is over nobody has to restart the host.

#[path = "faults/disk.rs"]
mod disk;

use super::api::{ECHO, admins, as_admin, call, create, deploy_body, start, token, upload, wait_for_history};
use super::client::{Answer, Client};
use super::program::Folder;
use super::server::{Server, TOKEN, request};
use super::store::cluster::Cluster;
use disk::Disk;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Counts its executions in its state.
const COUNTS: &str =
    "export default ({ state }) => { state.set('n', String(Number(state.get('n') ?? 0) + 1)); return state.get('n') }";

/// A statement is given up after 5 s; building takes its time too.
const BOUND: Duration = Duration::from_secs(9);

fn on(disk: &Disk, folder: Folder, arguments: &[&str]) -> Server {
    let mut server = Server::spawn(folder, arguments, |command| {
        command.env("HOST_ADMIN_TOKEN", TOKEN);
        disk.inside(command);
    });
    server.wait_for("ready:");
    server
}

fn probe(server: &Server, which: &str) -> u16 {
    let request = format!("GET /worker/api/v1/system/{which} HTTP/1.1\r\nHost: x\r\n\r\n");
    server.connect().ask(request).status
}

/// Refused for now, with a sentence.
fn assert_unavailable(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("1")),
        "{answer:?}"
    );
    assert_eq!(answer.json()["errors"][0]["message"], "The database is not available");
}

#[test]
fn a_full_disk_refuses_saves_and_nothing_else() {
    let Some(disk) = Disk::new(12 << 10) else { return };
    let folder = Folder::new(&[]);
    std::fs::create_dir(folder.path("workers")).unwrap();
    let data = disk.path("data");
    let server = on(&disk, folder, &["--data", &data]);
    create(&server, &deploy_body("echo", ECHO));
    create(&server, &deploy_body("counts", COUNTS));
    let count = || server.execute("counts", "");
    assert_eq!(
        (count().json()["data"].clone(), count().json()["data"].clone()),
        (json!("1"), json!("2"))
    );
    wait_for_history(&server, "v1/execution_history?workerKey=counts", 2);
    disk.fill();
    // What the log of the database has room for is saved.
    let filler = "x".repeat(50_000);
    let mut saved = 0;
    let refused = loop {
        let source = format!("export default () => {saved} // {filler}");
        let answer = as_admin(
            &server,
            "POST",
            "v2/workers",
            &deploy_body(&format!("w{saved}"), &source),
        );
        if answer.status != 201 {
            break answer;
        }
        saved += 1;
        assert!(saved < 100, "the disk has no end");
    };
    assert_unavailable(&refused);
    let update = |source: &str| as_admin(&server, "PUT", "v2/workers", &deploy_body("echo", source));
    assert_unavailable(&update(&format!("export default () => 'new' // {filler}")));
    // What is loaded goes on, as if nothing were wrong, unless it has a state to keep.
    for _ in 0..50 {
        server.is_well();
    }
    let mut counted = 2;
    let refused = (0..100).map(|_| count()).find(|answer| {
        counted += u32::from(answer.status == 200);
        answer.status != 200
    });
    assert_unavailable(&refused.expect("no state is too large"));
    assert_eq!((probe(&server, "readiness"), probe(&server, "liveness")), (200, 200));
    assert_eq!(as_admin(&server, "GET", "v2/workers", &Value::Null).status, 200);
    disk.free();
    // No restart, and what waited is written.
    create(&server, &deploy_body("after", ECHO));
    assert_eq!(update("export default (_, data) => [data]").status, 204);
    assert_eq!(server.execute("echo", "1").json()["data"], json!([1]));
    let history = wait_for_history(&server, "v1/execution_history?workerKey=echo&limit=100", 51);
    assert!(
        history
            .as_array()
            .unwrap()
            .iter()
            .all(|entry| entry["executionStatus"] == "STATUS_SUCCESS")
    );
    assert_eq!(count().json()["data"], (counted + 1).to_string());
    // Nothing that was acknowledged is lost.
    let mut server = server;
    server.signal(Signal::KILL);
    server.exit_code();
    let folder = std::mem::replace(&mut server.folder, Folder::new(&[]));
    drop(server);
    let server = on(&disk, folder, &["--data", &data]);
    let keys = as_admin(&server, "GET", "v1/workers?keysOnly=true", &Value::Null).json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 3 + saved, "{keys}");
    for number in 0..saved {
        assert_eq!(server.execute(&format!("w{number}"), "").json()["data"], number);
    }
    assert_eq!(server.execute("echo", "1").json()["data"], json!([1]));
    assert_eq!(server.execute("counts", "").json()["data"], (counted + 2).to_string());
}

#[test]
fn a_full_cache_costs_time_and_nothing_else() {
    // The key has room, the runtime has not.
    let Some(disk) = Disk::new(256) else { return };
    let folder = Folder::new(&[]);
    std::fs::create_dir(folder.path("workers")).unwrap();
    let server = on(&disk, folder, &["--cache", &disk.path("cache")]);
    disk.fill();
    create(&server, &deploy_body("echo", ECHO));
    server.is_well();
    let module = wat::parse_str(super::json::WASI_ECHO).unwrap();
    assert_eq!(server.connect().ask(upload("module", &module)).status, 201);
    assert_eq!(server.execute("module", "[2]").json()["data"], json!([2]));
    let left = std::fs::read_dir(disk.outside("cache")).unwrap();
    let left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_string_lossy().ends_with(".draft")),
        "{left:?}"
    );
}

#[test]
fn a_database_that_is_down_or_hung_stops_saves_and_nothing_else() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database();
    let server = start(&["--database".to_owned(), url.clone()]);
    create(&server, &deploy_body("echo", ECHO));
    create(&server, &deploy_body("counts", COUNTS));
    let user = token(&server, &["--admin", "--database", &url]);
    let mut counted = 0;
    for hung in [false, true] {
        // Known before.
        assert_eq!(call(&server, "POST", "v1/execute/echo", &user, "1").status, 200);
        assert_eq!(server.execute("counts", "").status, 200);
        counted += 1;
        if hung {
            cluster.signal("-STOP");
        } else {
            cluster.stop();
        }
        let begun = Instant::now();
        for _ in 0..20 {
            server.is_well();
            assert_eq!(call(&server, "POST", "v1/execute/echo", &user, "1").status, 200);
        }
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        // All at once, so that they would be seen to wait for each other.
        let ask = |request: &dyn AsRef<[u8]>| {
            let mut client = server.connect();
            client.send(request).unwrap();
            client
        };
        let mut waiting: Vec<Client> = vec![
            ask(&admins("POST", "v2/workers", &deploy_body("new", ECHO))),
            ask(&admins("PUT", "v2/workers", &deploy_body("echo", ECHO))),
            ask(&admins("DELETE", "v2/workers/echo", &Value::Null)),
            ask(&upload("module", &wat::parse_str(super::json::WASI_ECHO).unwrap())),
            ask(&request("counts", "")),
            ask(&request("counts", "")),
            ask(&request("counts", "")),
            ask(&request("counts", "")),
        ];
        let begun = Instant::now();
        let mut took = Vec::new();
        for client in &mut waiting {
            assert_unavailable(&client.answer().unwrap());
            took.push(begun.elapsed());
        }
        println!("hung {hung}: {took:?}");
        assert!(begun.elapsed() < BOUND, "{took:?}");
        assert_eq!((probe(&server, "readiness"), probe(&server, "liveness")), (200, 200));
        server.is_well();
        if hung {
            cluster.signal("-CONT");
        } else {
            cluster.restart();
        }
        // Without a restart of the host, and without anything lost.
        let begun = Instant::now();
        while as_admin(&server, "PUT", "v2/workers", &deploy_body("echo", ECHO)).status != 204 {
            assert!(begun.elapsed() < BOUND, "it does not recover");
        }
        let next = server.execute("counts", "").json()["data"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        // What was answered with 503 may have been written.
        assert!((counted + 1..=counted + 5).contains(&next), "{next} after {counted}");
        counted = next;
    }
    wait_for_history(&server, "v1/execution_history?workerKey=echo&limit=1000", 84);
}
