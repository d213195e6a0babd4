//! A connection to a server that one user keeps, and what that user remembers of what it saw there.
//!
//! A server's process that has seen something committed goes on seeing it for as long as it lives: after a crash, or on
//! another server that took over, there are other processes. So the memory goes with the connection, and each connection
//! bears a mark that its process alone knows. A statement that builds on what is remembered asks for the mark
//! (`current_setting('casetrail.session', true)`), and so writes nothing where something in between handed the
//! connection to another process. The mark begins with the number of the table `events`, which is another one where the
//! tables were restored under a living connection.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};

use super::AnyConn;
use super::connect::{self, Purpose};
use super::failure::{caught, unreachable};
use super::location::Location;
use super::pool::{PooledConn, run_transaction};
use crate::clock::random;
use crate::error::Result;
use crate::proof::id::hex;

/// How long a connection that could not be opened is not tried again.
const PAUSE: Duration = Duration::from_secs(2);

/// The connection, opened when it is first used and again after any failure; `M` is what is remembered.
pub struct Session<M> {
    location: Location,
    open: Option<Open<M>>,
    /// When it could not be opened.
    failed: Option<Instant>,
}

struct Open<M> {
    kept: PooledConn,
    /// The mark, without the table's number.
    mark: String,
    memory: M,
}

impl<M: Default> Session<M> {
    pub(super) fn new(location: Location) -> Self {
        Self {
            location,
            open: None,
            failed: None,
        }
    }

    /// Opens the connection where it is not open. `false` where that cannot be done now: nothing was sent, and its user
    /// goes the common way.
    pub fn ready(&mut self) -> bool {
        let resting = self.failed.is_some_and(|at| at.elapsed() < PAUSE);
        if self.open.is_none() && !resting {
            match Self::connect(&self.location) {
                Ok(open) => (self.open, self.failed) = (Some(open), None),
                Err(e) => {
                    tracing::warn!(error = %e, "a connection to the database that somebody keeps cannot be opened; all goes on without it, slower");
                    self.failed = Some(Instant::now());
                }
            }
        }
        self.open.is_some()
    }

    /// What is remembered, where there is anything.
    pub fn memory(&mut self) -> Option<&mut M> {
        self.open.as_mut().map(|open| &mut open.memory)
    }

    /// Runs one statement, in no transaction but its own. It is given the connection's mark. Any failure ends the
    /// connection: whether the statement was run is then not known.
    pub fn at_once<T>(&mut self, f: impl FnOnce(&mut AnyConn, &str) -> Result<T>) -> Result<T> {
        self.using(|open| caught(|| f(&mut open.kept.conn, &open.mark)))
    }

    /// Writes in a transaction: all that `f` does, or nothing. Any failure ends the connection.
    pub fn write<T>(&mut self, f: &(dyn Fn(&mut AnyConn) -> Result<T> + Send + Sync)) -> Result<T> {
        self.using(|open| {
            open.kept.conn.batch_execute("BEGIN").map_err(|e| unreachable(&e))?;
            run_transaction(&mut open.kept, f)
        })
    }

    /// The connection is put back only when all went well: nobody finds one in the midst of something.
    fn using<T>(&mut self, f: impl FnOnce(&mut Open<M>) -> Result<T>) -> Result<T> {
        self.ready();
        let mut open = self.open.take().ok_or_else(|| unreachable(&"it cannot be opened"))?;
        let done = f(&mut open)?;
        self.open = Some(open);
        Ok(done)
    }

    fn connect(location: &Location) -> Result<Open<M>> {
        let mut conn = connect::open(location, Purpose::Write)?;
        let mark = hex(&random::<16>());
        sql_query("SELECT set_config('casetrail.session', 'events'::regclass::oid::text || '-' || $1, false) AS mark")
            .bind::<Text, _>(&mark)
            .get_result::<Marked>(&mut conn)?;
        Ok(Open {
            kept: PooledConn { conn, lost: false },
            mark,
            memory: M::default(),
        })
    }
}

#[derive(QueryableByName)]
struct Marked {
    #[diesel(sql_type = Text)]
    #[expect(dead_code, reason = "the setting is what the query is for")]
    mark: String,
}
