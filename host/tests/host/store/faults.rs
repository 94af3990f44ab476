//! What the store does when something breaks.

use super::cluster::Cluster;
use super::fixture::{Fixture, create, entry, keys, open, save, source, sqlite_folder, token};
use host::store::*;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CHILD: &str = "STORE_TEST_CHILD";

async fn refusal(fixture: &Fixture) -> String {
    match open(&fixture.database, OpenAs::Server, keys(1, &[])).await {
        Err(Error::Refused(sentence)) => sentence,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it opened"),
    }
}

#[tokio::test]
async fn a_second_server_is_refused() {
    let fixture = Fixture::sqlite().unwrap();
    let first = fixture.open().await;
    let sentence = refusal(&fixture).await;
    assert!(sentence.contains("another host serves the data folder"), "{sentence}");
    create(&fixture.beside().await, "w").await;
    assert!(first.worker("w").await.unwrap().is_some());
    drop(first);
    fixture.open().await;
}

#[tokio::test]
async fn the_file_is_private() {
    let fixture = Fixture::sqlite().unwrap();
    let store = fixture.open().await;
    create(&store, "w").await;
    let folder = sqlite_folder(&fixture.database);
    let mut names = Vec::new();
    for file in folder.read_dir().unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        ["host.db", "host.db-shm", "host.db-wal", "migration.lock", "server.lock"]
    );
}

#[tokio::test]
async fn a_damaged_file_refuses_the_start() {
    let fixture = Fixture::sqlite().unwrap();
    let store = fixture.open().await;
    for number in 0..200 {
        let mut worker = save("", Mode::Create);
        let key = format!("w{number}");
        (worker.key, worker.code) = (&key, source(&"x".repeat(2000)));
        store.save(worker).await.unwrap();
    }
    store.close(Duration::from_secs(5)).await;
    drop(store);
    let folder = sqlite_folder(&fixture.database);
    let path = folder.join("host.db");
    assert!(!folder.join("host.db-wal").exists(), "a clean end leaves one file");
    let whole = std::fs::read(&path).unwrap();
    let middle = whole.len() / 2;
    let mut scribbled = whole.clone();
    scribbled[middle..middle + 8192].fill(0xa5);
    let mut headless = whole.clone();
    headless[..100].fill(0);
    let cases: [(&str, Vec<u8>); 5] = [
        ("empty", Vec::new()),
        ("noise", vec![0x5a; 8192]),
        ("half", whole[..middle].to_vec()),
        ("scribbled over", scribbled),
        ("no header", headless),
    ];
    for (name, bytes) in cases {
        std::fs::write(&path, bytes).unwrap();
        let sentence = refusal(&fixture).await;
        assert!(
            sentence.contains("is damaged") && sentence.contains("host.db"),
            "{name}: {sentence}"
        );
    }
    std::fs::write(&path, whole).unwrap();
    assert_eq!(
        fixture
            .open()
            .await
            .workers(&WorkerFilter::default(), "", 1000)
            .await
            .unwrap()
            .len(),
        200
    );
    // A log without its database is not a new beginning either.
    std::fs::rename(&path, folder.join("host.db-wal")).unwrap();
    assert!(refusal(&fixture).await.contains("the database it belongs to is gone"));
}

