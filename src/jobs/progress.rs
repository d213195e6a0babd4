//! How far a job is. The thread that works on it tells, and the task that watches it writes that down and tells the thread
//! when to stop.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

use super::model::{Interrupt, Job, Step};
use super::store;
use crate::error::Result;
use crate::gate::{Gate, Tx};
use crate::ledger;

/// A job under way, shared by the thread that works on it and the task that watches it.
pub struct Progress {
    gate: Gate,
    job: Job,
    step: Mutex<Step>,
    lost: Mutex<Option<Interrupt>>,
    stop: watch::Receiver<bool>,
}

impl Progress {
    pub(super) fn new(gate: Gate, job: Job, stop: watch::Receiver<bool>) -> Self {
        Self {
            gate,
            job,
            step: Mutex::default(),
            lost: Mutex::default(),
            stop,
        }
    }

    fn step(&self) -> MutexGuard<'_, Step> {
        // A poisoned lock still holds a whole step.
        self.step.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Where the job is.
    pub(super) fn now(&self) -> Step {
        *self.step()
    }

    /// Begins a step.
    pub fn begin(&self, name: &'static str, total: u64) -> Result<()> {
        *self.step() = Step { name, done: 0, total };
        self.check()
    }

    /// Tells that so much more is done; fails when the job has to stop.
    pub fn advance(&self, by: u64) -> Result<()> {
        self.step().done += by;
        self.check()
    }

    /// Tells where the job is, for work that counts for itself; fails when the job has to stop.
    pub fn tell(&self, step: Step) -> Result<()> {
        *self.step() = step;
        self.check()
    }

    /// Fails when the job has to stop.
    pub fn check(&self) -> Result<()> {
        self.interrupt().map_or(Ok(()), |why| Err(why.error()))
    }

    /// Why the job has to stop, if it has to.
    pub(super) fn interrupt(&self) -> Option<Interrupt> {
        let stops = || self.stop.borrow().then_some(Interrupt::Stopped);
        self.lost.lock().unwrap_or_else(|e| e.into_inner()).or_else(stops)
    }

    /// Renews the lease in a transaction that keeps something of the job. Fails when the job is no longer this server's, so
    /// that nothing is kept.
    pub fn hold(&self, tx: &mut Tx<'_>) -> Result<()> {
        let Some(why) = store::renew(tx.conn, &self.job, tx.now, self.now())? else {
            return Ok(());
        };
        *self.lost.lock().unwrap_or_else(|e| e.into_inner()) = Some(why);
        Err(why.error())
    }

    /// Renews the lease now, from a thread that may block.
    pub fn renew(self: &Arc<Self>) -> Result<()> {
        let own = self.clone();
        self.gate
            .housekeep_blocking(ledger::job(self.job.kind), move |tx| own.hold(tx))
    }
}
