//! The file of a SQLite store: who may have it, how it begins, and whether it is whole.

use super::open::{Role, migrate_sqlite};
use super::{Error, Result};
use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions, Connection};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

const NAME: &str = "host.db";

/// The database in a data folder.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

pub(super) fn options(file: &Path) -> Result<AnyConnectOptions> {
    // As a URL: the one way that sqlx's driver-independent options have.
    let mut url = String::from("sqlite://");
    for byte in file.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => url.push(char::from(*byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    let options = AnyConnectOptions::from_str(&format!("{url}?mode=rw"))?;
    Ok(options.disable_statement_logging())
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::Refused(format!("cannot {what} {}: {error}", path.display()))
}

/// Makes the data folder and its database ready to be opened; gives the lock that a server keeps.
pub(super) async fn prepare(folder: &Path, role: Role) -> Result<Option<File>> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| failed("make the data folder", folder, &error))?;
    let locked = |name: &str| {
        let path = folder.join(name);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path);
        file.map_err(|error| failed("open", &path, &error))
    };
    let server = match role {
        Role::Command => None,
        Role::Server => {
            let file = locked("server.lock")?;
            match file.try_lock() {
                Ok(()) => Some(file),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Refused(format!(
                        "another host serves the data folder {} already; stop it, give this one a folder of its own, \
                         or let both use one PostgreSQL (--database postgres://…)",
                        folder.display()
                    )));
                }
                Err(TryLockError::Error(error)) => return Err(failed("lock", folder, &error)),
            }
        }
    };
    // Server and commands may be the first at the same time. Held until the end of this function, and briefly.
    let lock = locked("migration.lock")?;
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
    let _lock = lock
        .map_err(std::io::Error::other)
        .and_then(|locked| locked)
        .map_err(|error| failed("lock", folder, &error))?;
    let path = file(folder);
    if path.exists() {
        let damaged = |error: Error| match error {
            Error::Corrupt(what) => Error::Refused(format!(
                "the database {} is damaged ({what}); restore it from a backup, or move it away to begin anew",
                path.display()
            )),
            other => other,
        };
        check(&path).await.map_err(damaged)?;
        migrate_sqlite(options(&path)?).await.map_err(damaged)
    } else {
        make(folder, &path).await
    }?;
    Ok(server)
}

/// Makes the database under another name first, so that the file is complete once it has its own: an empty one is
/// never taken for a beginning.
async fn make(folder: &Path, path: &Path) -> Result<()> {
    let refused = |error: std::io::Error| failed("make", path, &error);
    let log = folder.join(format!("{NAME}-wal"));
    if log.exists() {
        return Err(Error::Refused(format!(
            "{} is there, but the database it belongs to is gone; restore {NAME} from a backup, or move both away",
            log.display()
        )));
    }
    let part = folder.join(format!("{NAME}.part"));
    for end in ["", "-journal"] {
        // Left by a start that was killed.
        let _ = std::fs::remove_file(folder.join(format!("{NAME}.part{end}")));
    }
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
    made.map_err(refused)?;
    migrate_sqlite(options(&part)?).await?;
    let mut connection = options(&part)?.connect().await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    if mode != "wal" {
        return Err(Error::Refused(format!(
            "SQLite cannot keep a write-ahead log in {}: a file system of the network?",
            folder.display()
        )));
    }
    File::open(&part).and_then(|file| file.sync_all()).map_err(refused)?;
    std::fs::rename(&part, path).map_err(refused)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(refused)
}

/// Looks over everything that a host needs to start. Not over modules, which are built again when they are damaged, nor
/// over history: both can be large.
async fn check(path: &Path) -> Result<()> {
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length == 0 {
        return Err(Error::Corrupt("it is empty".into()));
    }
    let mut connection: AnyConnection = options(path)?.connect().await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
         AND name NOT IN ('module', 'history')",
    )
    .fetch_all(&mut connection)
    .await?;
    if !tables.iter().any(|table| table == "worker") {
        return Err(Error::Corrupt("it is not the database of a host".into()));
    }
    for table in tables {
        let pragma = sqlx::AssertSqlSafe(format!("PRAGMA quick_check({table})"));
        let found: String = sqlx::query_scalar(pragma).fetch_one(&mut connection).await?;
        if found != "ok" {
            let found = found.lines().last().unwrap_or_default().to_owned();
            return Err(Error::Corrupt(format!("table {table}: {found}")));
        }
    }
    connection.close().await?;
    Ok(())
}
