//! What can go wrong, in the words of whoever reads it, and what the drivers' errors come to.

use sqlx::error::{DatabaseError, ErrorKind};

/// Why a call failed. The texts are for operators, except those of `Invalid`, which are for clients.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing.
    #[error("there is no such entry")]
    NotFound,
    /// It exists already.
    #[error("it exists already")]
    Exists,
    /// It changed since the caller read it.
    #[error("it was changed by somebody else")]
    Changed,
    /// What was asked for cannot be.
    #[error("{0}")]
    Invalid(String),
    /// The database is down, hung or full: try later. Whether a write happened is unknown.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The store must not be used as it is; ends a start.
    #[error("{0}")]
    Refused(String),
    /// What was read is not what was written.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// A fault of ours.
    #[error("the database refused a statement: {0}")]
    Internal(sqlx::Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Database(ref cause) => from_database(&**cause).unwrap_or(Self::Internal(error)),
            sqlx::Error::Io(cause) => Self::Unavailable(cause.to_string()),
            sqlx::Error::Tls(cause) => Self::Unavailable(cause.to_string()),
            sqlx::Error::Protocol(cause) => Self::Unavailable(cause),
            sqlx::Error::PoolTimedOut => Self::Unavailable("no connection could be had in time".into()),
            sqlx::Error::PoolClosed => Self::Unavailable("the store is closed".into()),
            sqlx::Error::WorkerCrashed => Self::Unavailable("the thread of SQLite ended".into()),
            other => Self::Internal(other),
        }
    }
}

fn from_database(error: &dyn DatabaseError) -> Option<Error> {
    match error.kind() {
        ErrorKind::UniqueViolation => return Some(Error::Exists),
        ErrorKind::ForeignKeyViolation => return Some(Error::NotFound),
        ErrorKind::NotNullViolation | ErrorKind::CheckViolation | ErrorKind::ExclusionViolation => return None,
        _ => {}
    }
    let text = error.message().to_owned();
    let code = error.code()?;
    // Five characters are PostgreSQL's; SQLite's are numbers, the primary one in the low byte.
    if code.len() == 5 {
        return match (&code[..2], &*code) {
            (_, "53100") => Some(Error::Unavailable(format!("its disk is full: {text}"))),
            (_, "XX001" | "XX002") => Some(Error::Corrupt(text)),
            // Connections, resources, shutdown and cancellation, the system; rights and names that an operator is
            // changing; transactions that lost; a replica that was taken for the primary.
            ("08" | "53" | "57" | "58" | "28" | "3D" | "40", _) | (_, "25006") => Some(Error::Unavailable(text)),
            _ => None,
        };
    }
    match code.parse::<u32>().ok()? & 0xff {
        13 => Some(Error::Unavailable("the disk is full".into())),
        // Busy, locked, read-only, input or output, cannot open.
        5 | 6 | 8 | 10 | 14 => Some(Error::Unavailable(text)),
        11 | 26 => Some(Error::Corrupt(text)),
        _ => None,
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        use sqlx::migrate::MigrateError as M;
        match error {
            M::Execute(error) | M::ExecuteMigration(error, _) => error.into(),
            M::VersionMissing(number) | M::VersionTooNew(number, _) => Self::Refused(format!(
                "the database was made by a newer host (migration {number} is not known here); use that one"
            )),
            other => Self::Refused(format!("the database cannot be brought up to date: {other}")),
        }
    }
}
