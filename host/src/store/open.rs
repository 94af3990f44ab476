//! Opens a store: connections, their settings, migrations.

use super::{Error, Inner, Keys, Result, Store, sqlite, token, within, writer};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, ConnectOptions, Connection, Executor, SqlSafeStr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Once};
use std::time::Duration;

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file in this folder, made when it is not there.
    Sqlite(PathBuf),
    /// `postgres://user:password@host:port/name`
    Postgres(String),
}

/// Who opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The one server of a data folder.
    Server,
    /// An administrative command, beside the server.
    Command,
}

/// How to open.
pub struct Config {
    /// Where the data is.
    pub database: Database,
    /// Who opens.
    pub role: Role,
    /// What seals the secrets.
    pub keys: Keys,
    /// After it a call is `Unavailable`; 5 s when in doubt.
    pub timeout: Duration,
    /// Connections for PostgreSQL, or for reading on SQLite.
    pub connections: u32,
}

/// Migrations may wait for another host's, and may take longer than a query.
const MIGRATION_TIMEOUT: Duration = Duration::from_secs(120);

const SQLITE: &[&str] = &[include_str!("../../migrations/sqlite/0001_first.sql")];
const POSTGRES: &[&str] = &[include_str!("../../migrations/postgres/0001_first.sql")];

// A commit is on the disk before it is answered: in WAL mode that takes FULL. The log is copied back when it has some
// 32 MiB instead of 4: at thousands of executions a second that would be several times a second.
const SQLITE_SETTINGS: &str = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8000; \
    PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";

impl Store {
    /// Opens the store, bringing its tables up to date first, which only one does at a time.
    pub async fn open(config: Config) -> Result<Self> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let timeout = config.timeout;
        let (read, write, parameters, lock) = match &config.database {
            Database::Sqlite(folder) => {
                let lock = sqlite::prepare(folder, config.role).await?;
                let options = sqlite::options(&sqlite::file(folder))?;
                let pool = || pool(timeout, SQLITE_SETTINGS.into()).test_before_acquire(false);
                let write = pool()
                    .max_connections(1)
                    .after_release(|connection, _| Box::pin(ended(connection)));
                let write = write.connect_with(options.clone()).await?;
                let read = pool().max_connections(config.connections).connect_with(options).await?;
                (read, write, writer::Parameters::InOrder, lock)
            }
            Database::Postgres(url) => {
                let options = AnyConnectOptions::from_str(url)
                    .map_err(|error| Error::Refused(format!("the URL of the database is not valid: {error}")))?
                    .disable_statement_logging();
                migrate(options.clone(), POSTGRES, timeout).await?;
                // The server gives up too, so that nothing piles up there.
                let settings = format!(
                    "SET application_name = 'host'; SET statement_timeout = {0};
                     SET idle_in_transaction_session_timeout = {0}; SET client_min_messages = warning;",
                    timeout.as_millis()
                );
                let pool = pool(timeout, settings)
                    .max_connections(config.connections)
                    .connect_with(options)
                    .await?;
                (pool.clone(), pool, writer::Parameters::Numbered, None)
            }
        };
        let store = Self(Arc::new(Inner {
            history: writer::Writer::start(write.clone(), parameters, timeout),
            read,
            write,
            keys: config.keys,
            tokens: token::Cache::default(),
            timeout,
            _lock: lock,
        }));
        store.check_key().await?;
        Ok(store)
    }
}

fn pool(timeout: Duration, settings: String) -> AnyPoolOptions {
    let settings: Arc<str> = settings.into();
    AnyPoolOptions::new()
        .acquire_timeout(timeout)
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move {
                let settings = sqlx::raw_sql(sqlx::AssertSqlSafe(&*settings));
                connection.execute(settings).await.map(drop)
            })
        })
}

/// Whether the last transaction has ended, and the connection can be used again. When its disk is full, SQLite may roll
/// back by itself; then sqlx cannot, and counts the transaction as open for ever. The next ones would be within it:
/// answered, seen by their own connection, and never written.
async fn ended(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    // Behind the rollback that a dropped transaction has asked for.
    connection.ping().await?;
    let ended = !connection.is_in_transaction();
    if !ended {
        tracing::warn!("a transaction could not be rolled back: the connection to the database is opened anew");
    }
    Ok(ended)
}

/// Applies the SQLite migrations.
pub(super) async fn migrate_sqlite(options: AnyConnectOptions) -> Result<()> {
    migrate(options, SQLITE, MIGRATION_TIMEOUT).await
}

async fn migrate(options: AnyConnectOptions, texts: &[&'static str], timeout: Duration) -> Result<()> {
    let migration = |(number, text): (i64, &&'static str)| {
        Migration::new(number, "".into(), MigrationType::Simple, (*text).into_sql_str(), false)
    };
    let migrator = Migrator::with_migrations((1..).zip(texts).map(migration).collect());
    // One connection, in a pool because that is what a migrator can take in a future that is sent.
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(timeout);
    let pool = pool.connect_with(options).await?;
    within(MIGRATION_TIMEOUT, async { Ok(migrator.run(&pool).await?) }).await?;
    pool.close().await;
    Ok(())
}
