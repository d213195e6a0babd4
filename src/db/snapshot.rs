//! One moment of a database, for what reads much of it.

use diesel::connection::SimpleConnection;

use super::AnyConn;
use crate::error::Result;

/// Runs in one snapshot of the database, which ends without a trace.
///
/// # Errors
/// The database cannot be read, or what `f` fails with.
pub fn snapshot<T>(conn: &mut AnyConn, f: impl FnOnce(&mut AnyConn) -> Result<T>) -> Result<T> {
    conn.batch_execute(match conn {
        AnyConn::Pg(_) => "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
        AnyConn::Sqlite(_) => "BEGIN",
    })?;
    let done = f(conn);
    let ended = conn.batch_execute("ROLLBACK");
    let done = done?;
    ended?;
    Ok(done)
}
