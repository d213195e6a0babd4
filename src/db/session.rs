//! A connection to a server that one user keeps, and what that user remembers of what it saw there.
//!
//! A server's process that has seen something committed goes on seeing it for as long as it lives: after a crash, a
//! restore or a change to another server there are other processes. So the memory goes with the connection, and each
//! connection bears a mark that its process alone knows: a statement that builds on what is remembered asks for the
//! mark (`current_setting('casetrail.session', true)`), and is safe even where something in between hands connections
//! from one process to another.

use diesel::connection::SimpleConnection;

use super::connect::{self, Kept, Location, Purpose};
use super::{AnyConn, unreachable, writer};
use crate::clock::random;
use crate::error::Result;
use crate::proof::id::hex;

/// The connection, opened when it is first used and again after any failure; `M` is what is remembered.
pub struct Session<M> {
    location: Location,
    open: Option<Open<M>>,
}

struct Open<M> {
    kept: Kept,
    mark: String,
    memory: M,
}

impl<M: Default> Session<M> {
    pub(super) fn new(location: Location) -> Self {
        Self { location, open: None }
    }

    /// What is remembered, where there is anything.
    pub fn memory(&mut self) -> Option<&mut M> {
        self.open.as_mut().map(|open| &mut open.memory)
    }

    /// Runs one statement, in no transaction but its own. It is given the connection's mark. Any failure ends the
    /// connection: whether the statement was run is then not known.
    pub fn at_once<T>(&mut self, f: impl FnOnce(&mut AnyConn, &str) -> Result<T>) -> Result<T> {
        self.using(|open| writer::caught(|| f(&mut open.kept.conn, &open.mark)))
    }

    /// Writes in a transaction: all that `f` does, or nothing. Any failure ends the connection.
    pub fn write<T>(&mut self, f: &(dyn Fn(&mut AnyConn) -> Result<T> + Send + Sync)) -> Result<T> {
        self.using(|open| {
            open.kept.conn.batch_execute("BEGIN").map_err(|e| unreachable(&e))?;
            writer::alone(&mut open.kept, f)
        })
    }

    /// The connection is put back only when all went well: nobody finds one in the midst of something.
    fn using<T>(&mut self, f: impl FnOnce(&mut Open<M>) -> Result<T>) -> Result<T> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => Self::connect(&self.location)?,
        };
        let done = f(&mut open)?;
        self.open = Some(open);
        Ok(done)
    }

    fn connect(location: &Location) -> Result<Open<M>> {
        let mut conn = connect::open(location, Purpose::Write)?;
        let mark = hex(&random::<16>());
        conn.batch_execute(&format!("SET casetrail.session = '{mark}'"))?;
        Ok(Open {
            kept: Kept { conn, lost: false },
            mark,
            memory: M::default(),
        })
    }
}
