//! Pools of connections; and PostgreSQL's writes, each a transaction that runs again where it collides with another.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection};

use super::connect::{self, AccessMode, AnyConn};
use super::failure::{COLLIDED, busy, caught, unreachable};
use super::location::Location;
use crate::error::{Error, Result};

/// How often a write that collided runs again.
const AGAIN: u32 = 3;

/// A connection of a pool.
pub(super) struct PooledConn {
    pub conn: AnyConn,
    /// Its server went away: it is not used again.
    lost: bool,
}

/// Opens a pool's connections.
pub(super) struct Manager {
    location: Location,
    mode: AccessMode,
}

impl ManageConnection for Manager {
    type Connection = PooledConn;
    type Error = Error;

    fn connect(&self) -> Result<PooledConn> {
        let conn = connect::open(&self.location, self.mode)?;
        Ok(PooledConn { conn, lost: false })
    }

    /// One round trip. Not with an empty query: diesel takes its answer for a failure.
    fn is_valid(&self, pooled: &mut PooledConn) -> Result<()> {
        Ok(pooled.conn.batch_execute("SELECT 1")?)
    }

    /// Says what the last user saw. A server that went away since then is noticed when the connection is given out: for
    /// readers by `is_valid`, for writers by BEGIN.
    fn has_broken(&self, pooled: &mut PooledConn) -> bool {
        pooled.lost
    }
}

/// Opens a pool of at most so many connections.
pub(super) fn open(location: &Location, size: u32, mode: AccessMode) -> Result<Pool<Manager>> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        // A file does not go away; a server may, and comes back. Who writes sees it by beginning.
        .test_on_check_out(matches!(location, Location::Postgres(_)) && mode == AccessMode::Read)
        .connection_timeout(Duration::from_secs(10))
        .build(Manager {
            location: location.clone(),
            mode,
        })
        .map_err(|e| Error::unavailable("database-unreachable", format!("database {location}: {e}"), 10))
}

/// Writes in a transaction on a connection of the pool.
pub(super) fn write<T>(pool: &Pool<Manager>, f: impl Fn(&mut AnyConn) -> Result<T>) -> Result<T> {
    let mut tries = 0;
    loop {
        match run_transaction(&mut *begin(pool)?, &f) {
            Err(e) if e.code == COLLIDED && tries < AGAIN => tries += 1,
            Err(e) if e.code == COLLIDED => return Err(busy("the database is busy with the same rows")),
            done => return done,
        }
    }
}

/// A connection with an open transaction. BEGIN also shows whether the server is still there, which saves a question.
/// Lost connections go back marked as lost, until one answers or all were tried.
fn begin(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>> {
    let mut tries = 0;
    loop {
        let mut pooled = pool.get().map_err(|e| unreachable(&e))?;
        match pooled.conn.batch_execute("BEGIN") {
            Ok(()) => return Ok(pooled),
            Err(e) if tries > pool.max_size() => return Err(unreachable(&e)),
            Err(_) => (pooled.lost, tries) = (true, tries + 1),
        }
    }
}

/// Runs a write in the open transaction and ends the transaction. A connection on which that fails is not used again.
fn run_transaction<T>(pooled: &mut PooledConn, f: impl Fn(&mut AnyConn) -> Result<T>) -> Result<T> {
    let done = caught(|| f(&mut pooled.conn));
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = pooled.conn.batch_execute(end);
    pooled.lost = ended.is_err();
    match (done, ended) {
        (Ok(done), Ok(())) => Ok(done),
        (Ok(_), Err(e)) => Err(e.into()),
        (Err(e), _) => Err(e),
    }
}
