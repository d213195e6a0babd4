//! A table for the tests of writing.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use super::connect::{AccessMode, open};
use super::{AnyConn, Location};
use crate::error::Result;

#[derive(QueryableByName)]
pub(super) struct TestRow {
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

pub(super) fn insert(conn: &mut AnyConn, n: i64) -> Result<i64> {
    sql_query("INSERT INTO t VALUES ($1)")
        .bind::<BigInt, _>(n)
        .execute(conn)?;
    Ok(n)
}

/// A database with a table.
pub(super) fn table() -> (tempfile::TempDir, AnyConn) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut conn = open(&Location::Sqlite(folder.path().join("t.db")), AccessMode::Write).expect("a database");
    conn.batch_execute("CREATE TABLE t (n BIGINT PRIMARY KEY)")
        .expect("a table");
    (folder, conn)
}
