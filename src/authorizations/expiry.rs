//! The job that records expiries. Nothing waits for this job: whether an authorization has expired is computed when
//! needed.

use std::sync::Arc;

use super::{ops, store};
use crate::clock::{MINUTE, Micros};
use crate::error::Result;
use crate::gate::{Gate, Tx};
use crate::jobs::{Job, Progress, Worker};
use crate::ledger;

/// The name of the job, by which events name it as their actor.
const JOB: &str = "expiry";

/// Records what has expired, in one server at a time.
#[derive(Clone)]
pub struct Expiry(pub Gate);

impl Expiry {
    /// Records every expiry that is due, each in a transaction of its own. Gives how many there were.
    pub fn record_due(&self) -> Result<i64> {
        let now = self.0.now();
        let overdue = self.0.db().read_blocking(|conn| store::overdue(conn, now))?;
        let mut recorded = 0;
        for (id, case_id) in overdue {
            let expire = move |tx: &mut Tx<'_>| ops::expire(tx, &id, &case_id);
            self.0.housekeep_blocking(ledger::job(JOB), expire)?;
            recorded += 1;
        }
        Ok(recorded)
    }
}

impl Worker for Expiry {
    const KIND: &'static str = JOB;
    const EVERY: Option<Micros> = Some(MINUTE / 3);
    type Made = i64;

    fn work(&self, _job: &Job, _progress: &Arc<Progress>) -> Result<i64> {
        self.record_due()
    }

    fn keep(&self, _tx: &mut Tx<'_>, _job: &Job, recorded: &i64) -> Result<i64> {
        Ok(*recorded)
    }
}
