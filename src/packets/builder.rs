//! The builder: works on the jobs of packets, one at a time in this server.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::watch;

use super::model::JOB;
use super::{build, store};
use crate::blobs::Key;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Tx};
use crate::http::App;
use crate::jobs::{self, Job, Progress, Worker};
use crate::ledger::{self, Action};
use crate::proof::id::Digest;

/// Builds packets until `stop` becomes true or its sender is gone.
pub async fn run_builder(app: App, stop: watch::Receiver<bool>) {
    jobs::run(app.gate.clone(), Builder(app.clone()), &app.builder, stop).await;
}

/// Calls the build of a packet off: it ends as failed. `false` when it has ended already.
pub fn cancel(conn: &mut AnyConn, id: &str) -> Result<bool> {
    jobs::cancel(conn, JOB, id)
}

#[derive(Clone)]
struct Builder(App);

impl Worker for Builder {
    const KIND: &'static str = JOB;
    const EVERY: Option<Micros> = None;
    /// Bytes of the packet's file, and their SHA-256.
    type Made = (i64, Digest);

    fn begin(&self, tx: &mut Tx<'_>, job: &Job) -> Result<()> {
        store::start(tx.conn, &job.object, tx.now)
    }

    fn work(&self, job: &Job, progress: &Arc<Progress>) -> Result<Self::Made> {
        let packet = self
            .0
            .gate
            .db()
            .read_blocking(|conn| store::packet(conn, &job.object))?;
        let written = build::build(&self.0, &packet, progress)?;
        let made = (i64::try_from(written.size).map_err(Error::internal)?, written.sha256);
        // With a fresh lease nobody else puts another build of this packet in its place.
        progress.renew()?;
        self.0.blobs.put(&Key::Packet(packet.id), written.file)?;
        Ok(made)
    }

    fn keep(&self, tx: &mut Tx<'_>, job: &Job, (size, sha256): &Self::Made) -> Result<i64> {
        store::ready(tx.conn, &job.object, tx.now, *size, sha256)?;
        Ok(*size)
    }

    /// That a packet failed is an event of its case.
    fn fail(&self, tx: &mut Tx<'_>, job: &Job, why: &str) -> Result<()> {
        let case = store::packet(tx.conn, &job.object)?.case_id;
        tx.lock(&ledger::case_stream(&case))?;
        store::failed(tx.conn, &job.object, tx.now)?;
        let content = json!({"packet_id": job.object, "reason": why});
        let event = NewEvent::new(Action::PacketFailed, ("packet", &job.object), 1, content);
        tx.append(event.in_case(&case)).map(drop)
    }

    fn clear(&self, job: &Job) -> Result<()> {
        Ok(self.0.blobs.remove(&Key::Packet(job.object.clone()))?)
    }
}
