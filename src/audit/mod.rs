//! The audit of an installation: reads every event, record, row, file and packet again and compares them with each other.
//!
//! It changes nothing, and works beside a running server: everything is read in one snapshot of the database, and the
//! last checkpoint beside the key is read before it, so that the tree can only be newer than what was signed. What is not
//! the ledger itself is made from it anew and compared (`projections`). It walks in pages; what stays in memory is some
//! hundred bytes an event and a file.

mod events;
mod files;
#[cfg(test)]
pub(crate) mod fixture;
mod packets;
mod report;
mod rows;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Text};

pub use report::{AuditCounts, AuditFinding, AuditReport, AuditedTree};

use crate::blobs::Store;
use crate::db::{AnyConn, Reader, snapshot};
use crate::error::{Error, Result};
use crate::ledger;
use crate::proof::Digest;
use crate::proof::checkpoint::Checkpoint;

/// Rows read at a time.
const PAGE: i64 = 500;

/// The folders of an installation, and checkpoints that its tree must contain.
#[derive(Debug, Clone)]
pub struct Places {
    /// Evidence files and packets.
    pub store: Arc<dyn Store>,
    /// The folder with the log's key and its last checkpoint.
    pub keys: PathBuf,
    /// A folder for what is made to be compared, and is gone afterwards.
    pub scratch: PathBuf,
    /// Checkpoints known from elsewhere that the tree must contain, each with the name of its source.
    pub known: Vec<(String, Checkpoint)>,
}

/// How far an audit is: what is read now, how much of it, of how much. An error ends the audit.
pub type Tell<'a> = dyn FnMut(&'static str, u64, u64) -> Result<()> + 'a;

/// Audits an installation. An error means that it could not be read; what is wrong with it stands in the report.
pub fn run(db: &Reader, places: &Places, tell: &mut Tell<'_>) -> Result<AuditReport> {
    let last = read_if_there(&places.keys.join("log.checkpoint"))?;
    db.read_blocking(|conn| {
        snapshot(conn, |conn| {
            let mut audit = Audit::new(conn, tell);
            audit.walk(places, last)?;
            Ok(audit.report.finish())
        })
    })
}

fn read_if_there(file: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::internal(format!("{} cannot be read: {e}", file.display()))),
    }
}

/// The state of an audit.
struct Audit<'a> {
    conn: &'a mut AnyConn,
    tell: &'a mut Tell<'a>,
    report: AuditReport,
    /// The streams met, in order.
    streams: Vec<String>,
    /// Leaves of events that were not yet met in the tree or among those that wait, and where each event stands: its
    /// stream's number in `streams`, and its place there.
    unplaced: HashMap<Digest, (usize, i64)>,
    /// Why the audit has to end while a file is read.
    stopped: Option<Error>,
}

impl<'a> Audit<'a> {
    fn new<'b: 'a>(conn: &'a mut AnyConn, tell: &'a mut Tell<'b>) -> Self {
        Self {
            conn,
            tell,
            report: AuditReport::default(),
            streams: Vec::new(),
            unplaced: HashMap::new(),
            stopped: None,
        }
    }

    fn walk(&mut self, places: &Places, last: Option<Vec<u8>>) -> Result<()> {
        let state = ledger::state(self.conn)?.ok_or_else(no_log)?;
        self.database()?;
        self.events()?;
        self.tree(&state, places, last)?;
        self.rows(places)?;
        self.files(&*places.store)?;
        self.packets(&*places.store)
    }

    /// The database's own check of its pages and indexes, which everything below relies on.
    fn database(&mut self) -> Result<()> {
        (self.tell)("database", 0, 0)?;
        let AnyConn::Sqlite(conn) = self.conn else {
            return Ok(());
        };
        let found: Vec<String> = sql::<Text>("PRAGMA integrity_check(20)").load(conn)?;
        for what in found.into_iter().filter(|what| what != "ok") {
            self.report.fault("database", "SQLite's own check", what);
        }
        Ok(())
    }

    fn count(&mut self, query: &str) -> Result<u64> {
        let n: i64 = sql::<BigInt>(query).get_result(self.conn)?;
        Ok(u64::try_from(n).unwrap_or(0))
    }
}

fn no_log() -> Error {
    Error::internal("the database holds no log: `casetrail serve` makes one at its first start")
}