#[tokio::test]
async fn a_database_that_is_down_is_unavailable_and_comes_back() {
    let Some(cluster) = Cluster::start() else { return };
    let database = Database::Postgres(cluster.database());
    let config = |database| Config {
        database,
        role: OpenAs::Server,
        keys: keys(1, &[]),
        timeout: Duration::from_secs(1),
        connections: 4,
    };
    let store = Store::open(config(database.clone())).await.unwrap();
    create(&store, "w").await;
    let alice = store.add_token(token(1, "alice")).await.unwrap();
    assert!(store.token(alice.hash).await.unwrap().is_some());
    for hung in [false, true] {
        if hung {
            cluster.signal("-STOP");
        } else {
            cluster.stop();
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        store.record(entry(i64::from(hung)));
        let begun = Instant::now();
        assert!(matches!(store.worker("w").await, Err(Error::Unavailable(_))));
        assert!(matches!(
            store.save(save("x", Mode::Create)).await,
            Err(Error::Unavailable(_))
        ));
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        let begun = Instant::now();
        assert!(store.token(alice.hash).await.unwrap().is_some(), "known tokens go on");
        assert!(store.token(alice.hash).await.unwrap().is_some());
        assert!(begun.elapsed() < Duration::from_millis(900));
        assert!(
            matches!(store.token([2; 32]).await, Err(Error::Unavailable(_))),
            "others cannot be known"
        );
        if hung {
            cluster.signal("-CONT");
        } else {
            cluster.restart();
        }
        let begun = Instant::now();
        while store.revision().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        while store.history_counters().waiting > 0 {
            assert!(begun.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        store.save(save("w", Mode::Update(None))).await.unwrap();
    }
    assert_eq!(store.history(&Filter::default(), None, 10).await.unwrap().len(), 2);
    let nowhere = Database::Postgres("postgres://host@127.0.0.1:1/x".into());
    assert!(matches!(Store::open(config(nowhere)).await, Err(Error::Unavailable(_))));
    let nonsense = Database::Postgres("postgres://host:port/x".into());
    assert!(matches!(Store::open(config(nonsense)).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_on_sqlite() {
    survives(Fixture::sqlite().unwrap()).await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9_on_postgres() {
    let Some(fixture) = Fixture::postgres() else { return };
    survives(fixture).await;
}

async fn survives(fixture: Fixture) {
    const KILLS: u64 = 20;
    let place = match &fixture.database {
        Database::Sqlite(folder) => folder.to_str().unwrap().to_owned(),
        Database::Postgres(url) => url.clone(),
    };
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::faults::child_that_deploys",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, &place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        // Not before it is open, so that it does something; then at any point.
        let mut line = String::new();
        while !line.contains("open") {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "the child ended");
        }
        std::thread::sleep(Duration::from_micros(kill * 7919 % 100_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        // What was printed in full was acknowledged before.
        let complete = rest.rfind('\n').map_or("", |end| &rest[..end]);
        let last = complete.lines().rev().find_map(|line| line.strip_prefix("saved "));
        acknowledged = last.map_or(acknowledged, |number| number.parse().unwrap());
        let store = fixture.open().await;
        let found = store.workers(&WorkerFilter::default(), "", 100_000).await.unwrap();
        assert!(found.len() as u64 >= acknowledged, "{} of {acknowledged}", found.len());
        assert!(found.len() as u64 <= acknowledged + 1, "one may have been on its way");
        acknowledged = found.len() as u64;
        for (number, worker) in found.iter().enumerate() {
            assert_eq!(worker.key, format!("w{number:06}"));
            assert_eq!(worker.secrets, ["s"]);
            let module = store
                .module(&worker.key, worker.current.module.as_ref().unwrap())
                .await
                .unwrap();
            assert_eq!(
                module.unwrap(),
                worker.key.as_bytes().repeat(1000),
                "none is half there"
            );
        }
        store.close(Duration::from_secs(1)).await;
    }
    println!("{acknowledged} deploys over {KILLS} kills");
    assert!(acknowledged > KILLS);
}

/// Not a test: what `survives` runs and kills.
#[tokio::test]
async fn child_that_deploys() {
    let Ok(place) = std::env::var(CHILD) else { return };
    let database = if place.starts_with("postgres:") {
        Database::Postgres(place)
    } else {
        Database::Sqlite(place.into())
    };
    let store = open(&database, OpenAs::Server, keys(1, &[])).await.unwrap();
    let mut next = store
        .workers(&WorkerFilter::default(), "", 100_000)
        .await
        .unwrap()
        .len();
    println!("open");
    loop {
        let key = format!("w{next:06}");
        let module = key.as_bytes().repeat(1000);
        let mut worker = save(&key, Mode::Create);
        worker.code = Some((Code::Module(module), Labels::default()));
        worker.secrets = vec![SecretChange::Set("s".into(), key.clone())];
        store.save(worker).await.unwrap();
        store.record(entry(i64::try_from(next).unwrap()));
        next += 1;
        println!("saved {next}");
    }
}
