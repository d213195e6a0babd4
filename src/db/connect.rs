//! Opens a connection to either database, with the settings that durability rests on.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};

use super::location::Location;
use crate::error::{Error, Result};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum AnyConn {
    /// PostgreSQL.
    Pg(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessMode {
    Read,
    Write,
}

/// Opens one connection.
pub(super) fn open(location: &Location, mode: AccessMode) -> Result<AnyConn> {
    match location {
        Location::Sqlite(path) => {
            let file = path
                .to_str()
                .ok_or_else(|| Error::field("database", "utf8", "the path must be UTF-8"))?;
            let mut conn = SqliteConnection::establish(file).map_err(|e| unreachable(location, &e))?;
            // busy_timeout stands first, so that the switch to WAL itself waits for its turn. At 8 MB the
            // writer copies SQLite's log into the database itself; usually that has been done beside it (`writer`).
            conn.batch_execute(
                "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 2000;",
            )?;
            // The one writer keeps up to 8 MB of pages, and so neither reads again nor writes out early what a large
            // transaction touches.
            conn.batch_execute(match mode {
                AccessMode::Read => "PRAGMA query_only = ON;",
                AccessMode::Write => "PRAGMA cache_size = -8192;",
            })?;
            Ok(AnyConn::Sqlite(conn))
        }
        Location::Postgres(url) => {
            let mut conn = PgConnection::establish(url).map_err(|e| unreachable(location, &e))?;
            // Who waited for a stream must see what was committed meanwhile, whatever the server's own default is.
            conn.batch_execute(
                "SET client_min_messages = warning; SET synchronous_commit = on; \
                 SET default_transaction_isolation = 'read committed';",
            )?;
            Ok(AnyConn::Pg(conn))
        }
    }
}

fn unreachable(location: &Location, e: &diesel::ConnectionError) -> Error {
    Error::unavailable(
        "database-unreachable",
        format!("cannot open the database {location}: {e}"),
        10,
    )
}
