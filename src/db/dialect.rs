//! Statements that differ between the two databases.

use diesel::sql_types::{BigInt, Text};
use diesel::{OptionalExtension, QueryableByName, RunQueryDsl, sql_query};

use super::AnyConn;
use crate::error::Result;

/// A statement that ends in the row lock where the database has one: SQLite's writer holds the whole database.
pub fn locking(conn: &AnyConn, query: &str) -> String {
    match conn {
        AnyConn::Pg(_) => format!("{query} FOR UPDATE"),
        AnyConn::Sqlite(_) => query.to_owned(),
    }
}

#[derive(QueryableByName)]
struct One {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Locks one row of a table by its id until the transaction ends; `false` when there is none.
pub fn lock_row(conn: &mut AnyConn, table: &'static str, id: &str) -> Result<bool> {
    let query = locking(
        conn,
        &format!("SELECT CAST(1 AS BIGINT) AS n FROM {table} WHERE id = $1"),
    );
    let row: Option<One> = sql_query(query)
        .bind::<Text, _>(id.to_owned())
        .get_result(conn)
        .optional()?;
    Ok(row.is_some_and(|r| r.n == 1))
}
