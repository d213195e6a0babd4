//! What the server does by itself: builds packets, makes pictures, examines files, carries out audits, records expiries, keeps what find looks up,
//! forgets old retry keys.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use tokio::sync::{Notify, watch};

use crate::audits;
use crate::authorizations::Expiry;
use crate::captures::SweepUploads;
use crate::clock::{DAY, MINUTE, Micros};
use crate::db::tables::idempotency;
use crate::error::Result;
use crate::find;
use crate::gate::{Gate, Tx};
use crate::http::{App, drafts};
use crate::jobs::{self, Job, Progress, Worker};
use crate::{captures, packets};

/// How often it is looked for refusals that were only counted.
const LOOK: Duration = Duration::from_secs(20);

/// Runs all jobs until `stop` becomes true or its sender is gone.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    // Nobody adds a job of these kinds: they come again by themselves.
    let never = Notify::new();
    let (gate, expiry) = (app.gate.clone(), Expiry(app.gate.clone()));
    let sweep = SweepUploads {
        gate: app.gate.clone(),
        blobs: app.blobs.clone(),
    };
    tokio::join!(
        packets::run_builder(app.clone(), stop.clone()),
        packets::look_at_templates(app.clone()),
        audits::run_worker(app.clone(), stop.clone()),
        captures::run_pictures(app.clone(), stop.clone()),
        captures::run_examinations(app.clone(), stop.clone()),
        jobs::run(gate.clone(), expiry, &never, stop.clone()),
        find::follow(gate.clone(), stop.clone()),
        record_left_refusals(gate.clone(), stop.clone()),
        jobs::run(gate.clone(), sweep, &never, stop.clone()),
        jobs::run(gate, ForgetRetries, &never, stop),
    );
}

/// Refusals lie in the memory of each server, so this is no job that one of them takes.
async fn record_left_refusals(gate: Gate, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => gate.record_left_refusals(gate.now()).await,
            changed = stop.changed() => if changed.is_err() { return },
        }
    }
}

/// Forgets the keys by which clients repeat a request harmlessly, two days after they were used, and drafts that nobody
/// has changed for thirty.
#[derive(Clone)]
struct ForgetRetries;

impl Worker for ForgetRetries {
    const KIND: &'static str = "retries";
    const EVERY: Option<Micros> = Some(10 * MINUTE);
    type Made = ();

    fn work(&self, _job: &Job, _progress: &Arc<Progress>) -> Result<()> {
        Ok(())
    }

    fn keep(&self, tx: &mut Tx<'_>, _job: &Job, (): &()) -> Result<i64> {
        drafts::forget_old(tx.conn, tx.now)?;
        let old = idempotency::table.filter(idempotency::created_at.lt(tx.now - 2 * DAY));
        Ok(i64::try_from(diesel::delete(old).execute(tx.conn)?).unwrap_or(i64::MAX))
    }
}
