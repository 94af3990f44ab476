//! A statement with its arguments, on a pool or in a transaction.

use super::{Error, Result};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{Any, Executor, FromRow, SqlSafeStr};

/// The arguments of a statement, `$1` first.
macro_rules! args {
    ($($value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "some statements have no arguments")]
        let mut arguments = sqlx::any::AnyArguments::default();
        $(sqlx::Arguments::add(&mut arguments, $value).map_err(sqlx::Error::Encode)?;)*
        arguments
    }};
}
pub(super) use args;

/// The number of rows that a statement wrote.
pub(super) async fn run<'e>(
    on: impl Executor<'e, Database = Any>,
    sql: impl SqlSafeStr,
    arguments: AnyArguments,
) -> Result<u64> {
    Ok(sqlx::query_with(sql, arguments).execute(on).await?.rows_affected())
}

/// All rows.
pub(super) async fn all<'e, T: for<'r> FromRow<'r, AnyRow> + Send + Unpin>(
    on: impl Executor<'e, Database = Any>,
    sql: impl SqlSafeStr,
    arguments: AnyArguments,
) -> Result<Vec<T>> {
    Ok(sqlx::query_as_with(sql, arguments).fetch_all(on).await?)
}

/// The row, if there is one.
pub(super) async fn optional<'e, T: for<'r> FromRow<'r, AnyRow> + Send + Unpin>(
    on: impl Executor<'e, Database = Any>,
    sql: impl SqlSafeStr,
    arguments: AnyArguments,
) -> Result<Option<T>> {
    Ok(sqlx::query_as_with(sql, arguments).fetch_optional(on).await?)
}

/// The row; `NotFound` without.
pub(super) async fn one<'e, T: for<'r> FromRow<'r, AnyRow> + Send + Unpin>(
    on: impl Executor<'e, Database = Any>,
    sql: impl SqlSafeStr,
    arguments: AnyArguments,
) -> Result<T> {
    optional(on, sql, arguments).await?.ok_or(Error::NotFound)
}
