//! Statements that differ between the two databases.

use super::AnyConn;

/// A statement that ends in the row lock where the database has one: SQLite's writer holds the whole database.
pub fn locking(conn: &AnyConn, query: &str) -> String {
    match conn {
        AnyConn::Pg(_) => format!("{query} FOR UPDATE"),
        AnyConn::Sqlite(_) => query.to_owned(),
    }
}
