//! The job that carries out audits, one at a time.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::model::{AuditBroken, AuditDone, JOB};
use super::store;
use crate::audit::{self, AuditReport, Places};
use crate::clock::{Micros, Timestamp};
use crate::db::canonical;
use crate::error::{Error, Kind, Result};
use crate::gate::{Gate, NewEvent, Tx};
use crate::http::App;
use crate::jobs::{self, Job, Progress, Step, Worker};
use crate::ledger::Action;
use crate::proof::id::Digest;

/// Carries out audits until `stop` becomes true or its sender is gone.
pub async fn run_worker(app: App, stop: watch::Receiver<bool>) {
    let worker = AuditWorker {
        gate: app.gate.clone(),
        places: Places {
            store: app.blobs.store(),
            keys: app.settings.keys(),
            scratch: app.settings.keys(),
            known: Vec::new(),
        },
    };
    jobs::run(app.gate.clone(), worker, &app.audits, stop).await;
}

/// Carries out audits of an installation.
#[derive(Clone)]
struct AuditWorker {
    gate: Gate,
    places: Places,
}

impl Worker for AuditWorker {
    const KIND: &'static str = JOB;
    const EVERY: Option<Micros> = None;
    type Made = AuditReport;

    fn work(&self, _job: &Job, progress: &Arc<Progress>) -> Result<AuditReport> {
        audit::run(self.gate.db(), &self.places, &mut |name, done, total| {
            progress.tell(Step { name, done, total })
        })
    }

    /// The event shows the digest of the report for ever; its record holds the report.
    fn keep(&self, tx: &mut Tx<'_>, job: &Job, made: &AuditReport) -> Result<i64> {
        if store::has(tx.conn, &job.object, Action::AuditCancelled)? {
            return Err(Error::new(Kind::Unavailable, "stopped", "it was called off"));
        }
        let report = serde_json::to_value(made)?;
        let attest = attested(made, &report)?;
        let record = serde_json::to_value(AuditDone {
            id: job.object.clone(),
            finished_at: Timestamp(tx.now),
            report,
        })?;
        let event = NewEvent::new(Action::AuditCompleted, ("audit", &job.object), 2, record);
        tx.append(event.attesting(attest))?;
        Ok(i64::try_from(made.counts.bytes).unwrap_or(i64::MAX))
    }

    /// Whoever called it off has recorded that already.
    fn fail(&self, tx: &mut Tx<'_>, job: &Job, why: &str) -> Result<()> {
        if store::has(tx.conn, &job.object, Action::AuditCancelled)? {
            return Ok(());
        }
        let record = AuditBroken {
            id: job.object.clone(),
            finished_at: Timestamp(tx.now),
            reason: why.to_owned(),
        };
        tx.record(Action::AuditFailed, ("audit", &job.object), 2, &record)
            .map(drop)
    }
}

fn attested(made: &AuditReport, report: &Value) -> Result<Map<String, Value>> {
    let all = json!({
        "report": Digest::of(canonical(report)?.as_bytes()),
        "faults": made.faults.len() as u64 + made.more_faults,
        "notices": made.notices.len() as u64 + made.more_notices,
    });
    Ok(all.as_object().cloned().unwrap_or_default())
}
