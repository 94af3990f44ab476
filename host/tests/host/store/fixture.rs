//! A store of its own for a test, on either database.

use super::cluster;
use host::store::{
    Code, Config, Database, Definition, Entry, Key, Keys, Labels, Mode, NewToken, OpenAs, Result, Save, Saved, Store,
};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// When everything is saved.
pub const NOW: i64 = 1000;

/// An empty database; `open` opens it as often as one likes.
pub struct Fixture {
    pub database: Database,
    /// Kept for as long as the test runs.
    _folder: Option<TempDir>,
}

impl Fixture {
    pub fn sqlite() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(folder.path().join("da ta%"));
        Some(Self {
            database,
            _folder: Some(folder),
        })
    }

    pub fn postgres() -> Option<Self> {
        let database = Database::Postgres(cluster::shared()?.database());
        Some(Self {
            database,
            _folder: None,
        })
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self.database, Database::Sqlite(_))
    }

    /// Opens as the server.
    pub async fn open(&self) -> Store {
        open(&self.database, OpenAs::Server, keys(1, &[])).await.unwrap()
    }

    /// Opens as somebody else beside the server: another host where that may be.
    pub async fn beside(&self) -> Store {
        open(&self.database, OpenAs::Command, keys(1, &[])).await.unwrap()
    }
}

pub async fn open(database: &Database, role: OpenAs, keys: Keys) -> Result<Store> {
    let config = Config {
        database: database.clone(),
        role,
        keys,
        timeout: Duration::from_secs(5),
        connections: 4,
    };
    Store::open(config).await
}

pub fn keys(current: u8, previous: &[u8]) -> Keys {
    Keys {
        current: Key::new(&[current; 32]),
        previous: previous.iter().map(|byte| Key::new(&[*byte; 32])).collect(),
    }
}

pub fn sqlite_folder(database: &Database) -> &Path {
    match database {
        Database::Sqlite(folder) => folder,
        Database::Postgres(_) => panic!("not SQLite"),
    }
}

pub fn definition() -> Definition {
    Definition {
        project: None,
        application: "worker".into(),
        action: "GENERIC_EVENT".into(),
        description: "Says \u{1f600}".into(),
        enabled: true,
        debug: false,
        shared: false,
        filter: None,
        settings: r#"{"limits":{}}"#.into(),
    }
}

pub fn source(text: &str) -> Option<(Code, Labels)> {
    Some((Code::Source(text.into()), Labels::default()))
}

pub fn save(key: &str, mode: Mode) -> Save<'_> {
    Save {
        key,
        mode,
        definition: definition(),
        code: source("one"),
        secrets: Vec::new(),
        by: "alice",
        now: NOW,
    }
}

pub async fn create(store: &Store, key: &str) -> Saved {
    store.save(save(key, Mode::Create)).await.unwrap()
}

pub fn entry(number: i64) -> Entry {
    Entry {
        execution: format!("e{number:06}"),
        worker: "w".into(),
        action: "GENERIC_EVENT".into(),
        success: true,
        outcome: "success".into(),
        started: 1000 + number,
        ended: 1001 + number,
        triggered_by: "alice".into(),
        payload: Some(r#"{"foo":"bar"}"#.into()),
        result: Some("{}".into()),
        logs: "[info ] - line\0\n".into(),
        usage: r#"{"cpuTimeMillis":1}"#.into(),
        ..Entry::default()
    }
}

/// A token whose hash is `byte` 32 times.
pub fn token(byte: u8, subject: &str) -> NewToken {
    NewToken {
        hash: [byte; 32],
        subject: subject.into(),
        role: "applied-permissions/user".into(),
        expires: None,
        created_by: None,
        now: NOW,
    }
}
