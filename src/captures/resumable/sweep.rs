//! The job that removes uploads a day after they began, used or not. A used one's bytes lie under their hash by then.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;

use super::{LIFE, store};
use crate::blobs::Blobs;
use crate::clock::{MINUTE, Micros};
use crate::error::Result;
use crate::gate::{Gate, NewEvent, Tx};
use crate::jobs::{Job, Progress, Worker};
use crate::ledger::{self, Action};

/// The name of the job, by which events name it as their actor.
const JOB: &str = "uploads";

/// Sweeps uploads, in one server at a time.
#[derive(Clone)]
pub struct SweepUploads {
    /// The doors.
    pub gate: Gate,
    /// Where their bytes lie.
    pub blobs: Blobs,
}

impl SweepUploads {
    /// Removes what is older than a day; gives how many of the uploads no capture had named.
    pub fn sweep(&self) -> Result<i64> {
        let unused = self.gate.housekeep_blocking(ledger::job(JOB), remove_rows)?;
        self.remove_bytes()?;
        Ok(unused)
    }

    /// Removes the bytes of uploads that no row names any more.
    fn remove_bytes(&self) -> Result<()> {
        // Listed first: a file whose row is made meanwhile is not among them.
        let files = self.blobs.partials()?;
        let known: HashSet<String> = self.gate.db().read_blocking(store::ids)?.into_iter().collect();
        files
            .iter()
            .filter(|id| !known.contains(*id))
            .try_for_each(|id| self.blobs.forget(id))
    }
}

fn remove_rows(tx: &mut Tx<'_>) -> Result<i64> {
    let unused = store::remove_older(tx.conn, tx.now - LIFE)?;
    if unused > 0 {
        let count = json!({"count": unused});
        tx.append(NewEvent::new(Action::UploadsSwept, ("job", JOB), 1, count))?;
    }
    Ok(unused)
}

impl Worker for SweepUploads {
    const KIND: &'static str = JOB;
    const EVERY: Option<Micros> = Some(10 * MINUTE);
    type Made = i64;

    fn work(&self, _job: &Job, _progress: &Arc<Progress>) -> Result<i64> {
        self.sweep()
    }

    fn keep(&self, _tx: &mut Tx<'_>, _job: &Job, swept: &i64) -> Result<i64> {
        Ok(*swept)
    }
}
